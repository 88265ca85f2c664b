import DLCTensor

/// Which examples an epoch sees, and in which order: a function of the seed and the epoch alone.
public enum ExampleOrder: Sendable, Equatable {
    /// As they are stored.
    case sequential
    /// All of them, shuffled anew in each epoch.
    case shuffled(seed: UInt64)
    /// Shuffled, and of every hundred batches the examples sorted by their lengths, so that those of a batch are about as long and
    /// little is padded; then the batches are shuffled.
    case buckets(seed: UInt64)

    /// Splits draw from the streams of classes, orders from these.
    private static let stream: UInt32 = 0xFFFF_0001
    private static let batchStream: UInt32 = 0xFFFF_0002
    /// Batches that are sorted together.
    private static let pool = 100

    /// The order of one epoch over `count` examples.
    /// - Parameter lengths: of the examples, for `buckets`.
    func order(of epoch: Int, count: Int, batchSize: Int, lengths: [Int]) -> EpochOrder {
        switch self {
        case .sequential: return EpochOrder(count: count, examples: .stored)
        case .shuffled(let seed):
            return EpochOrder(count: count, examples: .permuted(Permutation(count: count, seed: seed, stream: Self.stream, epoch: epoch)))
        case .buckets(let seed):
            let shuffled = Permutation(count: count, seed: seed, stream: Self.stream, epoch: epoch)
            let whole = count / batchSize
            let batches = Permutation(count: whole, seed: seed, stream: Self.batchStream, epoch: epoch)
            var sorted = (0..<count).map { UInt32(shuffled[$0]) }
            let step = batchSize.multipliedReportingOverflow(by: Self.pool).overflow ? count : batchSize * Self.pool
            for start in stride(from: 0, to: whole * batchSize, by: step) {
                // What remains behind the last whole batch stays a batch of its own.
                let range = start..<min(start + step, whole * batchSize)
                // The sort is stable, so that equally long ones stay shuffled.
                sorted.replaceSubrange(range, with: sorted[range].sorted { lengths[Int($0)] < lengths[Int($1)] })
            }
            var examples: [UInt32] = []
            examples.reserveCapacity(count)
            for place in 0..<whole { examples += sorted[batches[place] * batchSize..<(batches[place] + 1) * batchSize] }
            return EpochOrder(count: count, examples: .listed(examples + sorted[(whole * batchSize)...]))
        }
    }

    var needsLengths: Bool {
        if case .buckets = self { true } else { false }
    }
}

/// The examples of one epoch.
struct EpochOrder: Sendable {
    enum Examples: Sendable {
        case stored
        case permuted(Permutation)
        case listed([UInt32])
    }

    let count: Int
    let examples: Examples

    func indices(_ range: Range<Int>) -> [Int] {
        switch examples {
        case .stored: Array(range)
        case .permuted(let permutation): range.map { permutation[$0] }
        case .listed(let list): list[range].map { Int($0) }
        }
    }
}
