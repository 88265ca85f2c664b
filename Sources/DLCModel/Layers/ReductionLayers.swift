import DLCGraph
import DLCOps

/// A reduction over dimensions.
public struct ReductionLayer: Layer {
    public let kind: ReduceKind
    public var axes: Extents = []
    public var keepDimensions = false

    public init(_ kind: ReduceKind) { self.kind = kind }

    public var definition: LayerDefinition { Self.definitions[kind] ?? Self.define(kind) }

    static let kinds: [ReduceKind] = [.sum, .mean, .max, .min, .prod, .l1, .l2, .logSumExp]
    private static let definitions = Dictionary(uniqueKeysWithValues: kinds.map { ($0, define($0)) })

    private static func define(_ kind: ReduceKind) -> LayerDefinition {
        let (name, what) =
            switch kind {
            case .mean: ("mean", "The average")
            case .max: ("max", "The largest")
            case .min: ("min", "The smallest")
            case .prod: ("product", "The product")
            case .l1: ("l1Norm", "The sum of the magnitudes")
            case .l2: ("l2Norm", "The root of the sum of the squares")
            case .logSumExp: ("logSumExp", "The logarithm of the sum of the exponentials")
            default: ("sum", "The sum")
            }
        return LayerDefinition(Self(kind), name: name, doc: "\(what) of the elements along dimensions.") {
            Argument("axes", \.axes, "one dimension or several; none for all", .positional)
            Argument("keepDimensions", \.keepDimensions, "whether dimensions of extent 1 remain")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let list = try InferenceRules.axes(axes.values, rank: x.rank)
        return [try context.add(Reduce(kind, axes: list, keepDims: keepDimensions), x)]
    }
}

/// The place of the largest or smallest element.
public struct ArgumentOfExtremeLayer: Layer {
    public let kind: ArgKind
    public var axis = -1
    public var keepDimensions = false

    public init(_ kind: ArgKind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .max ? Self.max : Self.min }

    static let max = define(.max, "argmax", "largest")
    static let min = define(.min, "argmin", "smallest")

    private static func define(_ kind: ArgKind, _ name: String, _ what: String) -> LayerDefinition {
        LayerDefinition(Self(kind), name: name, doc: "The place of the \(what) element along a dimension, as i64; of equal ones the first.")
        {
            Argument("axis", \.axis, "the dimension that is searched", .positional)
            Argument("keepDimensions", \.keepDimensions, "whether a dimension of extent 1 remains")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(ArgReduce(kind, axis: axis, keepDims: keepDimensions), operand(operands, 0))]
    }
}

/// The largest elements and their places.
public struct TopKLayer: Layer {
    public var k = 1
    public var axis = -1
    public var largest = true

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "topK", doc: "The k largest elements along a dimension, in order, and their places.", results: ["values", "indices"]
    ) {
        Argument("k", \.k, "how many", .required)
        Argument("axis", \.axis, "the dimension that is searched")
        Argument("largest", \.largest, "false for the smallest")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        try positive(k, "k")
        return try context.all(TopK(k: Dim(k), axis: axis, largest: largest), [operand(operands, 0)])
    }
}

/// The larger or smaller of two tensors, element by element.
public struct ExtremeLayer: Layer {
    public let function: BinaryFunction

    public var definition: LayerDefinition { function == .max ? Self.maximum : Self.minimum }

    static let maximum = LayerDefinition(
        Self(function: .max), name: "maximum", doc: "The larger of two tensors' elements, or of an element and a number.",
        operands: ["a", "b"])
    static let minimum = LayerDefinition(
        Self(function: .min), name: "minimum", doc: "The smaller of two tensors' elements, or of an element and a number.",
        operands: ["a", "b"])

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Binary(function), operand(operands, 0), operand(operands, 1))]
    }
}

/// How far vectors are from one another.
public struct DistanceLayer: Layer {
    public enum Kind: String, Sendable, CaseIterable { case l1Distance, l2Distance, cosineSimilarity, cosineDistance }

    public let kind: Kind
    public var axis = -1

    public init(_ kind: Kind) { self.kind = kind }

    public var definition: LayerDefinition { Self.definitions[kind] ?? Self.define(kind) }

    private static let definitions = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, define($0)) })

    private static func define(_ kind: Kind) -> LayerDefinition {
        let doc =
            switch kind {
            case .l1Distance: "The sum of `|a - b|` along a dimension; a and b broadcast."
            case .l2Distance: "The root of the sum of `(a - b)²` along a dimension; a and b broadcast."
            case .cosineSimilarity: "The cosine of the angle between a and b along a dimension; they broadcast."
            case .cosineDistance: "1 minus the cosine of the angle between a and b along a dimension; they broadcast."
            }
        return LayerDefinition(Self(kind), name: kind.rawValue, doc: doc, operands: ["a", "b"]) {
            Argument("axis", \.axis, "the dimension of the vectors")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (a, b) = (try operand(operands, 0), try operand(operands, 1))
        func reduced(_ kind: ReduceKind, _ x: TensorValue) throws -> TensorValue {
            try context.add(Reduce(kind, axes: [InferenceRules.axis(axis, rank: x.rank)], keepDims: false), x)
        }
        switch kind {
        case .l1Distance: return [try reduced(.l1, context.add(Binary(.sub), a, b))]
        case .l2Distance: return [try reduced(.l2, context.add(Binary(.sub), a, b))]
        case .cosineSimilarity, .cosineDistance:
            // PyTorch's guard against vectors of length 0.
            let floor = try a.builder.scalar(1e-8, like: a)
            let lengths = try [a, b].map { try context.add(Binary(.max), reduced(.l2, $0), floor) }
            let cosine = try reduced(.sum, context.add(Binary(.mul), a, b)) / context.add(Binary(.mul), lengths[0], lengths[1])
            return [kind == .cosineSimilarity ? cosine : try 1 - cosine]
        }
    }
}
