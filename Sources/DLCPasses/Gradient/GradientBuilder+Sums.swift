import DLCGraph
import DLCOps

/// Sums of what the readers of a value pass on.
extension GradientBuilder {
    /// The sum of one or more values of one shape, in their order. The gradients of slices that lie one behind the other, each of
    /// which is zero outside of its part, are put together, not added.
    mutating func sum(of parts: [Value]) throws -> Value {
        var rest = parts
        for axis in parts.count > 1 ? Array(shape(parts[0]).indices) : [] {
            guard let chain = try chain(of: rest, along: axis) else { continue }
            let joined = try concat(chain.map(\.inner), axis: axis)
            guard shape(joined) == shape(parts[0]) else { continue }
            for link in chain { rest.remove(at: rest.firstIndex(of: link.part) ?? 0) }
            rest.insert(joined, at: 0)
        }
        var sum = rest[0]
        for part in rest.dropFirst() { sum = try plus(sum, part) }
        return sum
    }

    /// Parts that are padded with zeros along one axis alone and there take turns from the first element to the last.
    private func chain(of parts: [Value], along axis: Int) throws -> [(part: Value, inner: Value)]? {
        let rank = shape(parts[0]).count
        var padded: [(part: Value, inner: Value, before: Dim, after: Dim)] = []
        for part in parts {
            guard let node = builder.producer(of: part), let op = node.op as? Pad, op.mode == .constant, node.operands.count < 2,
                let inner = node.operands[0], (0..<2 * rank).allSatisfy({ $0 % rank == axis || op.pads[$0] == 0 })
            else { continue }
            padded.append((part, inner, op.pads[axis], op.pads[axis + rank]))
        }
        var chain: [(part: Value, inner: Value)] = []
        var end: Dim = 0
        while let next = padded.firstIndex(where: { $0.before == end }) {
            let link = padded.remove(at: next)
            chain.append((link.part, link.inner))
            if link.after == 0 { return chain.count > 1 ? chain : nil }
            end = try end.plus(shape(link.inner)[axis])
        }
        return nil
    }
}
