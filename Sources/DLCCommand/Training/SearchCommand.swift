import ArgumentParser
import DLC
import DLCData
import DLCTensorFiles
import DLCTrain

/// `dlc search`: settings of a training that do best.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Train with many settings to find the best.",
        discussion: """
            A grid tries all combinations of its values; what is random is drawn for each trial, integers between integers, over the \
            logarithm where the upper end is ten times the lower. All trials train for a while, the better third goes on three times as \
            long, and so on up to --epochs. Each trial is a run with a folder of its own.

            EXAMPLES
              dlc search digits.dlm --grid rate=1e-2,1e-3,1e-4 --epochs 9
              dlc search digits.dlm --random rate=1e-4...1e-1 --random hidden=32...512 --trials 40
            """)

    @Argument(help: "A .dlm file with a training.")
    var file: String

    @Option(name: .customLong("grid"), help: ArgumentHelp("A setting and the values that are tried; repeatable.", valueName: "name=a,b"))
    var grid: [String] = []

    @Option(
        name: .customLong("random"), help: ArgumentHelp("A setting and where it is drawn from; repeatable.", valueName: "name=low...high"))
    var random: [String] = []

    @Option(help: "Trials; the combinations of the grid, or 10, where left out.")
    var trials: Int?

    @OptionGroup(title: "The training") var training: TrainingFlags
    @OptionGroup(title: "Data") var data: DataFlags
    @OptionGroup(title: "How long") var length: LengthFlags

    @Option(help: ArgumentHelp("The folder for the trials; runs/NAME-search where left out.", valueName: "folder"))
    var out: String?

    @Flag(help: "The result as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions
    @OptionGroup(title: "Compilation") var flags: CompileFlags

    func validate() throws {
        if grid.isEmpty, random.isEmpty {
            throw ValidationError("name settings to search: --grid rate=1e-2,1e-3 or --random rate=1e-4...1e-1")
        }
        if length.steps != nil { throw ValidationError("a search counts in --epochs") }
        if let trials, !(1...10_000).contains(trials) { throw ValidationError("--trials expects 1 to 10000, found \(trials)") }
    }

    func run() throws {
        guard ModelFile.kind(file) == "dlm" else { throw DLCError("has no training; expected a file ending in .dlm", at: [file]) }
        let folder = out ?? FilePath.free("runs/\(ModelFile.stem(file))-search")
        if FilePath.exists("\(folder)/trial-1") { throw DLCError("holds a search already; give another --out", at: [folder]) }
        var options = try length.options()
        (options.seed, options.threads) = (training.seed, threads.threads)
        options.shouldStop = Interrupt.handled()
        let model = try training.options()
        if !data.values.isEmpty { options.constants = try data.constants(of: Compiler.training(file, model)) }
        let space = try SearchSpace(grid: grid.map { try SearchSpace.Axis($0) }, random: random.map { try SearchSpace.Axis($0) })
        var search = try Search(
            file, model, compile: flags.options(training: true, threads: threads.threads), options: options, space: space, trials: trials,
            folder: folder)
        var done = 0
        var of = 0
        let ranked = try search.run({ trainer in
            try data.parts(file, wanting: trainer.wanted, seed: training.seed)
        }) { event in
            switch event {
            case .round(let epochs, let trials):
                (done, of) = (0, trials)
                if !json { print("\(trials) \(trials == 1 ? "trial" : "trials") to epoch \(epochs)") }
            case .trial(let trial):
                done += 1
                if !json { print("  \(done)/\(of)  trial \(trial.number)  \(Self.result(trial))  \(Self.settings(trial))") }
            }
            Output.flush()
        }
        report(ranked)
    }

    private static func settings(_ trial: Search.Trial) -> String {
        trial.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    private static func result(_ trial: Search.Trial) -> String {
        trial.failure != nil ? "failed" : trial.value.map { Format.short($0) } ?? "not run"
    }

    private func report(_ trials: [Search.Trial]) {
        if json {
            let rows = trials.map { trial in
                let settings = trial.settings.sorted { $0.key < $1.key }.map { "\(Format.json($0.key)): \(Format.json($0.value))" }.joined(
                    separator: ", ")
                let value = trial.value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
                return
                    "{\"trial\": \(trial.number), \"settings\": {\(settings)}, \"epochs\": \(trial.epochs), \"value\": \(value), \"failure\": \(trial.failure.map(Format.json) ?? "null"), \"folder\": \(Format.json(trial.folder))}"
            }
            return print("[\(rows.joined(separator: ", "))]")
        }
        var table = Table([("trial", .right), ("epochs", .right), ("best", .right), ("settings", .left), ("folder", .left)])
        for trial in trials { table.add(["\(trial.number)", "\(trial.epochs)", Self.result(trial), Self.settings(trial), trial.folder]) }
        print("\n\(table.text)")
        guard let best = trials.first, best.failure == nil, best.value != nil else { return }
        let words =
            ["dlc train", Words.quoted(file)] + (training.arguments + data.arguments + length.arguments).map(Words.quoted)
            + best.settings.sorted { $0.key < $1.key }.flatMap { ["--set", Words.quoted("\($0.key)=\($0.value)")] }
        print("\nthe best is in \(best.folder); to train it anew:\n  \(words.joined(separator: " "))")
    }
}

/// Words of a shell's command line.
enum Words {
    static func quoted(_ word: String) -> String {
        let plain = !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_=./:,+@%".contains($0)) }
        return plain ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
