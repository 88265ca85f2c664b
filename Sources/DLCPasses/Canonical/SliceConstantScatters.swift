import DLCGraph
import DLCOps

/// Updates whose constant indices address a box, as exporters spell assignments to slices (`y[:, 1:] += x`), need no indices: where
/// the box is all of a tensor they are the result, and where it is the greater part they stand between slices of the rest. What
/// writes less stays a scatter, which may write in place.
///
///     scatter_nd(%x, [[i, j] for all i and j], %updates)         →   reshape(%updates)
///     scatter_nd(%x, [[i, j + 1] for all i and j], %updates)     →   concat(slice(%x), reshape(%updates))
public let sliceConstantScatters = Pass("slice-constant-scatters", at: .canonical) { rewriter, node in
    guard let scatter = node.op as? ScatterND, scatter.reduction == .none, let x = node.operands[0], let indices = node.operands[1],
        let updates = node.operands[2], let box = try Box(rewriter, indices, of: rewriter.shape(x))
    else { return nil }
    let written = try rewriter.add1(Reshape(shape: box.sizes), [updates])
    return [try box.written(over: x, written, &rewriter, from: 0)]
}

/// Where a scatter writes: `sizes` elements from `starts` on.
private struct Box {
    var starts: [Int]
    var sizes: Shape

    /// - Parameters:
    ///   - indices: `[…, k]`.
    ///   - shape: of what is written to.
    /// - Returns: nil where the indices are not known to be those of a box inside that is half of the tensor or more.
    init?(_ rewriter: Rewriter, _ indices: Value, of shape: Shape) throws {
        let extents = Shape(rewriter.shape(indices).dropLast())
        guard let columns = try Self.columns(rewriter, indices, extents), columns.count <= shape.count else { return nil }
        (starts, sizes) = ([Int](repeating: 0, count: shape.count), shape)
        var next = 0
        for (axis, column) in columns.enumerated() {
            starts[axis] = column.start
            sizes[axis] = 1
            guard let along = column.along else { continue }
            // Updates lie in the order of their own dimensions.
            guard along >= next else { return nil }
            sizes[axis] = extents[along]
            next = along + 1
        }
        // Updates of one place, of which the last is to stay.
        let addressed = columns.compactMap(\.along)
        guard extents.indices.allSatisfy({ extents[$0].constant == 1 || addressed.contains($0) }) else { return nil }
        var part = (written: 1, of: 1)
        for axis in shape.indices where starts[axis] != 0 || sizes[axis] != shape[axis] {
            guard let extent = shape[axis].constant, let size = sizes[axis].constant, size > 0, starts[axis] >= 0,
                try Checked.add(starts[axis], size) <= extent
            else { return nil }
            part = (try Checked.multiply(part.written, size), try Checked.multiply(part.of, extent))
        }
        if try Checked.multiply(part.written, 2) < part.of { return nil }
    }

    /// The box written over a tensor, axis by axis.
    func written(over x: Value, _ box: Value, _ rewriter: inout Rewriter, from first: Int) throws -> Value {
        let shape = rewriter.shape(x)
        guard let axis = shape.indices.first(where: { $0 >= first && sizes[$0] != shape[$0] }), let extent = shape[axis].constant,
            let size = sizes[axis].constant
        else { return box }
        func part(_ start: Int, _ count: Int) throws -> Value? {
            if count == 0 { return nil }
            var slice = Slice(starts: shape.map { _ in 0 }, sizes: shape, steps: shape.map { _ in 1 })
            (slice.starts[axis], slice.sizes[axis]) = (Dim(start), Dim(count))
            return try rewriter.add1(slice, [x])
        }
        let end = starts[axis] + size
        let before = try part(0, starts[axis]), after = try part(end, extent - end)
        // Nothing is read of what is written over whole.
        var middle = box
        if shape.indices.contains(where: { $0 > axis && sizes[$0] != shape[$0] }), let inner = try part(starts[axis], size) {
            middle = try written(over: inner, box, &rewriter, from: axis + 1)
        }
        let parts: [Value] = [before, middle, after].compactMap { $0 }
        return try rewriter.add1(Concat(axis: axis), parts)
    }

    /// Indices of one dimension: from `start` on along one of their own dimensions, or everywhere the same.
    private struct Column {
        var start: Int
        var along: Int?
    }

    private static func columns(_ rewriter: Rewriter, _ indices: Value, _ extents: Shape) throws -> [Column]? {
        guard let count = rewriter.shape(indices).last?.constant else { return nil }
        if let tensor = rewriter.constant(indices) { return try columns(tensor, count) }
        guard let (concat, node) = rewriter.produced(indices, by: Concat.self), node.operands.count == count else {
            return count == 1 ? try column(rewriter, indices, extents).map { [$0] } : nil
        }
        guard try InferenceRules.axis(concat.axis, rank: extents.count + 1) == extents.count else { return nil }
        var columns: [Column] = []
        for case let operand? in node.operands {
            guard rewriter.shape(operand).last?.constant == 1, let column = try column(rewriter, operand, extents) else { return nil }
            columns.append(column)
        }
        return columns
    }

    /// The column of indices `[extents…, 1]`: numbers along one dimension, spread over the others.
    private static func column(_ rewriter: Rewriter, _ value: Value, _ extents: Shape) throws -> Column? {
        var value = value
        if let (_, node) = rewriter.produced(value, by: Reshape.self), let inner = node.operands[0], rewriter.shape(inner) == extents {
            value = inner
        }
        var shape = rewriter.shape(value)
        if let (_, node) = rewriter.produced(value, by: Expand.self), let inner = node.operands[0] {
            value = inner
            shape = rewriter.shape(inner)
        } else if shape == extents + [1] {
            shape.removeLast()
        }
        guard shape.count <= extents.count, let numbers = try rewriter.constant(value)?.integers(), let start = numbers.first.map(Int.init)
        else { return nil }
        let axes = shape.indices.filter { shape[$0].constant != 1 }
        if axes.isEmpty { return Column(start: start) }
        guard axes.count == 1, numbers.enumerated().allSatisfy({ Int($0.element) == start &+ $0.offset }) else { return nil }
        return Column(start: start, along: axes[0] + extents.count - shape.count)
    }

    /// The columns of indices that are all known.
    private static func columns(_ indices: Tensor, _ count: Int) throws -> [Column]? {
        let shape = Array(indices.shape.dropLast()), numbers = try indices.integers().map(Int.init)
        guard count > 0, !numbers.isEmpty else { return nil }
        var steps = shape.map { _ in count }
        for axis in shape.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
        return (0..<count).reduce(into: [Column]?.some([])) { columns, column in
            let start = numbers[column]
            let along = shape.indices.first { shape[$0] > 1 && numbers[column + steps[$0]] != start }
            let isProgression = stride(from: column, to: numbers.count, by: count).allSatisfy { index in
                numbers[index] == start &+ (along.map { index / steps[$0] % shape[$0] } ?? 0)
            }
            if isProgression { columns?.append(Column(start: start, along: along)) } else { columns = nil }
        }
    }
}
