import DLCGraph

/// A batch of matrix products as oracles compute them: `[…, m, k] · […, k, n]`, leading dimensions broadcast.
struct MatrixProducts {
    let m: Int
    let k: Int
    let n: Int
    /// The leading dimensions of the result.
    let batch: [Int]
    /// Which matrices of a and of b make each product.
    private let pairs: [(a: Int, b: Int)]
    private let transA: Bool
    private let transB: Bool

    /// - Parameters:
    ///   - transA, transB: whether the matrices of a are `[k, m]`, those of b `[n, k]`.
    init(_ a: [Int], _ b: [Int], transA: Bool = false, transB: Bool = false) throws {
        guard a.count >= 2, b.count >= 2 else { throw DLCError("a has extents \(a) and b has \(b); expected matrices") }
        (self.transA, self.transB) = (transA, transB)
        let (rows, columns) = (Array(a.suffix(2)), Array(b.suffix(2)))
        (m, k) = transA ? (rows[1], rows[0]) : (rows[0], rows[1])
        n = columns[transB ? 0 : 1]
        let (outerA, outerB) = (Array(a.dropLast(2)), Array(b.dropLast(2)))
        batch = try Oracle.broadcast([outerA, outerB])
        pairs = zip(Oracle.broadcastIndices(outerA, to: batch), Oracle.broadcastIndices(outerB, to: batch)).map { (a: $0, b: $1) }
    }

    /// The products' elements, in f64 where they are floats.
    func sums(_ a: [Double], _ b: [Double]) -> [Double] { sums(a, b, zero: 0) { $0 + $1 * $2 } }

    /// The products' elements, in 64 bits that wrap where they are integers: the low bits, which are all that a narrower type
    /// keeps, are those of any wrapping arithmetic.
    func sums(_ a: [Int64], _ b: [Int64]) -> [Int64] { sums(a, b, zero: 0) { $0 &+ $1 &* $2 } }

    private func sums<T>(_ a: [T], _ b: [T], zero: T, _ step: (T, T, T) -> T) -> [T] {
        var sums: [T] = []
        sums.reserveCapacity(pairs.count * m * n)
        for pair in pairs {
            for row in 0..<m {
                for column in 0..<n {
                    var sum = zero
                    for d in 0..<k {
                        let (left, right) = (transA ? d * m + row : row * k + d, transB ? column * k + d : d * n + column)
                        sum = step(sum, a[pair.a * m * k + left], b[pair.b * k * n + right])
                    }
                    sums.append(sum)
                }
            }
        }
        return sums
    }
}
