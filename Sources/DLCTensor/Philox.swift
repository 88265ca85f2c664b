/// Philox4x32 with ten rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3; 2011): random words as a pure
/// function of a seed and a counter.
public struct Philox: Sendable {
    @usableFromInline let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// The four words at a counter.
    public func block(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> [UInt32] {
        let (x, y, z, w) = words(a, b, c, d)
        return [x, y, z, w]
    }

    /// The four words at a counter, without an array around them.
    @inlinable
    public func words(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> (UInt32, UInt32, UInt32, UInt32) {
        var (x0, x1, x2, x3) = (a, b, c, d)
        var (k0, k1) = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        for _ in 0..<10 {
            let (first, second) = (UInt64(x0) * 0xD251_1F53, UInt64(x2) * 0xCD9E_8D57)
            let (y0, y2) = (UInt32(second >> 32) ^ x1 ^ k0, UInt32(first >> 32) ^ x3 ^ k1)
            (x0, x1, x2, x3) = (y0, UInt32(truncatingIfNeeded: second), y2, UInt32(truncatingIfNeeded: first))
            (k0, k1) = (k0 &+ 0x9E37_79B9, k1 &+ 0xBB67_AE85)
        }
        return (x0, x1, x2, x3)
    }

    /// Two normal numbers from two words. The logarithm, sine and cosine are sums of products in f64 in a fixed order, not the
    /// library's, so that every processor gives the same bits.
    public static func normal(_ a: UInt32, _ b: UInt32) -> [Double] {
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
