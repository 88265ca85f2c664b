/// A number that a training says of a batch: a scalar output, whose mean over an epoch's examples is shown and compared.
public struct Metric: Sendable, Equatable, Hashable {
    public var name: String
    /// Whether larger values are better.
    public var isBetterLarger: Bool

    public init(name: String, isBetterLarger: Bool) {
        self.name = name
        self.isBetterLarger = isBetterLarger
    }

    /// A metric by the name that a training gives it: what is called an accuracy, a precision, a recall, a score, F1, IoU, an area, R² or
    /// a reward shall be large, all else small.
    public init(_ name: String) {
        let large = ["accuracy", "precision", "recall", "score", "f1", "iou", "area", "auc", "r2", "reward", "right", "correct"]
        let lower = name.lowercased()
        self.init(name: name, isBetterLarger: !lower.hasPrefix("in") && large.contains { lower.contains($0) })
    }

    /// Whether one value is better than another. Whatever is no number is worse than any.
    public func isBetter(_ value: Double, than other: Double) -> Bool {
        if value.isNaN || other.isNaN { return !value.isNaN && other.isNaN }
        return isBetterLarger ? value > other : value < other
    }
}
