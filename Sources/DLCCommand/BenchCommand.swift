import ArgumentParser
import CKernels
import DLC
import DLCTensorFiles

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

            A profile runs step by step and measures the machine beside it: multiply-adds in registers, and reading and copying \
            from second-level cache to main memory. A step's roofline share is the least time that its arithmetic or its bytes \
            could take at these rates over the time it takes; with --json the object also has steps, kernels and machine. Where \
            data decide what runs, the steps of all programs are listed, each with how often it went.

            EXAMPLES
              dlc bench resnet50.onnx --threads 1 --seconds 2 --json
              dlc bench resnet50.dlc --profile --sort time
              dlc bench bert.dlc --dim batch=1 --dim sequence=128
              dlc bench resnet50.dlc --trace resnet50.json     (open in https://ui.perfetto.dev)
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var settling: SettlingOptions
    @OptionGroup var flags: CompileFlags

    @Option(help: "How long to measure; at least five runs are made.")
    var seconds = 2.0

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print time, speed and share of what the machine can do at best of each step and each kernel.")
    var profile = false

    @Option(help: ArgumentHelp("The order of a profile's steps: execution or time.", valueName: "order"))
    var sort: StepOrder?

    @Option(help: ArgumentHelp("Write the steps of one run as a trace for Perfetto or chrome://tracing.", valueName: "file"))
    var trace: String?

    func validate() throws {
        guard seconds.isFinite, seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds expects 0 to 3600") }
        if sort != nil && (!profile || json) { throw ValidationError("--sort is for the table of --profile") }
    }

    func run() throws {
        try flags.check([model.model])
        var folder: String?
        defer { if let folder { Staging.remove(folder) } }
        var path = model.model
        let isCompiled = ModelFile.isPlan(path)
        if isCompiled {
            try model.options().check(path)
            try settling.checkCompiled(path)
        } else {
            let scratch = try Staging.scratchFolder()
            folder = scratch
            path = "\(scratch)/model.dlc"
            try Progress.during("compiling \(model.model)") {
                let threads = flags.memory == nil ? [] : self.threads.threads.map { ["--threads", "\($0)"] } ?? []
                try ChildProcess.run(["build", model.model, "-o", path] + model.flags.arguments + settling.arguments + flags.arguments + threads)
            }
        }
        try located(model.model) { try measure(path, try ChosenExtents(settling.shapes, flags, isSettled: !isCompiled)) }
    }

    private func measure(_ path: String, _ extents: ChosenExtents) throws {
        let start = dlc_nanoseconds()
        let compiled = try CompiledModel(contentsOf: path)
        let session = try Session(compiled, threads: threads.threads)
        let loaded = dlc_nanoseconds()
        let inputs = try RandomInputs(compiled, extents)
        for (index, tensor) in try inputs.tensors().enumerated() { try session.setInput(index, tensor) }
        let began = dlc_nanoseconds()
        try session.run()
        let first = dlc_nanoseconds() - began

        let samples = try Self.samples(of: session, seconds: seconds)
        let figures = BenchFigures(
            load: loaded - start, first: first, median: samples[samples.count / 2], least: samples[0], runs: samples.count,
            threads: session.threads, peakBytes: dlc_peak_resident_bytes(), fileBytes: compiled.byteCount,
            arenaBytes: session.arenaBytes)
        var profile: StepProfile?
        if self.profile || trace != nil {
            profile = try StepProfile(session, inputs.bindings, seconds: seconds)
        }
        if json {
            print(JSONText.object(figures.fields + (self.profile ? profile?.fields ?? [] : [])))
        } else {
            print(figures.text)
            if self.profile, let profile { print("\n" + profile.table(sort ?? .execution)) }
        }
        if let trace, let profile { try Staging.file(trace) { try TextFile.write(profile.trace(model.model), to: $0) } }
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

extension StepOrder: ExpressibleByArgument {}
