import DLCTensor
import Testing

/// Random expressions, simplified as they are built, against the same expressions on numbers.
@Suite struct DimPropertyTests {
    /// An expression and what it computes.
    struct Pair {
        var dim: Dim
        var compute: ([String: Int]) -> Int
    }

    static let names = ["N", "T", "H"]

    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    static func floor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? 0 : a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
    }

    static func random(_ depth: Int, _ generator: inout Generator) throws -> Pair {
        if depth == 0 || Int.random(in: 0..<8, using: &generator) == 0 {
            if Bool.random(using: &generator) {
                let value = Int.random(in: -4...9, using: &generator)
                return Pair(dim: Dim(value)) { _ in value }
            }
            let name = names.randomElement(using: &generator) ?? "N"
            return Pair(dim: Dim(symbol: name)) { $0[name] ?? 0 }
        }
        let a = try random(depth - 1, &generator)
        let b = try random(depth - 1, &generator)
        let k = Int.random(in: 1...6, using: &generator)
        switch Int.random(in: 0..<13, using: &generator) {
        case 0, 1: return Pair(dim: try a.dim.plus(b.dim)) { a.compute($0) + b.compute($0) }
        case 2: return Pair(dim: try a.dim.minus(b.dim)) { a.compute($0) - b.compute($0) }
        case 3: return Pair(dim: try a.dim.times(b.dim)) { a.compute($0) * b.compute($0) }
        case 4: return Pair(dim: try a.dim.times(Dim(k))) { a.compute($0) * k }
        case 5: return Pair(dim: try a.dim.quotient(Dim(k))) { floor(a.compute($0), k) }
        case 6: return Pair(dim: try a.dim.remainder(Dim(k))) { a.compute($0) - k * floor(a.compute($0), k) }
        case 7: return Pair(dim: try Dim.max(a.dim, b.dim)) { max(a.compute($0), b.compute($0)) }
        case 8: return Pair(dim: try Dim.min(a.dim, b.dim)) { min(a.compute($0), b.compute($0)) }
        case 9: return Pair(dim: try a.dim.isLess(b.dim)) { a.compute($0) < b.compute($0) ? 1 : 0 }
        case 10: return Pair(dim: try a.dim.equals(b.dim)) { a.compute($0) == b.compute($0) ? 1 : 0 }
        case 11:
            let truth = try a.dim.isLess(b.dim)
            return Pair(dim: try Dim.select(truth, b.dim, a.dim.plus(1))) {
                a.compute($0) < b.compute($0) ? b.compute($0) : a.compute($0) + 1
            }
        default: return Pair(dim: try a.dim.truncatedQuotient(Dim(k))) { a.compute($0) / k }
        }
    }

    @Test(arguments: 0..<40) func simplifiedExpressionsKeepTheirValue(seed: UInt64) throws {
        var generator = Generator(state: seed &* 7919 &+ 1)
        for _ in 0..<60 {
            guard let pair = try? Self.random(4, &generator) else { continue }
            for _ in 0..<12 {
                let values = Dictionary(
                    uniqueKeysWithValues: Self.names.map { ($0, [0, 1, 2, 3, 7, 8, 64].randomElement(using: &generator) ?? 0) })
                let want = pair.compute(values)
                #expect(try pair.dim.evaluate(values) == want, "\(pair.dim) at \(values)")
                #expect(try pair.dim.substituting(values.mapValues { Dim($0) }) == Dim(want), "\(pair.dim) at \(values)")
                #expect(pair.dim.bounds.lower <= want && want <= pair.dim.bounds.upper, "\(pair.dim) at \(values)")
                for limit in -3...3 where pair.dim.isAtLeast(limit) { #expect(want >= limit, "\(pair.dim) at \(values)") }
                for limit in -3...3 where pair.dim.isAtMost(limit) { #expect(want <= limit, "\(pair.dim) at \(values)") }
            }
        }
    }
}
