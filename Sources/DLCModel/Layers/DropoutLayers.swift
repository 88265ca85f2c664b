import DLCGraph
import DLCOps

/// Dropout and its relatives: elements, channels or all of an example become 0 in a training's step, and what stays is scaled up so
/// that the mean is the same. At inference x is as it is.
public struct DropoutLayer: Layer {
    public enum Kind: String, Sendable, CaseIterable { case dropout, spatialDropout, stochasticDepth }

    public let kind: Kind
    public var rate = 0.5

    public init(_ kind: Kind = .dropout, rate: Double = 0.5) { (self.kind, self.rate) = (kind, rate) }

    public var definition: LayerDefinition {
        switch kind {
        case .dropout: Self.elements
        case .spatialDropout: Self.channels
        case .stochasticDepth: Self.examples
        }
    }

    static let elements = define(.dropout, "elements", "Srivastava et al., 2014")
    static let channels = define(.spatialDropout, "channels of x `[N, C, …]`", "Tompson et al., 2015")
    static let examples = define(
        .stochasticDepth, "all of an example of x `[N, …]`, before it is added to what goes around it", "Huang et al., 2016")

    private static func define(_ kind: Kind, _ what: String, _ source: String) -> LayerDefinition {
        LayerDefinition(
            Self(kind), name: kind.rawValue,
            doc: "x as it is. In a training's step \(what) are dropped at random, and the others divided by `1 - rate`.",
            source: source
        ) {
            Argument("rate", \.rate, "the part that is dropped", .positional)
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        guard rate >= 0, rate <= 1 else { throw DLCError("rate is \(rate); expected 0 to 1") }
        let x = try operand(operands, 0)
        if rate == 0 { return [x] }
        var shape = x.shape
        switch kind {
        case .dropout: break
        case .spatialDropout:
            guard x.rank > 2 else { throw DLCError("x is \(x.type); expected [N, C, …] with space") }
            for axis in 2..<x.rank { shape[axis] = 1 }
        case .stochasticDepth:
            guard x.rank > 0 else { throw DLCError("x is \(x.type); expected [N, …]") }
            for axis in 1..<x.rank { shape[axis] = 1 }
        }
        guard let drawn = try context.builder.draw(.uniform, shape, name: context.path) else { return [x] }
        let zero = try x.builder.scalar(0, like: x)
        if rate == 1 { return [try context.add(Binary(.mul), x, zero)] }
        let stays = try context.add(Binary(.greaterOrEqual), drawn, x.builder.scalar(rate, like: drawn))
        return [try context.add(Where(), stays, context.add(Binary(.mul), x, x.builder.scalar(1 / (1 - rate), like: x)), zero)]
    }
}
