import ArgumentParser
import DLC
import Foundation

/// Random graphs through the compiler, held to the oracle. `Tools/fuzz` calls it.
@main
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz", abstract: "Runs random graphs compiled and by the operators' definitions, and reports where they differ.",
        discussion: notCompared,
        subcommands: [Run.self, Work.self, Show.self, Replay.self, Count.self, Isolate.self], defaultSubcommand: Run.self)

    private static let notCompared = """
        Floats are right within 1e-3 of their size (f64 1e-9, f16 5e-3, bf16 4e-2), integers and bools exactly. Not compared are:
        - elements that change where results that round are moved by a few units in the last place, and what follows from them;
        - the sign of a zero, and of NaN;
        - infinities and NaN beside finite numbers, where inputs or constants exceed 1e6 (f16: 100), since sums may overflow;
        - images whose elements are not finite behind convolutions that may sum in another way than is defined (cases with exact
          sums compare them), channels whose weights are not finite, and recurrent layers whose weights are not;
        - below 1e-2, what follows from gradients of recurrent layers;
        - graphs with an operator or a type that has no kernel, or with extents that no input determines;
        - bodies of control flow that read numbers of elements where an open extent of another size is given, and in ONNX the extents
          of rows of a loop without rounds and what follows from them;
        - what follows from squares of finite numbers that are infinite, which are summed in f64 where a norm is recognised in them;
        - the sign of what an exponential leaves below 2e-36, or gelu below 1e-14, where it vanishes;
        - the ONNX form of what ONNX cannot say, sizes of kernels that are numbers only by what a graph requires of extents, and
          where values exceed 1e15 (f16: 100), whose squares overflow.
        """

    struct Common: ParsableArguments {
        @Option(help: "Folders with graphs, .dlir, that passes have rules for; of a golden file the part before '//---'.")
        var patterns: [String] = []

        func load() throws -> [Sketch] {
            try patterns.flatMap { folder in
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".dlir") }.sorted().map { name in
                    let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
                    let graph = text.range(of: "//--- ").map { String(text[..<$0.lowerBound]) } ?? text
                    return try located(name) { Sketch(try GraphParser.parse(graph, definitions: AllOps.definitions)) }
                }
            }
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fuzzes for a time, in processes that may crash.")
        @OptionGroup var common: Common
        @Option(help: "How long.") var minutes = 1.0
        @Option(help: "How many graphs, instead of a time.") var graphs: Int?
        @Option(help: "The first seed; the same seeds give the same graphs.") var seed: UInt64?
        @Option(help: "Processes at a time.") var jobs = 2
        @Option(help: "Where failing graphs are written.") var output = ".build/fuzz"

        func run() throws {
            let first = seed ?? UInt64(Date().timeIntervalSince1970)
            let driver = Driver(
                patterns: common.patterns, folder: output, jobs: jobs, first: first, seconds: graphs == nil ? minutes * 60 : nil,
                count: graphs)
            if try driver.run() > 0 { throw ExitCode.failure }
        }
    }

    struct Work: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fuzzes some seeds in this process.", shouldDisplay: false)
        @OptionGroup var common: Common
        @Option var first: UInt64
        @Option var count: Int
        @Option var output: String

        func run() throws { try Worker(patterns: common.load(), folder: output).run(first, count) }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the case of a seed.")
        @OptionGroup var common: Common
        @Argument var seed: UInt64

        func run() throws {
            var generator = Generator(seed: seed, patterns: try common.load())
            print(try generator.next()?.text() ?? "// no case")
        }
    }

    struct Count: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints how many cases of some seeds have each operator and kernel.")
        @OptionGroup var common: Common
        @Option(help: "The first seed.") var seed: UInt64 = 1
        @Option(help: "How many seeds.") var graphs = 1000

        func run() throws {
            let patterns = try common.load()
            var census = Census()
            for seed in seed..<seed &+ UInt64(graphs) {
                var generator = Generator(seed: seed, patterns: patterns)
                if let test = generator.next() { try census.add(test) }
            }
            print(census.text)
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Runs a case as it was written; prints what fails.")
        @Argument var file: String

        func run() throws {
            let test = try FuzzCase(text: String(contentsOfFile: file, encoding: .utf8))
            Worker.limit()
            if let failure = try Check.failure(test) {
                print("\(failure.kind.rawValue): \(failure.culprit): \(failure.message)")
                throw ExitCode.failure
            }
            print("all holds")
        }
    }

    struct Isolate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reduces a case that crashes, each try in a process.", shouldDisplay: false)
        @Argument var file: String

        func run() throws {
            let test = try FuzzCase(text: String(contentsOfFile: file, encoding: .utf8))
            var reducer = Reducer(test, seconds: 60) { candidate in
                let path = file + ".try"
                guard let text = try? candidate.text(), (try? text.write(toFile: path, atomically: false, encoding: .utf8)) != nil else {
                    return false
                }
                defer { try? FileManager.default.removeItem(atPath: path) }
                return Driver.child(["replay", path], traces: false).crashed
            }
            reducer.reduce()
            try reducer.test.text().write(toFile: file, atomically: true, encoding: .utf8)
        }
    }
}
