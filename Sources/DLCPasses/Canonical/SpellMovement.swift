import DLCGraph
import DLCOps

/// Spells movements without a kernel of their own in others, with indices that the run computes.
///
///     eye_like() {shape: dims(n; m), k}   →   cast(equal(add(range(n), k), range(m)))
///     reverse_sequence(%x, %lengths)      →   gather_elements(%x, where(less(t, %lengths), %lengths - 1 - t, t))
///     compress(%x, constant)              →   gather(%x, constant)
public let spellMovement = Pass("spell-movement", at: .canonical) { rewriter, node in
    switch node.op {
    case let op as EyeLike:
        let rows = try rewriter.range(op.shape[0], axis: 0, rank: 2)
        let columns = try rewriter.range(op.shape[1], axis: 1, rank: 2)
        let diagonal = rewriter.constant(try Tensor([Int64(op.k)], shape: []))
        let isOn = try rewriter.add1(Binary(.equal), [try rewriter.add1(Binary(.add), [rows, diagonal]), columns], name: node.name)
        return [op.to == .bool ? isOn : try rewriter.add1(Cast(to: op.to), [isOn], name: node.name)]
    case let op as ReverseSequence:
        guard let x = node.operands[0], let lengths = node.operands[1] else { return nil }
        let shape = rewriter.shape(x)
        let axes = try InferenceRules.axes([op.batchAxis, op.timeAxis], rank: shape.count)
        var along = Shape(repeating: 1, count: shape.count)
        along[axes[0]] = shape[axes[0]]
        let length = try rewriter.add1(Reshape(shape: along), [lengths])
        let time = try rewriter.range(shape[axes[1]], axis: axes[1], rank: shape.count)
        let one = rewriter.constant(try Tensor([1 as Int64], shape: []))
        let last = try rewriter.add1(Binary(.sub), [length, one])
        let mirrored = try rewriter.add1(Binary(.sub), [last, time])
        let isInside = try rewriter.add1(Binary(.less), [time, length])
        let place = try rewriter.add1(Where(), [isInside, mirrored, time])
        let places = try rewriter.add1(Expand(shape: shape), [place])
        return [try rewriter.add1(GatherElements(axis: axes[1]), [x, places], name: node.name)]
    case let op as Compress:
        guard let x = node.operands[0], let condition = rewriter.constant(node.operands[1]) else { return nil }
        let chosen = try condition.integers().enumerated().filter { $0.element != 0 }.map { Int64($0.offset) }
        let indices = rewriter.constant(try Tensor(chosen, shape: [chosen.count]))
        guard op.axis == nil else { return [try rewriter.add1(Gather(axis: op.axis ?? 0), [x, indices], name: node.name)] }
        let flat = try rewriter.add1(Reshape(shape: [rewriter.shape(x).product()]), [x])
        return [try rewriter.add1(Gather(axis: 0), [flat, indices], name: node.name)]
    default: return nil
    }
}

extension Rewriter {
    /// The i64 numbers from 0 up to but without an extent, along `axis` of `rank` dimensions.
    fileprivate mutating func range(_ extent: Dim, axis: Int, rank: Int) throws -> Value {
        let limit = try add1(Extents(values: [extent], shape: []), [])
        let (zero, one) = (constant(try Tensor([0 as Int64], shape: [])), constant(try Tensor([1 as Int64], shape: [])))
        let numbers = try add1(RangeOf(), [zero, limit, one])
        var shape = Shape(repeating: 1, count: rank)
        shape[axis] = extent
        return try add1(Reshape(shape: shape), [numbers])
    }
}
