import ArgumentParser
import CKernels
import DLC

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `dlc bench`: how long loading and running take.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure loading, running and memory of a model.",
        discussion: """
            A model that is not compiled yet is compiled by another process into a temporary file, so that times and peak memory \
            are those of an app that carries the compiled file. Inputs are random, the same every time.

            Printed are load_ms (mapping the file and preparing its steps), first_ms (the first run), median_ms and min_ms of the \
            runs after it, and peak_rss_mb (the most memory the process had, in units of 1024 × 1024 bytes).

            EXAMPLES
              dlc bench resnet50.onnx --threads 1 --seconds 2 --json
              dlc bench resnet50.dlc --profile
              dlc bench resnet50.dlc --trace resnet50.json     (open in https://ui.perfetto.dev)
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var shapes: ShapeOptions
    @OptionGroup var flags: CompileFlags

    @Option(help: "How long to measure; at least five runs are made.")
    var seconds = 2.0

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print the time of each step.")
    var profile = false

    @Option(help: ArgumentHelp("Write the steps of one run as a trace for Perfetto or chrome://tracing.", valueName: "file"))
    var trace: String?

    func validate() throws {
        guard seconds.isFinite, seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds expects 0 to 3600") }
        if json && profile { throw ValidationError("--json and --profile exclude each other") }
    }

    func run() throws {
        let shapes = try self.shapes.byName()
        try flags.check([model.model])
        var folder: String?
        defer { if let folder { Staging.remove(folder) } }
        var path = model.model
        if !ModelFile.isPlan(path) {
            let scratch = try Staging.scratchFolder()
            folder = scratch
            path = "\(scratch)/model.dlc"
            try Progress.during("compiling \(model.model)") { try ChildProcess.run(["build", model.model, "-o", path] + flags.arguments) }
        }
        try located(model.model) { try measure(path, shapes) }
    }

    private func measure(_ path: String, _ shapes: [String: [Int]]) throws {
        let start = dlc_nanoseconds()
        let compiled = try CompiledModel(contentsOf: path)
        let session = try Session(compiled, threads: threads.threads)
        let loaded = dlc_nanoseconds()
        let inputs = try RandomInputs(compiled.inputs, shapes: shapes)
        for (index, tensor) in try inputs.tensors().enumerated() { try session.setInput(index, tensor) }
        let began = dlc_nanoseconds()
        try session.run()
        let first = dlc_nanoseconds() - began

        let samples = try Self.samples(of: session, seconds: seconds)
        let figures = Figures(
            load: loaded - start, first: first, median: samples[samples.count / 2], least: samples[0], runs: samples.count,
            threads: session.threads, peakBytes: dlc_peak_resident_bytes(), fileBytes: compiled.byteCount,
            arenaBytes: session.arena?.peak ?? 0)
        print(json ? figures.json : figures.text)
        if profile || trace != nil {
            let profile = try StepProfile(session, seconds: seconds)
            if self.profile { print("\n" + profile.table(compiled.plan, inputs.bindings)) }
            if let trace { try Staging.file(trace) { try TextFile.write(profile.trace(compiled.plan, inputs.bindings), to: $0) } }
        }
    }

    /// Nanoseconds of runs, sorted. The loop allocates nothing.
    private static func samples(of session: Session, seconds: Double) throws -> [Int64] {
        let most = 1 << 18
        var samples: [Int64] = []
        samples.reserveCapacity(most)
        let end = dlc_nanoseconds() + Int64(seconds * 1e9)
        var start = dlc_nanoseconds()
        while samples.count < 5 || (start < end && samples.count < most) {
            try session.run()
            let now = dlc_nanoseconds()
            samples.append(now - start)
            start = now
        }
        samples.sort()
        return samples
    }
}

/// The result of a measurement; times in nanoseconds.
private struct Figures {
    var load: Int64
    var first: Int64
    var median: Int64
    var least: Int64
    var runs: Int
    var threads: Int
    var peakBytes: Int64
    var fileBytes: Int
    var arenaBytes: Int

    var json: String {
        func milliseconds(_ value: Int64) -> String { Format.fixed(Double(value) / 1e6, 4) }
        func megabytes(_ value: Int) -> String { Format.fixed(Double(value) / 1_048_576, 2) }
        let fields = [
            ("load_ms", milliseconds(load)), ("first_ms", milliseconds(first)), ("median_ms", milliseconds(median)),
            ("min_ms", milliseconds(least)), ("runs", "\(runs)"), ("threads", "\(threads)"), ("peak_rss_mb", megabytes(Int(peakBytes))),
            ("file_mb", megabytes(fileBytes)), ("arena_mb", megabytes(arenaBytes)),
        ]
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    var text: String {
        func milliseconds(_ value: Int64) -> String { Format.fixed(Double(value) / 1e6, 3) + " ms" }
        return """
            median  \(milliseconds(median)) of \(runs) runs on \(threads) thread\(threads == 1 ? "" : "s"), fastest \(milliseconds(least))
            first   \(milliseconds(first)), after loading in \(milliseconds(load))
            memory  \(Format.bytes(Int(peakBytes))) at most, of which file \(Format.bytes(fileBytes)), arena \(Format.bytes(arenaBytes))
            """
    }
}
