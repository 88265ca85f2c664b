import DLC

/// How often each class was taken for each, and what follows from that.
public struct ConfusionMatrix: Sendable, Equatable {
    /// The number of classes.
    public let count: Int
    /// `[truth · count + answer]`.
    public private(set) var counts: [Int]

    public init(classes count: Int) {
        self.count = count
        counts = [Int](repeating: 0, count: count * count)
    }

    /// - Throws: where a class is not among those counted.
    public mutating func add(truth: Int, answer: Int) throws {
        guard 0..<count ~= truth else { throw DLCError("a label is \(truth); the model has the classes 0 to \(count - 1)") }
        guard 0..<count ~= answer else { throw DLCError("an answer is \(answer); there are the classes 0 to \(count - 1)") }
        counts[truth * count + answer] += 1
    }

    public subscript(truth: Int, answer: Int) -> Int { counts[truth * count + answer] }

    public var total: Int { counts.reduce(0, +) }
    public func truths(_ label: Int) -> Int { (0..<count).reduce(0) { $0 + self[label, $1] } }
    public func answers(_ label: Int) -> Int { (0..<count).reduce(0) { $0 + self[$1, label] } }

    /// The share of right answers.
    public var accuracy: Double { ratio((0..<count).reduce(0) { $0 + self[$1, $1] }, total) }

    /// Of the answers that say a class, the share that is right. 0 where nothing was taken for it, as scikit-learn has it.
    public func precision(_ label: Int) -> Double { ratio(self[label, label], answers(label)) }

    /// Of a class, the share that was found. 0 where there is none of it.
    public func recall(_ label: Int) -> Double { ratio(self[label, label], truths(label)) }

    /// The harmonic mean of precision and recall.
    public func f1(_ label: Int) -> Double { ratio(2 * self[label, label], truths(label) + answers(label)) }

    /// Intersection over union: of what is a class or was taken for it, the share that is both (Jaccard).
    public func intersectionOverUnion(_ label: Int) -> Double {
        ratio(self[label, label], truths(label) + answers(label) - self[label, label])
    }

    /// The mean of a figure over the classes that are there or were answered.
    public func mean(_ figure: (Int) -> Double) -> Double {
        let present = (0..<count).filter { truths($0) + answers($0) > 0 }
        return present.isEmpty ? .nan : present.reduce(0) { $0 + figure($1) } / Double(present.count)
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
