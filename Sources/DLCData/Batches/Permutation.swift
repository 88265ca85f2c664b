import DLCTensor

/// An order of 0 ..< count that a seed, a stream and an epoch alone decide, the same on every machine.
///
/// Up to a million numbers are shuffled (Fisher and Yates, in Durstenfeld's form, 1964) by numbers of Philox. Beyond, nothing is
/// stored: a Feistel network of six rounds of Philox permutes the numbers below a power of four, and walks on until it comes
/// upon one below the count (Black and Rogaway, Ciphers with arbitrary finite domains, 2002).
public struct Permutation: Sendable {
    public let count: Int
    private let order: [UInt32]
    private let philox: Philox
    private let epoch: UInt32
    private let stream: UInt32
    /// Bits of one half.
    private let half: UInt64

    public static let storedCount = 1 << 20

    public init(count: Int, seed: UInt64, stream: UInt32, epoch: Int, storedCount: Int = Permutation.storedCount) {
        self.count = count
        self.stream = stream
        self.epoch = UInt32(truncatingIfNeeded: epoch)
        philox = Philox(seed: seed)
        half = UInt64(max(1, (64 - max(0, count - 1).leadingZeroBitCount + 1) / 2))
        guard count <= storedCount else {
            order = []
            return
        }
        var order = [UInt32](0..<UInt32(count))
        for index in stride(from: count - 1, to: 0, by: -1) {
            let place = Self.number(below: UInt64(index) + 1, philox, UInt64(index), self.epoch, stream)
            order.swapAt(index, Int(place))
        }
        self.order = order
    }

    public subscript(index: Int) -> Int {
        if !order.isEmpty { return Int(order[index]) }
        var value = UInt64(index)
        repeat { value = permuted(value) } while value >= UInt64(count)
        return Int(value)
    }

    private func permuted(_ value: UInt64) -> UInt64 {
        let mask: UInt64 = 1 << half - 1
        var (left, right) = (value >> half, value & mask)
        for round in 0..<6 as Range<UInt32> {
            let words = philox.words(
                UInt32(truncatingIfNeeded: right), UInt32(truncatingIfNeeded: right >> 32) | (round + 1) << 24, epoch, stream)
            (left, right) = (right, left ^ ((UInt64(words.0) | UInt64(words.1) << 32) & mask))
        }
        return left << half | right
    }

    /// A number from 0 to below `bound`, evenly: the high half of a product of 64 bits, off by less than 2^-32 for bounds below 2^32.
    static func number(below bound: UInt64, _ philox: Philox, _ index: UInt64, _ epoch: UInt32, _ stream: UInt32) -> UInt64 {
        let words = philox.words(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), epoch, stream)
        return (UInt64(words.0) | UInt64(words.1) << 32).multipliedFullWidth(by: bound).high
    }
}
