import DLCTensor

/// The random numbers of one parameter: a SplitMix64 sequence that begins at the seed and a hash of the name.
struct ParameterStream {
    private var bits: SplitMix64
    /// The second value of the last pair.
    private var spare: Double?

    init(seed: UInt64, name: String) {
        // FNV-1a (Fowler, Noll and Vo): the same on every platform, unlike Swift's hash values.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        // One step in between, so that seeds and names that differ by a bit begin far apart.
        var start = SplitMix64(seed: seed)
        bits = SplitMix64(seed: start.next() ^ hash)
    }

    /// A value uniform in 0 ..< 1.
    mutating func uniform() -> Double { bits.uniform() }

    /// A value from the standard normal distribution (Box and Muller, 1958).
    mutating func normal() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let radius = (-2 * logarithm(1 - bits.uniform())).squareRoot()
        let angle = 2 * Double.pi * bits.uniform()
        spare = radius * sine(angle)
        return radius * cosine(angle)
    }

    /// A value from a normal distribution within `low ..< high`. After many values outside it is clamped, so that the
    /// tail of a distribution costs a bounded time.
    mutating func normal(mean: Double, deviation: Double, low: Double, high: Double) -> Double {
        for _ in 0..<1000 {
            let value = mean + deviation * normal()
            if value >= low && value < high { return value }
        }
        return min(max(mean, low), high)
    }
}

/// Matrices with orthonormal rows (or columns, where there are more rows).
enum OrthogonalMatrix {
    /// Row-major `[rows, columns]`: normal vectors made orthogonal one after the other (Gram and Schmidt, each twice, which
    /// keeps the error at rounding: Giraud et al., 2005).
    static func draw(rows: Int, columns: Int, _ generator: inout ParameterStream) -> [Double] {
        let (count, length) = (min(rows, columns), max(rows, columns))
        var vectors: [[Double]] = []
        for _ in 0..<count {
            var vector = (0..<length).map { _ in generator.normal() }
            for _ in 0..<2 {
                for other in vectors {
                    var product = 0.0
                    for i in 0..<length { product += vector[i] * other[i] }
                    for i in 0..<length { vector[i] -= product * other[i] }
                }
            }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vectors.append(vector.map { $0 / norm })
        }
        if rows <= columns { return vectors.flatMap { $0 } }
        return (0..<rows).flatMap { row in (0..<columns).map { vectors[$0][row] } }
    }
}
