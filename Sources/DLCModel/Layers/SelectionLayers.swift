import DLCGraph
import DLCOps

/// x in parts along a dimension.
public struct SplitLayer: Layer {
    public var parts: Extents = 2
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "split", doc: "x in parts along a dimension: a number of equal ones, or one per extent of a list.",
        results: ["parts..."]
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
        let kind: PadMode =
            switch mode {
            case .constant: .constant;
            case .reflect: .reflect;
            case .replicate: .edge;
            case .circular: .wrap
            }
        let value = fill == 0 ? nil : try x.builder.scalar(fill, like: x)
        return [try context.add(Pad(pads: pads, mode: kind), x, value)]
    }
}

/// Slices chosen by indices.
public struct GatherLayer: Layer {
    public var axis = 0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "gather", doc: "Slices of x along a dimension, chosen by integers; below 0 they count from the end.",
        operands: ["x", "indices"]
    ) {
        Argument("axis", \.axis, "the dimension whose places are chosen")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Gather(axis: axis), operand(operands, 0), integers(operand(operands, 1), context))]
    }
}

/// Slices replaced at places that indices choose.
public struct ScatterLayer: Layer {
    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "scatter",
        doc:
            "x with other slices along its first dimension: `updates` `[K, …]` at the places `indices` `[K]`, below 0 counted from the end. "
            + "Of a state only these slices are written.",
        operands: ["x", "indices", "updates"])

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (x, updates) = (try operand(operands, 0), try operand(operands, 2))
        let indices = try integers(operand(operands, 1), context)
        guard indices.rank == 1 else { throw DLCError("the indices are \(indices.type); expected a vector") }
        guard x.rank >= 1 else { throw DLCError("x is \(x.type); expected at least one dimension") }
        let places = try context.add(Reshape(shape: [indices.shape[0], 1]), indices)
        return [try context.add(ScatterND(), x, places, updates)]
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
