import ArgumentParser
import DLC

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Arithmetic: ExpressibleByArgument {}

/// How a model is compiled, for every command that compiles one.
struct CompileFlags: ParsableArguments {
    @Option(help: "The processor family to compile for.")
    var target = TargetName.native

    @Flag(help: "Only kernels that sum products as the operators are defined: no Winograd, no Strassen.")
    var exact = false

    @Flag(help: "Measure kernels on this machine, instead of estimating, where there is a choice; times are remembered.")
    var tune = false

    @Option(help: ArgumentHelp("The file of measured times; in the user's cache folder where left out.", valueName: "file"))
    var tuneCache: String?

    @Option(
        name: .customLong("likely"),
        help: ArgumentHelp(
            "The extent that a symbol will often have, to choose kernels by; every other one stays right. Repeatable.",
            valueName: "symbol=8"))
    var likely: [NamedExtent] = []

    @Option(
        help: ArgumentHelp(
            "What a training may take, such as 512M: values are computed again instead of kept until it fits, with the same bits.",
            valueName: "bytes"))
    var memory: ByteCount?

    @Option(
        help: ArgumentHelp(
            "Keep the constant matrices of products in fewer bits: f16, bf16, int8 or int4; they are read back while they are multiplied.",
            valueName: "form"))
    var compact: CompactWeights.Form?

    @Option(
        help: ArgumentHelp(
            """
            What products with constant weights may multiply: f32; bf16, to 8 bits of whose mantissa both factors are rounded where \
            faster; bf16x2, sums of two such, 17 bits, where the processor has AMX.
            """,
            valueName: "type"))
    var arithmetic = Arithmetic.float32

    func validate() throws {
        if exact, arithmetic != .float32 {
            throw ValidationError("--exact keeps what --arithmetic \(arithmetic.rawValue) rounds; give one of them")
        }
        if tuneCache != nil, !tune { throw ValidationError("--tune-cache is for --tune") }
    }

    /// - Parameters:
    ///   - training: whether a training is compiled.
    ///   - threads: of the sessions that a budget of memory is for; as many as there are processors where nil.
    ///   - report: gets what `--compact` loses.
    ///   - probing: whether kernels are measured on this processor where that has not been done yet.
    /// - Throws: where times shall be measured and their file is damaged or cannot be written; where a budget is given to
    ///   something else than a training.
    func options(
        training: Bool = false, threads: Int? = nil, report: CompactReport? = nil, probing: Bool = false
    ) throws -> CompileOptions {
        if compact != nil, training { throw DLCError("--compact is for networks whose weights are constant; a training moves them") }
        if arithmetic != .float32, training {
            throw DLCError("--arithmetic is for networks whose weights are constant; a training moves them")
        }
        if memory != nil, !training { throw DLCError("--memory is for trainings: name one with --training") }
        var options = CompileOptions(target: target == .native ? nil : target.target)
        options.exact = exact
        options.arithmetic = arithmetic
        options.passes.declined = { Console.warn("\($0); left as it is") }
        options.memory = memory.map { MemoryBudget(bytes: $0.bytes, threads: threads) }
        options.weights = compact.map { form in CompactWeights(form) { report?.add($0, $1, signal: $2, noise: $3) } }
        options.likely = try NamedExtent.table(likely, option: "--likely")
        if tune {
            options.tuning = Tuning(cache: try TuneCache(path: try tuneCache ?? Self.cacheFile("tune.txt")), observe: Self.report)
        } else if target == .native, !exact {
            options.probes = try Self.probes(measuring: probing)
        }
        return options
    }

    /// What families of kernels take on this processor beside their estimates, as the user's cache folder keeps it.
    /// - Parameter measuring: whether it is measured and kept where that has not been done yet.
    /// - Throws: where the file is damaged.
    private static func probes(measuring: Bool) throws -> KernelProbes? {
        guard let path = try? cacheFile(probesName) else { return nil }
        if access(path, F_OK) == 0, let known = try KernelProbes(path: path, .native) { return known }
        // Where nothing can be kept, all builds go by the estimates.
        guard measuring, (try? TuneCache(path: path)) != nil else { return nil }
        let probes = try Progress.during("measuring kernels on this processor") { try KernelProbes(measuring: .native, stopping: true) }
        // A busy machine's times are nobody's; a later build measures.
        guard probes.isUndisturbed else { return nil }
        try probes.keep(path: path, .native)
        return probes
    }

    /// The same flags on the command line of another `dlc`.
    var arguments: [String] {
        var arguments = ["--target", target.rawValue]
        if exact { arguments.append("--exact") }
        if tune { arguments.append("--tune") }
        if let tuneCache { arguments += ["--tune-cache", tuneCache] }
        for extent in likely { arguments += ["--likely", extent.description] }
        if let memory { arguments += ["--memory", "\(memory.bytes)"] }
        if let compact { arguments += ["--compact", compact.rawValue] }
        if arithmetic != .float32 { arguments += ["--arithmetic", arithmetic.rawValue] }
        return arguments
    }

    /// - Throws: where flags are given that no model of these is compiled with, since all of them are compiled files.
    func check(_ models: [String]) throws {
        guard models.allSatisfy(ModelFile.isPlan) else { return }
        let flags = [
            (target != .native, "--target"), (exact, "--exact"), (tune, "--tune"), (!likely.isEmpty, "--likely"),
            (memory != nil, "--memory"), (compact != nil, "--compact"), (arithmetic != .float32, "--arithmetic"),
        ]
        if let given = flags.first(where: \.0) {
            throw DLCError("is compiled already; \(given.1) is for dlc build", at: models.prefix(1).map { $0 })
        }
    }

    static let probesName = "probes.txt"

    /// A file in the user's cache folder.
    static func cacheFile(_ name: String) throws -> String {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if let folder = variable("XDG_CACHE_HOME") { return "\(folder)/dlc/\(name)" }
        guard let home = variable("HOME") else { throw DLCError("there is no HOME for measured times; name a file with --tune-cache") }
        return "\(home)/.cache/dlc/\(name)"
    }

    /// A terminal sees each layer; elsewhere one line says that it will take a while.
    private static func report(_ progress: Tuning.Progress) {
        if Console.hasTerminal {
            Progress.say("measuring \(progress.name.printable(most: 60)), \(progress.layer) of \(progress.layers)")
        } else if progress.layer == 1 {
            Console.put("measuring \(progress.layers) layers\n")
        }
    }
}
