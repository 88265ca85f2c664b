import ArgumentParser
import CKernels
import DLC

/// `dlc machine`: what kernels are chosen by, and what this machine does at best.
struct MachineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "Tell what is known of this processor, and measure what it can do at best.",
        discussion: """
            The first lines are what the estimates of kernels read: of this processor for --target native, of one as it usually is for a \
            family that is named. The table is measured in about a tenth of a second for each number of threads. --probe measures \
            for a second how far kernels are from their estimates, and keeps that in the user's cache folder, where commands that \
            compile for --target native find it. The first dlc build does so by itself; --probe does it anew, as on a quiet machine.

            EXAMPLES
              dlc machine
              dlc machine --threads 2 --json
              dlc machine --probe
            """)

    @OptionGroup var threads: ThreadOptions

    @Flag(help: "Print all as one JSON object.")
    var json = false

    @Flag(help: "Measure what families of kernels take beside their estimates, and choose by it in later builds for this processor.")
    var probe = false

    func validate() throws {
        if probe, json || threads.threads != nil { throw ValidationError("--probe is measured on one thread, and printed as a table") }
    }

    /// Estimates of this processor, corrected.
    private func measureFamilies() throws {
        let probes = try KernelProbes(measuring: .native), path = try CompileFlags.cacheFile(CompileFlags.probesName)
        try probes.keep(path: path, .native)
        var table = Table([("family", .left), ("time over estimate", .right)])
        for (algorithm, factor) in probes.factors { table.add([algorithm, Format.fixed(factor, 2)]) }
        print(table.text)
        print("beside the same of the implicit product; builds for \(Target.native.name) on this processor read it in \(path)")
    }

    func run() throws {
        if probe { return try measureFamilies() }
        var name = [CChar](repeating: 0, count: 256)
        dlc_processor_name(&name, Int64(name.count))
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let processor = dlc_processor_host(Target.native.isa)
        let targets = Target.allCases.filter(\.runsHere)
        let counts = threads.threads.map { [$0] } ?? Array(Set([1, Int(dlc_available_processors())])).sorted()
        let rows = try targets.flatMap { target in try counts.map { try Machine(target, threads: $0) } }
        if json {
            let measured = rows.map { machine in
                JSONText.object([
                    ("target", Format.json(machine.target.name)), ("threads", "\(machine.threads)"),
                    ("gflops", Format.fixed(machine.operationsPerSecond / 1e9, 2)),
                    (
                        "read",
                        "["
                            + machine.readRates.map {
                                JSONText.object([("bytes", "\($0.bytes)"), ("gbytes_per_s", Format.fixed($0.rate / 1e9, 2))])
                            }.joined(separator: ", ") + "]"
                    ),
                ])
            }
            return print(
                JSONText.object([
                    ("processor", Format.json(text)), ("native", Format.json(Target.native.name)),
                    ("fma_per_cycle", Format.fixed(processor.fma, 2)), ("bf16_pairs", "\(processor.pairs)"),
                    ("amx", "\(processor.amx)"),
                    ("l2_bytes", Format.fixed(processor.l2, 0)), ("l3_bytes", Format.fixed(processor.l3, 0)),
                    ("measured", "[\(measured.joined(separator: ", "))]"),
                ]))
        }
        print("processor  \(text)")
        let pairs = (processor.pairs ? ", of pairs of bf16 as well" : "") + (processor.amx ? ", and tiles of bf16 and int8 (AMX)" : "")
        print("native     \(Target.native.name), \(Format.short(processor.fma)) multiply-adds of vectors a cycle\(pairs)")
        print("caches     \(Format.bytes(Int(processor.l2))) a core, \(Format.bytes(Int(processor.l3))) in all\n")
        let sizes = rows.first?.readRates.map { Format.bytes($0.bytes) } ?? []
        var table = Table([("target", .left), ("threads", .right), ("GFLOP/s", .right)] + sizes.map { ("read \($0), GB/s", .right) })
        for machine in rows {
            table.add(
                [machine.target.name, "\(machine.threads)", Format.fixed(machine.operationsPerSecond / 1e9, 1)]
                    + machine.readRates.map { Format.fixed($0.rate / 1e9, 0) })
        }
        print(table.text)
    }
}
