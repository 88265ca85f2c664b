import CKernels
import DLCRuntime

/// Measures kernels on this machine and remembers the times.
public struct Tuning: Sendable {
    /// How far the measurements of a compilation are.
    public struct Progress: Sendable {
        /// Of the layers whose times were not known.
        public var layer: Int
        public var layers: Int
        public var name: String
    }

    let cache: TuneCache
    let observe: @Sendable (Progress) -> Void

    /// - Parameter observe: called before each layer that is measured.
    public init(cache: TuneCache, observe: @escaping @Sendable (Progress) -> Void = { _ in }) {
        self.cache = cache
        self.observe = observe
    }

    /// Raised whenever a kernel's speed changes, so that times of older kernels are not believed.
    static let kernels = 6

    /// Seconds of each algorithm of each layer on one thread: a run, and packing its weights. Layers without a choice are not measured.
    /// - Throws: where this machine cannot run the target's kernels, or the cache cannot be written.
    func seconds(_ layers: [ChoosableLayer], target: Target, modelBytes: Int) throws -> [[ChoosableLayer.Cost]] {
        guard target.runsHere else {
            throw DLCError("cannot tune for \(target.name) on this machine: it needs \(target.requirement)")
        }
        let prefix = "\(Self.processor); kernels \(Self.kernels); \(target.name)"
        let other = Self.otherBytes(modelBytes)
        let keys: [[(run: String, packing: String)]] = layers.map { layer in
            if layer.algorithms.count < 2 { return [] }
            return layer.algorithms.map { algorithm in
                let key = "\(prefix); \(layer.description(algorithm))"
                return ("\(key); after \(other >> 20) MB", "\(key); packing")
            }
        }
        let known = cache.times
        var unknown: [(layer: Int, name: String)] = []
        var asked = Set<String>()
        for (index, keys) in keys.enumerated()
        where keys.contains(where: { known[$0.run] == nil || known[$0.packing] == nil }) && asked.insert(keys[0].run).inserted {
            unknown.append((index, layers[index].node.name))
        }
        for (number, (index, name)) in unknown.enumerated() {
            observe(Progress(layer: number + 1, layers: unknown.count, name: name))
            var times: [String: Double] = [:]
            for (algorithm, key) in zip(layers[index].algorithms, keys[index]) {
                times[key.run] = layers[index].measure(algorithm, target, other)
                times[key.packing] = layers[index].packingSeconds(algorithm, target)
            }
            // Without memory for a measurement there is no time, and nothing to remember.
            try cache.add(times.filter { $0.value.isFinite })
        }
        let times = cache.times
        return keys.map { $0.isEmpty ? [(0, 0)] : $0.map { (times[$0.run] ?? .infinity, times[$0.packing] ?? .infinity) } }
    }

    /// The processor's name in keys.
    static let processor: String = {
        var name = [CChar](repeating: 0, count: 160)
        dlc_processor_name(&name, Int64(name.count))
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// What passes through the caches between two runs of a layer: the other layers' weights, as a power of two so
    /// that models of about one size share their times; more than 64 MB leave nothing in any cache.
    static func otherBytes(_ modelBytes: Int) -> Int {
        var bytes = 1 << 20
        while bytes < min(modelBytes, 64 << 20) { bytes *= 2 }
        return bytes
    }
}

extension ChoosableLayer {
    /// The layer and an algorithm, as a key.
    func description(_ algorithm: dlc_conv_algorithm) -> String {
        func three(_ values: (Int64, Int64, Int64)) -> String { "\(values.0)x\(values.1)x\(values.2)" }
        let parts = [
            "conv \(shape.n)x\(three((shape.d, shape.h, shape.w)))x\(shape.c) to \(three((shape.od, shape.oh, shape.ow)))x\(shape.oc)",
            "kernel \(three(shape.kernel)) stride \(three(shape.stride)) dilation \(three(shape.dilation)) pad \(three(shape.pad))",
            "groups \(shape.groups) activation \(shape.epilogue.activation.rawValue)\(hasResidual ? " residual" : "")",
            "algorithm \(algorithm.rawValue)",
        ]
        return parts.joined(separator: " ")
    }

    /// Seconds of a run with weights that are packed.
    func measure(_ algorithm: dlc_conv_algorithm, _ target: Target, _ otherBytes: Int) -> Double {
        var shape = shape
        shape.algorithm = algorithm
        return dlc_conv_measure(target.isa, &shape, hasResidual, Int64(otherBytes), 0.01)
    }
}
