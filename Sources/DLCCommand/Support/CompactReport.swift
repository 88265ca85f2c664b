import ArgumentParser
import DLC
import Synchronization

extension CompactWeights.Form: ExpressibleByArgument {}

/// What weights lose in fewer bits, gathered while a model is compiled.
final class CompactReport: Sendable {
    private struct Matrix {
        var name: String
        var count: Int
        /// In dB.
        var ratio: Double
    }

    private let matrices = Mutex<[Matrix]>([])

    func add(_ name: String, _ count: Int, signal: Double, noise: Double) {
        let ratio = Format.decibels(signal, above: noise)
        matrices.withLock { $0.append(Matrix(name: name, count: count, ratio: ratio)) }
    }

    /// A line for people; nil where there was no matrix.
    var line: String? {
        let matrices = matrices.withLock { $0 }
        guard let worst = matrices.min(by: { $0.ratio < $1.ratio }) else { return nil }
        let count = matrices.reduce(0) { $0 + $1.count }
        let distance =
            worst.ratio.isFinite ? "\(Format.fixed(worst.ratio, 1)) dB above what they lose, or more (\(worst.name))" : "as they were"
        return "\(Format.count(count)) weights of \(matrices.count) \(matrices.count == 1 ? "product" : "products") are \(distance)"
    }
}
