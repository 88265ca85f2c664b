import DLCGraph
import DLCOps

/// All dimensions from one on as one.
public struct FlattenLayer: Layer {
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "flatten", doc: "All dimensions from `axis` on as one: `[N, C, H, W]` becomes `[N, C·H·W]`."
    ) {
        Argument("axis", \.axis, "the first dimension that is flattened", .positional)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        return [try context.add(Reshape(shape: Shape(x.shape[..<axis]) + [Shape(x.shape[axis...]).product()]), x)]
    }
}

/// The same elements under another shape.
public struct ReshapeLayer: Layer {
    public var shape: [Dim] = []

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "reshape",
        doc: "The same elements in row-major order under another shape; one extent may be -1, which is what remains."
    ) {
        Argument("shape", \.shape, "extents of the result", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        var wanted = shape
        let open = wanted.indices.filter { wanted[$0].constant == -1 }
        guard open.count <= 1 else { throw DLCError("shape has \(open.count) extents of -1; expected at most one") }
        if let place = open.first {
            wanted.remove(at: place)
            let (all, known) = (try x.shape.product(), try wanted.product())
            let rest = known.constant == 0 ? Dim(0) : try all.quotient(known)
            guard try rest.times(known) == all else {
                throw DLCError("\(x.type) has \(all) elements, which the other extents \(known) do not divide")
            }
            wanted.insert(rest, at: place)
        }
        return [try context.add(Reshape(shape: wanted), x)]
    }
}

/// Dimensions in another order.
public struct TransposeLayer: Layer {
    public var order: [Int] = []

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "transpose", doc: "Dimensions in another order: dimension i of the result is dimension `order[i]` of x."
    ) {
        Argument(
            "order", \.order, "the dimensions of x in their new order; two dimensions are exchanged; none for the last two", .positional)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        var full = Array(0..<x.rank)
        if order.count == x.rank, x.rank != 2 || Set(order) == [0, 1] {
            full = try InferenceRules.axes(order, rank: x.rank)
        } else {
            guard order.isEmpty || order.count == 2, x.rank >= 2 else {
                throw DLCError("order \(order) has \(order.count) entries; expected \(x.rank) for \(x.type), or two to exchange")
            }
            let pair = try InferenceRules.axes(order.isEmpty ? [-1, -2] : order, rank: x.rank)
            full.swapAt(pair[0], pair[1])
        }
        return [try context.add(Transpose(full), x)]
    }
}

/// Extents of 1 taken away or added.
public struct SqueezeLayer: Layer {
    public let adds: Bool
    public var axis = 0

    public init(adds: Bool) { self.adds = adds }

    public var definition: LayerDefinition { adds ? Self.unsqueeze : Self.squeeze }

    static let squeeze = LayerDefinition(Self(adds: false), name: "squeeze", doc: "x without a dimension of extent 1.") {
        Argument("axis", \.axis, "the dimension that is taken away", .required)
    }
    static let unsqueeze = LayerDefinition(Self(adds: true), name: "unsqueeze", doc: "x with one more dimension, of extent 1.") {
        Argument("axis", \.axis, "where the dimension is in the result", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        var shape = x.shape
        let place = try InferenceRules.axis(axis, rank: adds ? x.rank + 1 : x.rank)
        if adds {
            shape.insert(1, at: place)
        } else {
            guard shape[place] == 1 else { throw DLCError("dimension \(place) of \(x.type) is not 1") }
            shape.remove(at: place)
        }
        return [try context.add(Reshape(shape: shape), x)]
    }
}

/// x repeated along dimensions of extent 1.
public struct ExpandLayer: Layer {
    public var shape: [Dim] = []

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "expand", doc: "x repeated along dimensions of extent 1, as broadcasting does; -1 leaves an extent as it is."
    ) {
        Argument("shape", \.shape, "extents of the result", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let missing = shape.count - x.rank
        guard missing >= 0 else { throw DLCError("shape has \(shape.count) extents for \(x.type)") }
        let wanted = shape.indices.map { shape[$0].constant == -1 && $0 >= missing ? x.shape[$0 - missing] : shape[$0] }
        guard try InferenceRules.broadcast([x.shape, wanted]) == wanted else {
            throw DLCError("\(x.type) does not broadcast to [\(wanted.map(\.description).joined(separator: ", "))]")
        }
        return [try context.add(Expand(shape: wanted), x)]
    }
}

/// Tensors one after another.
public struct ConcatLayer: Layer {
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "concat", doc: "Tensors one after another along a dimension, the channels by default.", operands: ["x..."]
    ) {
        Argument("axis", \.axis, "the dimension along which they follow one another")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        try context.all(Concat(axis: axis), operands)
    }
}

/// Tensors of one shape along a new dimension.
public struct StackLayer: Layer {
    public var axis = 0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "stack", doc: "Tensors of one shape one after another along a new dimension: n of `[N, C]` become `[n, N, C]`.",
        operands: ["x..."]
    ) {
        Argument("axis", \.axis, "where the dimension is in the result")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let first = try operand(operands, 0)
        let place = try InferenceRules.axis(axis, rank: first.rank + 1)
        let rows = try operands.indices.map { index in
            let x = try operand(operands, index)
            guard x.type == first.type else {
                throw DLCError("tensors \(first.type) and \(x.type) cannot be stacked; expected one type and shape")
            }
            return try context.add(Reshape(shape: Shape(x.shape[..<place]) + [1] + Shape(x.shape[place...])), x)
        }
        return try context.all(Concat(axis: place), rows)
    }
}

/// The elements in another type.
public struct CastLayer: Layer {
    public var type = ElementType.float32

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "cast", doc: "The elements in another type: rounded to nearest even for floats, toward zero for integers."
    ) {
        Argument("type", \.type, "the element type of the result", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        return [x.element == type ? x : try context.add(Cast(to: type), x)]
    }
}
