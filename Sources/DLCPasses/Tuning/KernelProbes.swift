import CKernels
import DLCRuntime

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What families of kernels take on this machine beside their estimates: estimates have prices of the processors that they were
/// fitted on, and a few measurements say how far another one is from those. `dlc machine --probe` takes and keeps them; builds for
/// the processor that they were taken on choose by them.
public struct KernelProbes: Sendable {
    /// By algorithm: times over estimates, over the same of the implicit product; the median of the layers.
    public let factors: [(algorithm: String, factor: Double)]
    private let byAlgorithm: [dlc_conv_algorithm.RawValue: Double]
    /// Whether nothing else took this thread's processor while they were measured.
    public let isUndisturbed: Bool

    /// A layer of every kind that networks have, small enough for all to be measured within a second.
    private static var layers: [dlc_conv] {
        [
            image(56, 64, 64), image(28, 128, 128), image(14, 256, 256), image(7, 512, 512), image(56, 64, 128, stride: 2),
            image(28, 256, 256, stride: 2), rows(128, 768, 768), rows(196, 384, 1536), rows(49, 768, 3072), rows(784, 128, 512),
            rows(196, 1024, 256),
        ]
    }
    private static var families: [dlc_conv_algorithm] {
        [DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_WINOGRAD_STRIDED, DLC_CONV_STRASSEN, DLC_CONV_PAIRS, DLC_CONV_SPLIT]
    }

    init(_ byAlgorithm: [dlc_conv_algorithm.RawValue: Double], isUndisturbed: Bool = true) {
        (self.byAlgorithm, self.isUndisturbed) = (byAlgorithm, isUndisturbed)
        factors = Self.families.compactMap { algorithm in
            byAlgorithm[algorithm.rawValue].map { (algorithm.choiceName ?? "\(algorithm.rawValue)", $0) }
        }
    }

    /// Measures on this thread, in a second or two.
    /// - Parameter stopping: whether it ends where it is disturbed, with what it has so far.
    /// - Throws: where this machine cannot run the target's kernels.
    public init(measuring target: Target, stopping: Bool = false) throws {
        guard target.runsHere else { throw DLCError("cannot measure \(target.name) on this machine: it needs \(target.requirement)") }
        var processor = dlc_processor_host(target.isa)
        var ratios: [dlc_conv_algorithm.RawValue: [Double]] = [:]
        func seconds(_ layer: dlc_conv, _ algorithm: dlc_conv_algorithm) -> Double {
            var layer = layer
            layer.algorithm = algorithm
            return dlc_conv_measure(target.isa, &layer, false, 32 << 20, 0.01)
        }
        let begin = (wall: dlc_nanoseconds(), own: Self.processorTime())
        func isUndisturbed() -> Bool {
            // But for a few milliseconds, in which nobody was waiting yet.
            Double(Self.processorTime() - begin.own) > 0.95 * Double(dlc_nanoseconds() - begin.wall) - 5e6
        }
        for layer in Self.layers {
            if stopping, !isUndisturbed() { break }
            var layer = layer
            let algorithms = ([DLC_CONV_IGEMM] + Self.families).filter { dlc_conv_cost(&processor, target.isa, &layer, $0).isFinite }
            // Twice in turns: what disturbs one of the times is gone in the other.
            let times = algorithms.map { seconds(layer, $0) }
            let least = zip(algorithms, times).map { min($1, seconds(layer, $0)) }
            let cycles = algorithms.map { dlc_conv_cost(&processor, target.isa, &layer, $0) }
            for (index, algorithm) in algorithms.enumerated().dropFirst() {
                let factor = least[index] / least[0] / (cycles[index] / cycles[0])
                if factor.isFinite, factor > 0 { ratios[algorithm.rawValue, default: []].append(factor) }
            }
        }
        let factors = ratios.map { algorithm, ratios in
            (algorithm, min(max(ratios.sorted()[ratios.count / 2], 0.5), Self.largest(dlc_conv_algorithm(algorithm), processor)))
        }
        self.init(Dictionary(uniqueKeysWithValues: factors), isUndisturbed: isUndisturbed())
    }

    /// What a factor may be at most. Machines hold cores back for seconds that multiply by AMX; even then it is about as fast as vectors
    /// are, and several times as fast at other times, so that a moment of the former must not speak against it.
    private static func largest(_ algorithm: dlc_conv_algorithm, _ processor: dlc_processor) -> Double {
        processor.amx && [DLC_CONV_PAIRS, DLC_CONV_SPLIT].contains(algorithm) ? 1.3 : 2
    }

    /// Nanoseconds for which this thread had a processor.
    private static func processorTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The probes that a file keeps for this processor and these kernels; nil where it has none.
    /// - Throws: where the file is damaged.
    public init?(path: String, _ target: Target) throws {
        let times = try TuneCache(path: path).times
        let known = Self.families.compactMap { algorithm in
            times[Self.key(algorithm, target)].map { (algorithm.rawValue, $0) }
        }
        if known.isEmpty { return nil }
        self.init(Dictionary(uniqueKeysWithValues: known))
    }

    /// Keeps them for later builds, in place of older ones.
    /// - Throws: where the file cannot be written, or is damaged.
    public func keep(path: String, _ target: Target) throws {
        let kept = Self.families.compactMap { algorithm in byAlgorithm[algorithm.rawValue].map { (Self.key(algorithm, target), $0) } }
        try TuneCache(path: path).replace(Dictionary(uniqueKeysWithValues: kept))
    }

    /// What an algorithm's estimate is multiplied by. What measurements differ by from one time to the next is no reason to correct
    /// it, and is taken off what is; Strassen's algorithm, which takes 1.75 times the bytes and a digit, has to win by more than that.
    func factor(_ algorithm: dlc_conv_algorithm) -> Double {
        let noise = 1.08
        guard let measured = byAlgorithm[algorithm.rawValue] else { return 1 }
        if algorithm == DLC_CONV_STRASSEN { return measured * noise }
        return measured > noise ? measured / noise : measured < 1 / noise ? measured * noise : 1
    }

    private static func key(_ algorithm: dlc_conv_algorithm, _ target: Target) -> String {
        "\(Tuning.processor); kernels \(Tuning.kernels); \(target.name); family \(algorithm.rawValue)"
    }

    private static func image(_ size: Int64, _ inputs: Int64, _ outputs: Int64, stride: Int64 = 1) -> dlc_conv {
        var layer = rows(1, inputs, outputs)
        (layer.h, layer.w, layer.oh, layer.ow) = (size, size, (size - 1) / stride + 1, (size - 1) / stride + 1)
        (layer.kernel, layer.stride, layer.pad) = ((1, 3, 3), (1, stride, stride), (0, 1, 1))
        return layer
    }

    private static func rows(_ rows: Int64, _ inputs: Int64, _ outputs: Int64) -> dlc_conv {
        var layer = dlc_conv()
        layer.type = DLC_F32
        (layer.n, layer.d, layer.h, layer.w, layer.c) = (1, 1, 1, rows, inputs)
        (layer.od, layer.oh, layer.ow, layer.oc, layer.groups) = (1, 1, rows, outputs, 1)
        (layer.kernel, layer.stride, layer.dilation) = ((1, 1, 1), (1, 1, 1), (1, 1, 1))
        (layer.x_ld, layer.y_ld, layer.residual_ld) = (inputs, outputs, outputs)
        return layer
    }
}
