import ArgumentParser
import DLC
import DLCData
import DLCTensorFiles

/// `dlc run`: one answer from a model.
struct RunCommand: ParsableCommand {
    enum FileFormat: String, ExpressibleByArgument, CaseIterable { case npy, pb }

    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a model on files and print or write its outputs.",
        discussion: """
            An input is a NumPy array (.npy, .npz with the inputs' names inside), an ONNX tensor (.pb), a table (.csv, .tsv), a sound \
            (.wav) or a picture (.png, .jpg), \
            which is resized and converted to what the input asks for, scaled to 0…1 or as the model's metadata say. A sequence is a \
            folder of arrays 0.npy, 1.npy and so on, or an ONNX sequence (.pb); an optional that is left out holds nothing. A map is \
            an object of numbers (.json) or an ONNX map (.pb).

            A model that keeps state takes one step of a sequence a run, beginning with its initial states: a file with one dimension \
            more than its input has is a sequence of runs, whose outputs get a first dimension too.

            An output that bears the name of a field that a training has normalised is answered in that field's own units.

            Without --output-dir the answer is printed: the best classes of a classifier, else the outputs' first values; of a \
            sequence those of the last run.

            EXAMPLES
              dlc run Models/digits.onnx --input Models/digits/seven.png
              dlc run bert.onnx --input input_ids=ids.npy --input attention_mask=mask.npy --output-dir answer
              dlc run titanic.onnx --input age=age.npy --text sex=female --text embarked=S
              dlc run gpt2.dlc --random --shape input_ids=1x64
              dlc run learn.dlc --input image=images.npy --input label=labels.npy --save-states learned.safetensors
              dlc run learn.dlc --program evaluation --states learned.safetensors --input image=test.npy --input label=truth.npy
            """)

    @OptionGroup var model: ModelArgument

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp("An input and its file; the name may be left out where the model has one input.", valueName: "[name=]file"))
    var inputs: [String] = []

    @Option(help: ArgumentHelp("A string of an input that takes strings; give it once for each element.", valueName: "[name=]text"))
    var text: [String] = []

    @Flag(help: "Fill inputs that are not given with random values, the same every time.")
    var random = false

    @OptionGroup var shapes: ShapeOptions

    @Option(help: "A folder for the outputs, one file each, named after the output with slashes turned into underscores.")
    var outputDir: String?

    @Option(help: "The kind of the files in the folder.")
    var outputFormat = FileFormat.npy

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    @Option(help: ArgumentHelp("A further program of the file, such as a training's `evaluation`.", valueName: "name"))
    var program: String?

    @Option(help: ArgumentHelp("Begin with the states of a .safetensors file, by name.", valueName: "file"))
    var states: String?

    @Option(help: ArgumentHelp("Write the states that the last run has left, to a .safetensors file.", valueName: "file"))
    var saveStates: String?

    @Option(help: ArgumentHelp("The most times that a loop may go round whose end the data decide.", valueName: "number"))
    var rounds: Int?

    @Option(help: ArgumentHelp("The most tensors that a sequence may hold whose length the data decide.", valueName: "number"))
    var sequenceLimit: Int?

    @Option(help: "How many of the best classes are printed.")
    var top: Int?

    func validate() throws {
        if let rounds, rounds < 0 { throw ValidationError("--rounds expects 0 or more, found \(rounds)") }
        if let sequenceLimit, sequenceLimit < 0 { throw ValidationError("--sequence-limit expects 0 or more, found \(sequenceLimit)") }
        if let top, top < 1 { throw ValidationError("--top expects at least 1, found \(top)") }
        if !shapes.isEmpty, !random { throw ValidationError("--shape and --dim are for --random; files have shapes of their own") }
    }

    func run() throws {
        let start = ContinuousClock.now
        try flags.check([model.model])
        let known = try KnownInputs(model.model, inputs, model.options(), flags, threads: threads.threads)
        let compiled = try located(model.model) { try program.map { try known.model.program($0) } ?? known.model }
        let session = try located(model.model) { try Session(compiled, threads: threads.threads) }
        if let rounds { session.iterationLimit = rounds }
        if let sequenceLimit { session.sequenceLimit = sequenceLimit }
        if let saveStates { try StateFile.check(saveStates, compiled) }
        if let states { try StateFile.load(states, into: session, all: known.model.states) }
        let loaded = ContinuousClock.now
        if compiled.holdsContainers { return try runValues(session, known.remaining, start, loaded) }
        var tensors = try InputFiles(ports: compiled.inputs, metadata: compiled.metadata).read(known.remaining)
        for (name, tensor) in try TextInputs(ports: compiled.inputs).read(text) {
            guard tensors.updateValue(tensor, forKey: name) == nil else { throw DLCError("input \(name) is given twice") }
        }
        if random {
            let generator = try RandomInputs(compiled, ChosenExtents(shapes, flags))
            for (index, port) in compiled.inputs.enumerated() where tensors[port.name] == nil {
                tensors[port.name] = try generator.tensor(port, seed: UInt64(index))
            }
        }
        try located(model.model) { try missing(compiled).check(Array(tensors.keys)) }
        let began = ContinuousClock.now
        let (sequence, outputs) = try located(model.model) {
            let sequence = try RunSequence(tensors, compiled)
            let outputs = try Progress.during("running \(model.model)") { try sequence.run(session) }
            let units = try Normalisation(
                metadata: compiled.metadata, outputs: compiled.outputs.map { ($0.name, $0.type) }, leading: sequence.count == nil ? 1 : 2)
            return (sequence, try units.undo(outputs))
        }
        let ended = ContinuousClock.now
        if let saveStates { try StateFile.save(session, to: saveStates) }
        if let outputDir {
            try write(outputs, compiled, to: outputDir)
        } else {
            for port in compiled.outputs {
                guard let all = outputs[port.name] else { continue }
                let tensor = try sequence.count.map { try all.entry($0 - 1) } ?? all
                print(try Answer(port.name, tensor, compiled.metadata, top: top).text)
            }
            let preparation = ModelFile.isPlan(model.model) ? "loaded" : "compiled"
            let runs = sequence.count.map { ", \($0) runs" } ?? ""
            print("\(preparation) in \(Format.milliseconds(start, loaded)), ran in \(Format.milliseconds(began, ended))\(runs)")
        }
    }

    func missing(_ compiled: CompiledModel) -> MissingInputs {
        MissingInputs(
            ports: compiled.inputs, metadata: compiled.metadata,
            arguments: [model.model] + model.flags.arguments + (program.map { ["--program", $0] } ?? []))
    }

    private func write(_ outputs: [String: Tensor], _ model: CompiledModel, to folder: String) throws {
        var files: [String: String] = [:]
        for name in model.outputs.map(\.name) {
            let file = String(name.map { $0 == "/" ? "_" : $0 }) + "." + outputFormat.rawValue
            if let other = files.updateValue(name, forKey: file) {
                throw DLCError("outputs \(other) and \(name) would both be written to \(file)")
            }
        }
        try Staging.folder(folder) { temporary in
            for (file, name) in files.sorted(by: { $0.key < $1.key }) {
                guard let tensor = outputs[name] else { throw DLCError("output \(name) was not computed") }
                switch outputFormat {
                case .npy: try NPY.write(tensor, to: "\(temporary)/\(file)")
                case .pb: try Self.writeProto(tensor, name, model.metadata, to: "\(temporary)/\(file)")
                }
            }
        }
    }

    /// A tensor, or the rows of a table as maps where they are such.
    static func writeProto(_ tensor: Tensor, _ name: String, _ metadata: [String: String], to path: String) throws {
        guard let keys = try MapNotes.outputKeys(name, metadata), tensor.rank == 2, tensor.shape[1] == keys.count else {
            return try ONNXTensorFile.write(tensor, name: name, to: path)
        }
        try ONNXMapFile.write(tensor, keys: keys, name: name, to: path)
    }
}
