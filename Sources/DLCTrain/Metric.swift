/// A number that a training says of a batch: a scalar output, whose mean over an epoch's examples is shown and compared.
public struct Metric: Sendable, Equatable, Hashable {
    public var name: String
    /// Whether larger values are better.
    public var isBetterLarger: Bool

    public init(name: String, isBetterLarger: Bool) {
        self.name = name
        self.isBetterLarger = isBetterLarger
    }

    /// A metric by the name that a training gives it: what is a loss, an error, a distance or a perplexity shall be small, all else large.
    public init(_ name: String) {
        let small = ["loss", "error", "distance", "perplexity", "bits", "norm", "penalty", "divergence", "entropy"]
        let lower = name.lowercased()
        self.init(name: name, isBetterLarger: !small.contains { lower.contains($0) })
    }

    /// Whether one value is better than another. Whatever is no number is worse than any.
    public func isBetter(_ value: Double, than other: Double) -> Bool {
        if value.isNaN || other.isNaN { return !value.isNaN && other.isNaN }
        return isBetterLarger ? value > other : value < other
    }
}
