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
        Self(), name: "reshape", doc: "The same elements in row-major order under another shape; one extent may be -1, which is what remains."
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
        Argument("order", \.order, "the dimensions of x in their new order; two dimensions are exchanged; none for the last two", .positional)
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

/// x in parts along a dimension.
public struct SplitLayer: Layer {
    public var parts: Extents = 2
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "split", doc: "x in parts along a dimension: a number of equal ones, or one per extent of a list.", results: ["parts..."]
    ) {
        Argument("parts", \.parts, "how many equal parts, or their extents", .required)
        Argument("axis", \.axis, "the dimension that is split")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        var sizes = parts.values
        if parts.isUniform {
            let (extent, count) = (try x.extent(axis), parts.values[0])
            guard count >= 1, count <= 1 << 16, extent % count == 0 else {
                throw DLCError("dimension \(axis) of \(x.type) cannot be split into \(count) equal parts")
            }
            sizes = [Int](repeating: extent / count, count: count)
        } else {
            let sum = try sizes.reduce(0) { try Checked.add($0, $1) }
            guard !sizes.isEmpty, sizes.allSatisfy({ $0 >= 0 }), x.shape[axis] == Dim(sum) else {
                throw DLCError("parts \(sizes) sum to \(sum), dimension \(axis) of \(x.type) is \(x.shape[axis])")
            }
        }
        var start = 0
        return try sizes.map { size in
            defer { start += size }
            return try x.sliced(axis: axis, from: Dim(start), count: Dim(size), context)
        }
    }
}

/// Part of a dimension.
public struct SliceLayer: Layer {
    public var start = Dim(0)
    public var end: Dim?
    public var step = 1
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "slice",
        doc: "Places `start ..< end` of one dimension, `step` apart; numbers below 0 count from the end."
    ) {
        Argument("start", \.start, "the first place", .required)
        Argument("end", \.end, "the place after the last; none for the end", .positional)
        Argument("step", \.step, "the distance of places, at least 1")
        Argument("axis", \.axis, "the dimension that is cut")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        try positive(step, "step")
        let extent = x.shape[axis]
        func place(_ dim: Dim) throws -> Dim {
            let counted = dim.constant.map { $0 < 0 } == true ? try extent.plus(dim) : dim
            guard let (at, last) = counted.constant.flatMap({ at in extent.constant.map { (at, $0) } }) else { return counted }
            guard at >= 0, at <= last else { throw DLCError("\(dim) is outside dimension \(axis) of \(x.type)") }
            return counted
        }
        let (from, to) = (try place(start), try place(end ?? extent))
        let room = try to.minus(from)
        if let room = room.constant, room < 0 { throw DLCError("start \(start) lies after end \(end ?? extent) of \(x.type)") }
        var (starts, sizes, steps) = (Shape(repeating: 0, count: x.rank), x.shape, [Int](repeating: 1, count: x.rank))
        (starts[axis], sizes[axis], steps[axis]) = (from, try room.ceilingQuotient(Dim(step)), step)
        return [try context.add(Slice(starts: starts, sizes: sizes, steps: steps), x)]
    }
}

/// Elements added around the spatial dimensions, or taken away.
public struct PadLayer: Layer {
    public enum Mode: String, Sendable, CaseIterable, ArgumentConvertible { case constant, reflect, replicate, circular }

    public let crops: Bool
    public var padding = Padding.extents(0)
    public var mode = Mode.constant
    public var fill = 0.0

    public init(crops: Bool) { self.crops = crops }

    public var definition: LayerDefinition { crops ? Self.crop : Self.pad }

    static let pad = LayerDefinition(
        Self(crops: false), name: "pad", doc: "x `[N, C, spatial…]` with elements added around the spatial dimensions."
    ) {
        Argument("padding", \.padding, "how many per side: for all, per dimension, or in front of each and then behind each", .required)
        Argument("mode", \.mode, "what is added: a number, the image mirrored, its border, or the image again")
        Argument("fill", \.fill, "the number")
    }
    static let crop = LayerDefinition(
        Self(crops: true), name: "crop", doc: "x `[N, C, spatial…]` without elements at the sides of the spatial dimensions."
    ) {
        Argument("padding", \.padding, "how many per side: for all, per dimension, or in front of each and then behind each", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let rank = try ImageWindows.spatialRank(x)
        let sides = try padding.numbers(rank: rank).map { Dim(crops ? -$0 : $0) }
        let pads: [Dim] = [0, 0] + Array(sides[..<rank]) + [0, 0] + Array(sides[rank...])
        let kind: PadMode = switch mode { case .constant: .constant; case .reflect: .reflect; case .replicate: .edge; case .circular: .wrap }
        let value = fill == 0 ? nil : try x.builder.scalar(fill, like: x)
        return [try context.add(Pad(pads: pads, mode: kind), x, value)]
    }
}

/// Slices chosen by indices.
public struct GatherLayer: Layer {
    public var axis = 0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "gather", doc: "Slices of x along a dimension, chosen by integers; below 0 they count from the end.", operands: ["x", "indices"]
    ) {
        Argument("axis", \.axis, "the dimension whose places are chosen")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Gather(axis: axis), operand(operands, 0), integers(operand(operands, 1), context))]
    }
}

/// Indices as vectors of zeros with a one.
public struct OneHotLayer: Layer {
    public var depth = 0
    public var type = ElementType.float32

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "oneHot", doc: "For every index a vector of `depth` zeros with a one at its place: `[…]` becomes `[…, depth]`.",
        operands: ["indices"]
    ) {
        Argument("depth", \.depth, "how many classes there are", .required)
        Argument("type", \.type, "the element type of the result")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        try positive(depth, "depth")
        let indices = try integers(operand(operands, 0), context)
        let values = indices.builder.constant(try Tensor(doubles: [0, 1], type: type, shape: [2]))
        return [try context.add(OneHot(depth: Dim(depth)), indices, values)]
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

/// Dropout, which does nothing at inference.
public struct DropoutLayer: Layer {
    public var rate = 0.5

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "dropout", doc: "x as it is: elements are dropped in training only.", source: "Srivastava et al., 2014"
    ) {
        Argument("rate", \.rate, "the part of the elements that training drops", .positional)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        guard rate >= 0, rate <= 1 else { throw DLCError("rate is \(rate); expected 0 to 1") }
        return [try operand(operands, 0)]
    }
}
