import CKernels
import DLCRuntime

/// What families of kernels take on this machine beside their estimates: estimates have prices of the processors that they were
/// fitted on, and a few measurements say how far another one is from those. `dlc machine --probe` takes and keeps them; builds for
/// the processor that they were taken on choose by them.
public struct KernelProbes: Sendable {
    /// By algorithm: times over estimates, over the same of the implicit product; the median of the layers.
    public let factors: [(algorithm: String, factor: Double)]
    private let byAlgorithm: [dlc_conv_algorithm.RawValue: Double]

    /// A layer of every kind that networks have, small enough for all to be measured within a second.
    private static var layers: [dlc_conv] {
        [
            image(56, 64, 64), image(28, 128, 128), image(14, 256, 256), image(7, 512, 512), image(56, 64, 128, stride: 2),
            image(28, 256, 256, stride: 2), rows(128, 768, 768), rows(196, 384, 1536), rows(49, 768, 3072), rows(784, 128, 512),
            rows(196, 1024, 256),
        ]
    }
    private static var families: [dlc_conv_algorithm] {
        [DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_WINOGRAD_STRIDED, DLC_CONV_STRASSEN, DLC_CONV_PAIRS]
    }

    init(_ byAlgorithm: [dlc_conv_algorithm.RawValue: Double]) {
        self.byAlgorithm = byAlgorithm
        factors = Self.families.compactMap { algorithm in
            byAlgorithm[algorithm.rawValue].map { (algorithm.choiceName ?? "\(algorithm.rawValue)", $0) }
        }
    }

    /// Measures on this thread.
    /// - Throws: where this machine cannot run the target's kernels.
    public init(measuring target: Target) throws {
        guard target.runsHere else { throw DLCError("cannot measure \(target.name) on this machine: it needs \(target.requirement)") }
        var processor = dlc_processor_host(target.isa)
        var ratios: [dlc_conv_algorithm.RawValue: [Double]] = [:]
        func cost(_ layer: dlc_conv, _ algorithm: dlc_conv_algorithm) -> (seconds: Double, cycles: Double) {
            var layer = layer
            let cycles = dlc_conv_cost(&processor, target.isa, &layer, algorithm)
            guard cycles.isFinite else { return (.infinity, cycles) }
            layer.algorithm = algorithm
            return (dlc_conv_measure(target.isa, &layer, false, 32 << 20, 0.01), cycles)
        }
        for layer in Self.layers {
            let plain = cost(layer, DLC_CONV_IGEMM)
            for algorithm in Self.families {
                let other = cost(layer, algorithm)
                let factor = other.seconds / plain.seconds / (other.cycles / plain.cycles)
                if factor.isFinite, factor > 0 { ratios[algorithm.rawValue, default: []].append(factor) }
            }
        }
        self.init(ratios.mapValues { min(max($0.sorted()[$0.count / 2], 0.5), 2) })
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

    func factor(_ algorithm: dlc_conv_algorithm) -> Double { byAlgorithm[algorithm.rawValue] ?? 1 }

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
