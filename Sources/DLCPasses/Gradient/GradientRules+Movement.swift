import DLCGraph
import DLCOps

extension GradientRules {
    /// Operators that move elements without indices from data, and those that read none.
    static let movement: [GradientRule] = [
        GradientRule(Reshape.self, single: { gradient, _, node, adjoint in
            try node.operands.map { try $0.map { try gradient.reshape(adjoint, to: gradient.shape($0)) } }
        }),
        GradientRule(Expand.self, single: { gradient, _, node, adjoint in
            try node.operands.map { try $0.map { try gradient.summed(adjoint, to: gradient.shape($0)) } }
        }),
        GradientRule(Transpose.self, single: { gradient, op, _, adjoint in
            var back = op.perm
            for (position, axis) in op.perm.enumerated() { back[axis] = position }
            return [try gradient.transpose(adjoint, back)]
        }),
        GradientRule(Concat.self, single: { gradient, op, node, adjoint in
            let axis = try InferenceRules.axis(op.axis, rank: gradient.shape(adjoint).count)
            var start: Dim = 0
            return try node.operands.map { operand in
                guard let operand else { return nil }
                let count = gradient.shape(operand)[axis]
                let part = try gradient.slice(adjoint, axis: axis, from: start, count: count)
                start = try start.plus(count)
                return part
            }
        }),
        GradientRule(Slice.self, single: slice),
        GradientRule(Tile.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0] else { return [] }
            let shape = gradient.shape(x)
            let parts = try gradient.reshape(adjoint, to: Shape(zip(op.repeats, shape).flatMap { [$0, $1] }))
            return [try gradient.reshape(gradient.sum(parts, axes: shape.indices.map { 2 * $0 }), to: shape)]
        }),
        GradientRule(Pad.self, single: pad),
        GradientRule(Trilu.self, single: { gradient, op, _, adjoint in [try gradient.add(op, adjoint)] }),
        GradientRule(CumSum.self, single: { gradient, op, _, adjoint in
            [try gradient.add(CumSum(axis: op.axis, exclusive: op.exclusive, reverse: !op.reverse), adjoint)]
        }),
        GradientRule(ReverseSequence.self, single: { gradient, op, node, adjoint in
            [try gradient.add(op, adjoint, node.operands[1])]
        }),
        GradientRule(RangeOf.self, single: { gradient, _, node, adjoint in
            let positions = try gradient.add(CumSum(axis: 0, exclusive: true), gradient.full(1, like: adjoint))
            let (start, delta) = (try gradient.sum(adjoint, axes: [0]), try gradient.sum(gradient.times(adjoint, positions), axes: [0]))
            return try zip(node.operands, [start, nil, delta]).map { operand, adjoint in
                guard let operand, let adjoint else { return nil }
                return try gradient.reshape(adjoint, to: gradient.shape(operand))
            }
        }),
        .zero(Constant.self),
        .zero(Extents.self),
        .zero(Fill.self),
        .zero(EyeLike.self),
        .zero(ShapeOf.self),
        .zero(Size.self),
        .none(BitCast.self, because: "it reads bits"),
    ]

    /// What was taken goes back to its place among zeros: elements that were apart get zeros behind each, backward steps turn.
    @Sendable private static func slice(
        _ gradient: inout GradientBuilder, _ op: Slice, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0] else { return [] }
        let shape = gradient.shape(x)
        var starts = op.starts
        var result = adjoint
        if op.steps.contains(where: { $0 < 0 }) {
            let turn = Slice(
                starts: try zip(op.sizes, op.steps).map { $1 < 0 ? try $0.minus(1) : 0 }, sizes: op.sizes,
                steps: op.steps.map { $0 < 0 ? -1 : 1 })
            result = try gradient.add(turn, result)
            for axis in shape.indices where op.steps[axis] < 0 {
                starts[axis] = try starts[axis].plus(op.sizes[axis].minus(1).times(Dim(op.steps[axis])))
            }
        }
        var sizes = op.sizes
        if op.steps.contains(where: { abs($0) > 1 }) {
            // [n] → [n, 1] → [n, step] → [n · step]
            let apart = zip(op.sizes, op.steps).flatMap { size, step -> Shape in abs(step) > 1 ? [size, 1] : [size] }
            let behind = op.steps.flatMap { step -> Shape in abs(step) > 1 ? [0, Dim(abs(step) - 1)] : [0] }
            result = try gradient.reshape(result, to: Shape(apart))
            result = try gradient.add(Pad(pads: Shape(repeating: 0, count: behind.count) + behind), result)
            sizes = try zip(sizes, op.steps).map { try $0.times(Dim(abs($1))) }
            result = try gradient.reshape(result, to: Shape(sizes))
        }
        let after = try shape.indices.map { try shape[$0].minus(starts[$0]).minus(sizes[$0]) }
        if (starts + after).allSatisfy({ $0 == 0 }) { return [result] }
        return [try gradient.add(Pad(pads: starts + after), result)]
    }

    @Sendable private static func pad(
        _ gradient: inout GradientBuilder, _ op: Pad, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0] else { return [] }
        if op.mode == .constant {
            let inner = try gradient.add(Pad(pads: op.pads.map { try $0.times(-1) }), adjoint)
            guard node.operands.count > 1, node.operands[1] != nil else { return [inner] }
            let inside = try gradient.add(Pad(pads: op.pads), gradient.full(1, like: x))
            let axes = Array(gradient.shape(adjoint).indices)
            let outside = try gradient.times(adjoint, gradient.complement(inside))
            return [inner, try gradient.add(Reduce(.sum, axes: axes, keepDims: false), outside)]
        }
        if op.pads.contains(where: { $0.constant ?? 0 < 0 }) {
            // What negative padding takes off goes first.
            let (cut, added) = (try op.pads.map { try Dim.min($0, 0) }, try op.pads.map { try Dim.max($0, 0) })
            return try gradient.backpropagated(to: node.operands, [adjoint]) { gradient in
                [try gradient.add(Pad(pads: added, mode: op.mode), gradient.add(Pad(pads: cut), x))]
            }
        }
        let shape = gradient.shape(x)
        var result = adjoint
        for axis in shape.indices where op.pads[axis] != 0 || op.pads[axis + shape.count] != 0 {
            let sources = try sources(&gradient, op, axis, rank: shape.count, from: shape[axis], to: gradient.shape(result)[axis])
            var extents = gradient.shape(result)
            extents[axis] = shape[axis]
            result = try gradient.add(GatherGradient(axis: axis, shape: extents), sources, result)
        }
        return [result]
    }

    /// Which element of a dimension stands at each place after padding.
    private static func sources(
        _ gradient: inout GradientBuilder, _ op: Pad, _ axis: Int, rank: Int, from extent: Dim, to padded: Dim
    ) throws -> Value {
        let places = try gradient.add(Binary(.sub), gradient.range(padded), gradient.extent(op.pads[axis]))
        let (zero, last) = (try gradient.extent(0), try gradient.extent(extent.minus(1)))
        switch op.mode {
        case .constant, .edge: return try gradient.add(Binary(.min), gradient.add(Binary(.max), places, zero), last)
        case .wrap: return try gradient.add(Binary(.mod), places, gradient.extent(extent))
        case .reflect:
            let period = try gradient.add(Binary(.max), gradient.extent(extent.minus(1).times(2)), gradient.extent(1))
            let folded = try gradient.add(Binary(.mod), places, period)
            return try gradient.add(Binary(.min), folded, gradient.add(Binary(.sub), period, folded))
        }
    }
}
