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

/// Philox4x32 with ten rounds.
public struct Philox: Sendable {
    private let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// The four words at a counter.
    public func block(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> [UInt32] {
        var (x0, x1, x2, x3) = (a, b, c, d)
        var (k0, k1) = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        for _ in 0..<10 {
            let (first, second) = (UInt64(x0) * 0xD251_1F53, UInt64(x2) * 0xCD9E_8D57)
            let (y0, y2) = (UInt32(second >> 32) ^ x1 ^ k0, UInt32(first >> 32) ^ x3 ^ k1)
            (x0, x1, x2, x3) = (y0, UInt32(truncatingIfNeeded: second), y2, UInt32(truncatingIfNeeded: first))
            (k0, k1) = (k0 &+ 0x9E37_79B9, k1 &+ 0xBB67_AE85)
        }
        return [x0, x1, x2, x3]
    }

    /// Two normal numbers from two words. The logarithm, sine and cosine are sums of products in f64 in a fixed order, not the
    /// library's, so that every processor gives the same bits.
    static func normal(_ a: UInt32, _ b: UInt32) -> [Double] {
        let radius = (-2 * logarithm(Double((a >> 8) + 1) * 0x1p-24)).squareRoot()
        let turn = Double(b >> 8) * 0x1p-24
        // The nearest quarter turn, and the angle from there.
        let quarter = (4 * turn + 0.5).rounded(.down)
        let angle = (turn - 0.25 * quarter) * 6.283185307179586
        let square = angle * angle
        let sine = angle * series(square, [1, -1 / 6.0, 1 / 120.0, -1 / 5040.0, 1 / 362880.0, -1 / 39916800.0, 1 / 6227020800.0])
        let cosine = series(
            square, [1, -1 / 2.0, 1 / 24.0, -1 / 720.0, 1 / 40320.0, -1 / 3628800.0, 1 / 479001600.0, -1 / 87178291200.0])
        switch Int(quarter) & 3 {
        case 0: return [radius * cosine, radius * sine]
        case 1: return [radius * -sine, radius * cosine]
        case 2: return [radius * -cosine, radius * -sine]
        default: return [radius * sine, radius * -cosine]
        }
    }

    /// The natural logarithm of a normal number in (0, 1], by the series of the inverse hyperbolic tangent.
    private static func logarithm(_ x: Double) -> Double {
        var (mantissa, exponent) = (x.significand, Double(x.exponent))
        if mantissa > 1.4142135623730951 { (mantissa, exponent) = (mantissa * 0.5, exponent + 1) }
        let s = (mantissa - 1) / (mantissa + 1)
        let sum = series(s * s, (0...10).map { 1 / Double(2 * $0 + 1) })
        return exponent * 0.6931471805599453 + 2 * s * sum
    }

    /// A polynomial by Horner's rule, lowest coefficient first.
    private static func series(_ x: Double, _ coefficients: [Double]) -> Double {
        coefficients.dropLast().reversed().reduce(coefficients[coefficients.count - 1]) { $0 * x + $1 }
    }
}
