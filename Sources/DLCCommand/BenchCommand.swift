import ArgumentParser
import DLC
import Foundation

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures a model on random inputs.",
        discussion: "For a .dlc plan, load is mapping it; for a model that is yet to be compiled, compiling it too.")

    @Argument(help: "The model: .dlc, .onnx or .dlir.")
    var model: String

    @OptionGroup var threadOptions: ThreadOptions

    @Option(name: .long, help: "How long to measure.")
    var seconds: Double = 2

    @Option(name: .long, help: ArgumentHelp("The extent of a symbolic dimension; 1 without it.", valueName: "NAME=EXTENT"))
    var dim: [String] = []

    @Flag(name: .long, help: "Print one JSON object with load_ms, first_ms, median_ms, min_ms and peak_rss_mb.")
    var json = false

    @Flag(name: .long, help: "Also print where the time goes, step by step.")
    var profile = false

    func validate() throws {
        guard seconds.isFinite, seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds expects 0 to 3600") }
        if json && profile { throw ValidationError("--json and --profile exclude each other") }
    }

    func run() throws {
        let clock = ContinuousClock()
        var start = clock.now
        let compiled = try ModelFile.compiled(model)
        let session = try Session(compiled, threads: threadOptions.threads)
        let load = start.duration(to: clock.now).milliseconds

        let inputs = try RandomInputs.tensors(for: compiled.inputs, binding: SymbolBindings(dim, for: compiled).values)
        for (index, port) in compiled.inputs.enumerated() {
            if let tensor = inputs[port.name] { try session.setInput(index, tensor) }
        }
        start = clock.now
        try located(model) { try session.run() }
        let first = start.duration(to: clock.now).milliseconds

        var times: [Double] = []
        let end = clock.now + .seconds(seconds)
        while times.count < 5 || clock.now < end {
            start = clock.now
            try session.run()
            times.append(start.duration(to: clock.now).milliseconds)
        }
        times.sort()
        let median = times[times.count / 2]
        let results: [(String, Double)] = [
            ("load_ms", load), ("first_ms", first), ("median_ms", median), ("min_ms", times[0]), ("peak_rss_mb", Self.peakMegabytes),
        ]
        if json {
            print("{\(results.map { "\"\($0)\": \(String(format: "%.4f", $1))" }.joined(separator: ", "))}")
        } else {
            for (name, value) in results { print("\(name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(String(format: "%12.4f", value))") }
            print("\(times.count) runs on \(session.threads) thread\(session.threads == 1 ? "" : "s")")
        }
        if profile { try printProfile(session, runs: min(max(times.count, 3), 50)) }
    }

    /// Medians over some runs, the slowest first, with the rate of the arithmetic.
    private func printProfile(_ session: Session, runs: Int) throws {
        let steps = session.model.plan.steps
        var samples = [[Int]](repeating: [], count: steps.count)
        for _ in 0..<runs { try session.profile { samples[$0].append($1) } }
        let medians = samples.map { $0.sorted()[$0.count / 2] }
        let total = max(medians.reduce(0, +), 1)
        print("\n      ms      %  GFLOP/s  step")
        for index in steps.indices.sorted(by: { medians[$0] > medians[$1] }) {
            let rate = steps[index].operations.constant.map { String(format: "%8.1f", Double($0) / Double(max(medians[index], 1))) }
            let time = String(format: "%8.4f %6.2f", Double(medians[index]) / 1e6, 100 * Double(medians[index]) / Double(total))
            print("\(time) \(rate ?? "       -")  \(steps[index].name): \(steps[index].summary)")
        }
    }

    /// The largest resident set of the process.
    private static var peakMegabytes: Double {
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        return Double(usage.ru_maxrss) / 1_048_576
        #else
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_maxrss) / 1024
        #endif
    }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}
