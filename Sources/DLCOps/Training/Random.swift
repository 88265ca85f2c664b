import DLCGraph

/// What is drawn. Raw values are the names in the text form.
public enum RandomDistribution: String, Sendable, CaseIterable, AttributeConvertible {
    /// 32 random bits (u32).
    case bits
    /// Evenly from 0 (included) to 1 (excluded), multiples of 2^-24 (f32).
    case uniform
    /// With mean 0 and variance 1 (f32).
    case normal
}

/// Random numbers as a pure function of a key, a stream and the element's index: Philox4x32 with ten rounds (Salmon et al.,
/// Parallel random numbers: as easy as 1, 2, 3; 2011). The key is `[seed, step]`; every place that draws has a stream of its
/// own. The same key gives the same numbers on every processor and for any number of threads.
///
/// Element i has word i mod 4 of the block with the counter (i / 4, low and high word; step modulo 2^32; stream) and the seed's
/// two words as key. Normal numbers come in pairs from two words (Box and Muller, 1958).
public struct Random: Operator {
    public var distribution: RandomDistribution
    /// Which of 2^32 sequences; places that draw from one key have different ones.
    public var stream: Int
    public var shape: [Dim]

    public init(_ distribution: RandomDistribution = .uniform, stream: Int = 0, shape: [Dim] = []) {
        self.distribution = distribution
        self.stream = stream
        self.shape = shape
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Random(), name: "random", operands: ["key"],
        examples: {
            let key = try Tensor([1, 2] as [Int64], shape: [2])
            return try RandomDistribution.allCases.flatMap { kind in
                [
                    Example("\(kind)", Random(kind, stream: 3, shape: [3, 5]), [key], isDifferentiable: false),
                    Example("\(kind), many", Random(kind, stream: 1 << 32 - 1, shape: [1031]), [key], isDifferentiable: false),
                    Example(
                        "\(kind), large key", Random(kind, shape: [7]), [try Tensor([-1, 1 << 40 + 5] as [Int64], shape: [2])],
                        isDifferentiable: false),
                    Example("\(kind), nothing", Random(kind, shape: [0, 2]), [key], isDifferentiable: false),
                ]
            }
        }
    ) {
        Attribute("distribution", \.distribution)
        Attribute("stream", \.stream)
        Attribute("shape", \.shape)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "key", [.int64])
        let key = try context.operand(0)
        try context.require(key.shape, equals: [2], "key is \(key.type); expected i64[2], a seed and a step")
        guard UInt32(exactly: stream) != nil else { throw DLCError("stream is \(stream); expected 0 to 4294967295") }
        return [Fact(distribution == .bits ? .uint32 : .float32, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let key = try Oracle.operand(operands, 0).integers()
        let shape = try Oracle.numbers(shape, "shape")
        let count = try Checked.count(shape)
        let philox = Philox(seed: UInt64(bitPattern: key[0]))
        let (step, stream) = (UInt32(truncatingIfNeeded: key[1]), UInt32(truncatingIfNeeded: stream))
        var words: [UInt32] = []
        for block in 0..<((count + 3) / 4) {
            words += philox.block(UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), step, stream)
        }
        switch distribution {
        case .bits: return [try Tensor(integers: words.prefix(count).map(Int64.init), type: .uint32, shape: shape)]
        case .uniform:
            return [try Tensor(doubles: words.prefix(count).map { Double($0 >> 8) * 0x1p-24 }, type: .float32, shape: shape)]
        case .normal:
            var numbers: [Double] = []
            for pair in stride(from: 0, to: words.count, by: 2) { numbers += Philox.normal(words[pair], words[pair + 1]) }
            return [try Tensor(doubles: Array(numbers.prefix(count)), type: .float32, shape: shape)]
        }
    }
}
