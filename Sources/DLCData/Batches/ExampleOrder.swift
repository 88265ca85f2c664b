import DLCTensor

/// Which examples an epoch sees, and in which order: a function of the seed and the epoch alone.
public enum ExampleOrder: Sendable, Equatable {
    /// As they are stored.
    case sequential
    /// All of them, shuffled anew in each epoch.
    case shuffled(seed: UInt64)

    /// The order of one epoch over `count` examples.
    func order(of epoch: Int, count: Int) -> EpochOrder {
        switch self {
        case .sequential: EpochOrder(count: count, permutation: nil)
        case .shuffled(let seed): EpochOrder(count: count, permutation: Permutation(count: count, seed: seed, stream: Self.stream, epoch: epoch))
        }
    }

    /// Splits draw from the streams of classes, orders from this one.
    private static let stream: UInt32 = 0xFFFF_0001
}

/// The examples of one epoch.
struct EpochOrder: Sendable {
    let count: Int
    let permutation: Permutation?

    func indices(_ range: Range<Int>) -> [Int] {
        guard let permutation else { return Array(range) }
        return range.map { permutation[$0] }
    }
}
