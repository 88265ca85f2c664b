import ArgumentParser
import DLC
import DLCTensorFiles
import DLCTrain

/// `dlc explain`: what of a picture speaks for a class, and what a network looks for.
struct ExplainCommand: ParsableCommand {
    enum Method: String, ExpressibleByArgument, CaseIterable { case occlusion, saliency, guided, gradcam, integrated }

    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what of a picture a network decides by, and what it looks for.",
        discussion: """
            MODEL is an .onnx, .dlm (with --weights) or .dlir file, or the folder of a run of dlc train; a compiled file has no graph any \
            more.

            METHODS
              occlusion   how far the score falls where a grey window covers a part (Zeiler and Fergus 2014)
              saliency    the gradient of the score by the pixels (Simonyan et al. 2013)
              guided      the same, with ReLUs that hand on only what is positive (Springenberg et al. 2014)
              gradcam     maps of a layer, weighted by their gradients (Selvaraju et al. 2017)
              integrated  the gradient along the way from a plain picture (Sundararajan et al. 2017)

            The score is the one before a softmax. A result named .png is a picture: blue speaks against the class and red for it, \
            or dark little and yellow much; one named .npy holds the numbers.

            EXAMPLES
              dlc explain Models/digits.onnx --input Models/digits/seven.png --method occlusion -o heat.png
              dlc explain resnet50.dlm --weights resnet50.safetensors --input cat.jpg --class 281 --method gradcam -o heat.png
              dlc explain Models/digits.onnx --maximize --class 3 -o three.png
              dlc explain alexnet.dlm --weights alexnet.safetensors --filters -o filters.png
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var network: NetworkOption

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp("The picture, and files for other inputs if there are any.", valueName: "[name=]file"))
    var inputs: [String] = []

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp(
            "The class, by its number or its name in the model's metadata; the best one where left out.", valueName: "class"))
    var className: String?

    @Option(help: "The way to explain.")
    var method: Method?

    @Option(name: .shortAndLong, help: ArgumentHelp("The result, a .png or .npy file.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The layer that gradcam weighs and --unit is in; gradcam takes the last one with maps where left out.", valueName: "name"))
    var layer: String?

    @Option(help: ArgumentHelp("The output that holds the scores.", valueName: "name"))
    var scores: String?

    @Option(help: "The side of occlusion's window in pixels; a quarter of the picture's where left out.")
    var window: Int?

    @Option(help: "Pixels from one window to the next; a quarter of the window where left out.")
    var stride: Int?

    @Option(help: "The brightness, 0 to 255, of occlusion's window (127.5 where left out) or of integrated's first picture (0).")
    var baseline: Double?

    @Option(help: "Steps of integrated (64 where left out) or of --maximize (200).")
    var steps: Int?

    @Flag(help: "Make the picture that excites a class, or a --unit of a --layer, most, by gradient ascent.")
    var maximize = false

    @Option(help: "A channel of the --layer.")
    var unit: Int?

    @Flag(help: "Draw the filters of the first convolution.")
    var filters = false

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    func validate() throws {
        guard [method != nil, maximize, filters].filter({ $0 }).count == 1 else {
            throw ValidationError("expected one of --method, --maximize and --filters")
        }
        if unit != nil, !maximize || layer == nil { throw ValidationError("--unit is a channel of a --layer, for --maximize") }
        if unit != nil, className != nil { throw ValidationError("--unit and --class exclude each other") }
        if method != nil, inputs.isEmpty { throw ValidationError("--method explains a picture; expected --input") }
        for (value, name) in [(window, "--window"), (stride, "--stride"), (steps, "--steps")] {
            if let value, value < 1 { throw ValidationError("\(name) expects at least 1, found \(value)") }
        }
        if let baseline, !(0...255).contains(baseline) { throw ValidationError("--baseline expects 0 to 255, found \(baseline)") }
    }

    func run() throws {
        guard ["png", "npy"].contains(ModelFile.kind(output)) else {
            throw DLCError("expected a name that ends in .png or .npy", at: [output])
        }
        let graph = try graph()
        if filters { return try drawFilters(graph) }
        let options = try flags.options()
        try located(model.model) {
            let picture = try ExplainedPicture(graph, inputs)
            let explainer = try Progress.during("compiling \(model.model)") {
                try Explainer(
                    graph, inputs: picture.tensors, picture: picture.port.name, output: scores, mean: picture.mean,
                    deviation: picture.deviation, options, threads: threads.threads)
            }
            let labels = Answer.labels(graph.metadata["labels"] ?? graph.metadata["data.classes"])
            let index = try className.map { try Self.index($0, labels, explainer.classes) } ?? explainer.bestClass
            let name = labels.indices.contains(index) && labels[index] != "\(index)" ? "\(index) (\(labels[index]))" : "\(index)"
            if maximize { return try draw(explainer, index, name) }
            print("class \(name)\(className == nil ? ", the best one" : ""): score \(Format.short(try explainer.score(ofClass: index)))")
            try Progress.during("explaining") { try explain(explainer, index, picture) }
        }
        print(output)
    }

    private func graph() throws -> Graph {
        if FilePath.isFolder(model.model) { return try ModelFile.network(of: RunFolder(model.model)) }
        var options = try model.options()
        options.program = network.program
        return try ModelFile.graph(model.model, options)
    }

    private func explain(_ explainer: Explainer, _ index: Int, _ picture: ExplainedPicture) throws {
        let planes = explainer.planes
        let original = try planes.raster(picture.tensor.doubles())
        func overlay(_ tensor: Tensor, isSigned: Bool) throws -> Raster {
            try HeatMap(tensor, isSigned: isSigned).overlay(on: original.enlarged(enlargement(original)))
        }
        func map(_ values: [Double], isSigned: Bool) throws -> Raster {
            let map = try HeatMap(Tensor(values, shape: [planes.height, planes.width]), isSigned: isSigned).raster()
            return try map.enlarged(enlargement(map))
        }
        switch method {
        case .occlusion:
            let side = window ?? max(1, min(planes.height, planes.width) / 4)
            let tensor = try explainer.occlusion(
                ofClass: index, window: side, stride: stride ?? max(1, side / 4), level: (baseline ?? 127.5) / 255
            ) { Progress.say("explaining, window \($0) of \($1)") }
            try write(tensor) { try overlay(tensor, isSigned: true) }
        case .saliency:
            let tensor = try explainer.saliency(ofClass: index)
            try write(tensor) { try map(planes.combined(tensor.doubles()) { $0.reduce(0) { max($0, abs($1)) } }, isSigned: false) }
        case .guided:
            let tensor = try explainer.guided(ofClass: index)
            try write(tensor) {
                let raster = try planes.signedRaster(tensor.doubles())
                return try raster.enlarged(enlargement(raster))
            }
        case .gradcam:
            let tensor = try explainer.gradCAM(ofClass: index, layer: layer)
            try write(tensor) { try overlay(tensor, isSigned: false) }
        case .integrated:
            let level = (baseline ?? 0) / 255
            let tensor = try explainer.integrated(ofClass: index, baseline: level, steps: steps ?? 64)
            let sum = try tensor.doubles().reduce(0, +)
            let difference = try explainer.difference(ofClass: index, fromBaseline: level)
            print("the pixels add \(Format.short(sum)); the score rises by \(Format.short(difference)) from the plain picture")
            try write(tensor) { try map(planes.combined(tensor.doubles()) { $0.reduce(0, +) }, isSigned: true) }
        case nil: return
        }
    }

    private func draw(_ explainer: Explainer, _ index: Int, _ name: String) throws {
        var ascent = ActivationMaximisation()
        if let steps { ascent.steps = steps }
        let goal: ActivationMaximisation.Goal
        if let unit, let layer { goal = .unit(layer: layer, channel: unit) } else { goal = .ofClass(index) }
        let (picture, value) = try Progress.during("maximizing") {
            try ascent.run(explainer, goal) { Progress.say("maximizing, step \($0) of \(ascent.steps), excitation \(Format.short($1))") }
        }
        let what = unit.map { "channel \($0) of \(layer ?? "")" } ?? "class \(name)"
        print("\(what): excited to \(Format.short(value)) after \(ascent.steps) steps")
        try write(picture) {
            let raster = try explainer.planes.raster(picture.doubles())
            return try raster.enlarged(enlargement(raster))
        }
    }

    private func drawFilters(_ graph: Graph) throws {
        let (name, weights) = try located(model.model) { try Explainer.firstFilters(graph) }
        let side = max(1, min(weights.shape[2], weights.shape[3]))
        try write(weights) { try PictureGrid(range: .each, gap: 2, scale: max(1, 48 / side)).raster(weights) }
        print("\(weights.shape[0]) filters of \(name), \(weights.shape[1]) × \(weights.shape[2]) × \(weights.shape[3])\n\(output)")
    }

    private func write(_ tensor: Tensor, _ raster: () throws -> Raster) throws {
        if ModelFile.kind(output) == "npy" {
            try Staging.file(output) { try NPY.write(tensor, to: $0) }
        } else {
            let bytes = try raster().png()
            try Staging.file(output) { try FileBytes.write(bytes, to: $0) }
        }
    }

    /// How many times as large a picture is drawn, so that it is seen.
    private func enlargement(_ picture: Raster) -> Int { max(1, 256 / min(picture.height, picture.width)) }

    private static func index(_ name: String, _ labels: [String], _ classes: Int) throws -> Int {
        if let index = labels.firstIndex(of: name) { return index }
        guard let index = Int(name), (0..<classes).contains(index) else {
            let known = labels.isEmpty ? "" : ": \(labels.prefix(20).joined(separator: ", "))\(labels.count > 20 ? ", …" : "")"
            throw DLCError("there is no class \(name); the scores have \(classes)\(known)")
        }
        return index
    }
}

/// The picture among a model's inputs, read from its file, and what its numbers mean.
struct ExplainedPicture {
    let port: Plan.Port
    let tensors: [String: Tensor]
    let tensor: Tensor
    let mean: [Double]
    let deviation: [Double]

    /// - Parameter arguments: of `--input`; without any the picture is empty, of the input's own extents.
    /// - Throws: where a file cannot be read, or no input takes a picture.
    init(_ graph: Graph, _ arguments: [String]) throws {
        let ports = graph.inputs.enumerated().map { index, port in
            Plan.Port(name: port.name, type: graph.type(port.value).element, shape: graph.shape(port.value), location: .input(index))
        }
        func form(_ port: Plan.Port) -> ImageInput? { port.type.isFloat ? try? ImageInput(port, graph.metadata) : nil }
        var tensors = try InputFiles(ports: ports, metadata: graph.metadata).read(arguments)
        let pictures = ports.filter { form($0) != nil }
        guard pictures.count == 1, let port = pictures.first, let image = form(port) else {
            let found = pictures.isEmpty ? "no input takes a picture" : "\(pictures.count) inputs take pictures"
            throw DLCError("\(found), where one is explained; the model has \(Describe.ports(ports))")
        }
        self.port = port
        (mean, deviation) = (image.mean.map(Double.init), image.deviation.map(Double.init))
        if arguments.isEmpty { tensors[port.name] = try image.blank() }
        for port in ports where tensors[port.name] == nil {
            throw DLCError("input \(Describe.port(port)) is missing; give it with --input")
        }
        self.tensors = tensors
        guard let tensor = tensors[port.name] else { throw DLCError("input \(port.name) is missing") }
        self.tensor = tensor
    }
}
