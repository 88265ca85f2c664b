import DLC

/// What rounding may make of a tensor.
extension Tensor {
    /// Floats with NaN of either sign: no operator says which.
    func flippedNaNs(_ rng: inout SplitMix64) throws -> Tensor {
        guard type.isFloat else { return self }
        return try Tensor(doubles: doubles().map { $0.isNaN && rng.chance(0.5) ? -$0 : $0 }, type: type, shape: shape)
    }

    /// Floats with those the same that are no further apart than a part of their size: two roundings may give them one number.
    static func joined(_ tensors: [Tensor?], within part: Double) throws -> [Tensor?] {
        let floats = try tensors.map { tensor in try tensor.flatMap { $0.type.isFloat ? try $0.doubles() : nil } }
        var joined: [Double: Double] = [:]
        var first = -Double.infinity
        for value in Set(floats.compactMap { $0 }.joined().lazy.filter(\.isFinite)).sorted() {
            if value - first > part * abs(value) { first = value }
            joined[value] = first
        }
        return try zip(tensors, floats).map { tensor, values in
            guard let tensor, let values else { return tensor }
            return try Tensor(doubles: values.map { joined[$0] ?? $0 }, type: tensor.type, shape: tensor.shape)
        }
    }

    /// The largest size of a finite float.
    func largest() throws -> Double { type.isFloat ? try doubles().lazy.filter(\.isFinite).map(abs).max() ?? 0 : 0 }

    /// Floats with zeros of either sign.
    func flippedZeros(_ rng: inout SplitMix64) throws -> Tensor {
        guard type.isFloat else { return self }
        return try Tensor(doubles: doubles().map { $0 == 0 && rng.chance(0.5) ? -$0 : $0 }, type: type, shape: shape)
    }

    /// Finite floats moved by a random part of `nudge` of their size, of the tensor's where sums are rounded, and of others
    /// that they were computed beside; what is subnormal may be 0, and a sum below what its terms lose anything as small.
    func nudged(
        _ nudge: Double, _ accumulates: Bool, lost: Double = 0, beside: [Double]? = nil, remainder: Double = 0, _ rng: inout SplitMix64
    ) throws -> Tensor {
        guard type.isFloat else { return self }
        let values = try doubles()
        let finite = values.lazy.filter(\.isFinite).map(abs)
        let mean = accumulates && count > 0 ? finite.reduce(0, +) / Double(count) : 0
        let tiny = type == .float64 ? 0x1p-1000 : 0x1p-124
        let areLost = rng.chance(0.2)
        let moved = values.indices.map { index -> Double in
            let value = values[index]
            if remainder > 0, abs(value) <= (type == .float64 ? 0 : remainder), rng.chance(0.5) {
                return remainder * (2 * rng.uniform() - 1)
            }
            // A sum of zeros may begin with one of them or with its own.
            if value == 0, accumulates { return rng.chance(0.5) ? -value : value }
            guard value.isFinite, value != 0 || beside != nil else { return value }
            // The least number of all may be rounded away.
            if abs(value) < (type == .float16 ? 0x1p-23 : tiny), rng.chance(0.5) { return 0 }
            let least = accumulates ? max(4 * nudge * mean, lost) : 0
            if abs(value) < least {
                // What remains of terms that cancel is most often nothing at all, everywhere; beside large ones it is anything.
                if areLost { return lost > 0.1 ? .nan : 0 }
                if rng.chance(0.3) { return rng.chance(0.5) ? 0 : least * (2 * rng.uniform() - 1) }
            }
            let size = abs(value) + mean + (beside.map { $0[index].isFinite ? abs($0[index]) : 0 } ?? 0)
            return value + size * nudge * (2 * rng.uniform() - 1)
        }
        return try Tensor(doubles: moved, type: type, shape: shape)
    }
}
