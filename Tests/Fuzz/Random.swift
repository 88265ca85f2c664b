import DLC

extension SplitMix64 {
    mutating func below(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(next() % UInt64(limit)) }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    mutating func maybePick<T>(_ choices: [T]) -> T? { choices.isEmpty ? nil : pick(choices) }

    mutating func shuffled<T>(_ elements: [T]) -> [T] {
        var copy = elements
        for index in copy.indices.dropFirst().reversed() { copy.swapAt(index, below(index + 1)) }
        return copy
    }
}

/// What the elements of a case's floats are like.
enum ValueStyle: String, CaseIterable, Sendable {
    /// Normally distributed.
    case plain
    /// Small integers and halves with many equal ones and zeros of both signs.
    case coarse
    /// Plain with a few NaN, infinities and zeros of both signs.
    case special
    /// Plain with a few huge and denormal ones.
    case extreme
}

extension Tensor {
    /// Elements of a style; integers are drawn from those of `like`, so that indexes stay indexes.
    static func drawn(_ style: ValueStyle, type: ElementType, shape: [Int], like: Tensor?, _ rng: inout SplitMix64) throws -> Tensor {
        let count = try Checked.count(shape)
        if type.isFloat {
            return try Tensor(doubles: (0..<count).map { _ in element(style, type, &rng) }, type: type, shape: shape)
        }
        if type == .string {
            let words = try like?.texts() ?? ["", "a", "b", "a longer word"].map { Array($0.utf8) }
            return try Tensor(texts: (0..<count).map { _ in words.isEmpty ? [] : rng.pick(words) }, shape: shape)
        }
        if let like, !like.type.isFloat, like.count > 0 {
            let choices = try like.integers()
            return try Tensor(integers: (0..<count).map { _ in rng.pick(choices) }, type: type, shape: shape)
        }
        let limits: [Int64] =
            switch type {
            case .int8: [-128, 127]
            case .int16: [-32768, 32767]
            case .int32: [Int64(Int32.min), Int64(Int32.max)]
            case .int64: [.min, .max]
            default: [0, 255]
            }
        let integers = (0..<count).map { _ -> Int64 in
            if type == .bool { return Int64(rng.below(2)) }
            if style == .extreme, rng.chance(0.15) { return rng.pick(limits) }
            return Int64(rng.below(9)) - (type.isSigned ? 4 : 0)
        }
        return try Tensor(integers: integers, type: type, shape: shape)
    }

    private static func element(_ style: ValueStyle, _ type: ElementType, _ rng: inout SplitMix64) -> Double {
        switch style {
        case .plain: return rng.normal()
        case .coarse: return rng.pick([0, -0.0, 0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 6])
        case .special:
            return rng.chance(0.12) ? rng.pick([.nan, .infinity, -.infinity, 0, -0.0, 1, -1]) : rng.normal()
        case .extreme:
            // Squares and short sums of the largest stay finite in f32; what is rounded away is judged by the oracle.
            let large = type == .float16 ? 200.0 : 1e15
            let small = type == .float16 ? 1e-7 : type == .float64 ? 0x1p-1030 : 3e-41
            return rng.chance(0.12) ? rng.pick([large, -large, small, -small, 1e-10, 88, -104]) : rng.normal()
        }
    }

    /// The tensor at another shape: its first elements along every axis, and for what is beyond them elements from the front.
    func fitted(to shape: [Int]) throws -> Tensor {
        guard rank == shape.count, count > 0 else { return try Tensor(type: type, shape: shape) { _ in } }
        var strides = [Int](repeating: 1, count: rank)
        for axis in self.shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * self.shape[axis + 1] }
        return try Tensor(type: type, shape: shape) { target in
            try self.withUnsafeBytes { source in
                var index = [Int](repeating: 0, count: shape.count)
                for element in 0..<(try Checked.count(shape)) {
                    var rest = element
                    for axis in shape.indices.reversed() {
                        index[axis] = rest % shape[axis] % self.shape[axis]
                        rest /= shape[axis]
                    }
                    let from = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * type.size
                    target.baseAddress?.advanced(by: element * type.size).copyMemory(
                        from: source.baseAddress.unsafelyUnwrapped.advanced(by: from), byteCount: type.size)
                }
            }
        }
    }
}
