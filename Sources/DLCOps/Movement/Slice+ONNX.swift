import DLCGraph

extension Slice {
    static let readSlice: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let x = try reader.fact(0)
        try reader.allowAttributes(reader.opset < 10 ? ["starts", "ends", "axes"] : [])
        // Lists whose lengths data decide are as long as others are, or as those of one axis, as which exporters write them.
        let lengths = [reader.length(3), reader.length(1), reader.length(2), reader.length(4)]
        let count = lengths.compactMap { $0 }.first ?? 1
        for index in 1...2 { try reader.settle(index, count: count) }
        guard let starts = try reader.dims(attribute: "starts", orOperand: 1, isSigned: true),
            let ends = try reader.dims(attribute: "ends", orOperand: 2, isSigned: true)
        else { throw DLCError("starts and ends are needed") }
        let given = try reader.ints(attribute: "axes", orOperand: 3) ?? Array(starts.indices)
        let axes = try InferenceRules.axes(given, rank: x.rank)
        let steps = try reader.ints(4, "steps") ?? [Int](repeating: 1, count: axes.count)
        guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
            throw DLCError("starts, ends, axes and steps have \(starts.count), \(ends.count), \(axes.count) and \(steps.count) entries")
        }
        var slice = Slice(starts: Shape(repeating: 0, count: x.rank), sizes: x.shape, steps: [Int](repeating: 1, count: x.rank))
        for (i, axis) in axes.enumerated() {
            let (start, size) = try resolve(starts[i], ends[i], step: steps[i], extent: x.shape[axis])
            // A step says nothing about fewer than two elements; 1 keeps equal slices equal.
            let isShort = size.constant.map { $0 < 2 } ?? false
            let farthest = Int(Int32.max)
            slice.starts[axis] = start
            slice.sizes[axis] = size
            slice.steps[axis] = isShort ? 1 : max(-farthest, min(farthest, steps[i]))
        }
        return slice.isWhole(of: x.shape) ? [try reader.required(0)] : try reader.add(slice, [reader.operand(0)])
    }

    private func isWhole(of shape: Shape) -> Bool {
        sizes == shape && starts.allSatisfy { $0 == 0 } && steps.allSatisfy { $0 == 1 }
    }

    /// Start and size by NumPy's rules (ONNX Slice): negative positions count from the end, then both are clamped.
    static func resolve(_ start: Dim, _ end: Dim, step: Int, extent: Dim) throws -> (start: Dim, size: Dim) {
        guard step != 0, step != .min else { throw DLCError("steps of Slice must not be \(step)") }
        let (least, most) = step > 0 ? (Dim(0), extent) : (Dim(-1), try extent.minus(1))
        let from = try place(of: start, extent, least: least, most: most)
        let to = try place(of: end, extent, least: least, most: most)
        let size = try count(from: from, to: to, step)
        return (step < 0 && size == 0 ? 0 : from, size)
    }

    /// Where a position that may count from the end lies, clamped.
    private static func place(of position: Dim, _ extent: Dim, least: Dim, most: Dim) throws -> Dim {
        // Exporters write the least and the largest integers, or round numbers that no extent reaches, for "all".
        if let position = position.constant, position <= -1_000_000_000 { return least }
        if let position = position.constant, position >= 1_000_000_000 { return most }
        // Not from the end: an extent is not negative, even where its expression might be.
        if position == extent { return most }
        let counted = try Dim.select(position.isNegative(), position.plus(extent), position)
        return try Dim.max(least, Dim.min(counted, most))
    }

    /// How many elements there are between two places.
    private static func count(from: Dim, to: Dim, _ step: Int) throws -> Dim {
        // Beyond that one element is all there is.
        let stride = Dim(Swift.min(abs(step), Int(Int32.max)))
        return try Dim.max(0, (step > 0 ? to.minus(from) : from.minus(to)).ceilingQuotient(stride))
    }

    /// One slice per result.
    static let readSplit: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "split", "num_outputs"])
        let x = try reader.fact(0)
        let axis = try InferenceRules.axis(reader.attribute("axis") ?? 0, rank: x.rank)
        let count: Int = try reader.attribute("num_outputs") ?? reader.resultNames.count
        guard count > 0, count <= max(reader.resultNames.count, 1 << 12) else { throw DLCError("\(count) results cannot be made") }
        let extent = x.shape[axis]
        var sizes: [Dim]
        if let given = try reader.dims(attribute: "split", orOperand: 1) {
            let sum = try given.reduce(Dim(0)) { try $0.plus($1) }
            try reader.require(.equal, extent, sum, "parts \(given.text) sum to dimension \(axis) of \(x.type)")
            sizes = given
        } else {
            let part = try extent.ceilingQuotient(Dim(count))
            sizes = [Dim](repeating: part, count: count)
            if let d = extent.constant, let p = part.constant {
                sizes = try (0..<count).map { Dim(max(0, min(p, d - (try Checked.multiply($0, p))))) }
            } else {
                sizes[count - 1] = try extent.minus(part.times(Dim(count - 1)))
            }
            // Parts of unequal size came with num_outputs.
            if reader.opset < 18 {
                try reader.require(.divides, Dim(count), extent, "dimension \(axis) of \(x.type) is split into \(count) equal parts")
            }
        }
        guard sizes.count >= reader.resultNames.count else {
            throw DLCError("\(sizes.count) parts are given for \(reader.resultNames.count) results")
        }
        var start: Dim = 0
        var results: [Value] = []
        for (index, size) in sizes.enumerated() {
            var slice = Slice(starts: Shape(repeating: 0, count: x.rank), sizes: x.shape, steps: [Int](repeating: 1, count: x.rank))
            (slice.starts[axis], slice.sizes[axis]) = (start, size)
            start = try start.plus(size)
            if slice.isWhole(of: x.shape) {
                results.append(try reader.required(0))
            } else {
                let name = index < reader.resultNames.count ? reader.resultNames[index] : nil
                results.append(try reader.builder.add1(slice, [reader.operand(0)], name: reader.name, resultName: name))
            }
        }
        return results
    }

    /// The shortest form of a position that means the same: what Slice does itself, such as to end at the end, need not be computed.
    /// Best is what the graph computes anyway. Forms that exceed what a dimension may be are none.
    private static func shortest(_ position: Dim, _ contents: WrittenContents, where isSame: (Dim) throws -> Bool) -> Dim {
        if position.constant != nil || position.symbol != nil { return position }
        if let known = contents.expressions.prefix(64).first(where: { (try? isSame($0)) == true }) { return known }
        var best = position
        while let shorter = shorter(best, where: isSame) { best = shorter }
        return best
    }

    private static func shorter(_ position: Dim, where isSame: (Dim) throws -> Bool) -> Dim? {
        var seen: Set = [position]
        var open = [position][...]
        while let next = open.popFirst(), seen.count < 128 {
            for candidate in (try? next.decisions()) ?? [] where seen.insert(candidate).inserted {
                if candidate.size < position.size, (try? isSame(candidate)) == true { return candidate }
                open.append(candidate)
            }
        }
        return nil
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard var op = writer.op as? Slice, let shape = writer.operandFacts[0]?.shape else { return }
        // Where nothing is taken, it is taken from the front.
        for axis in shape.indices where op.sizes[axis] == 0 { (op.starts[axis], op.steps[axis]) = (0, 1) }
        let axes = shape.indices.filter { op.starts[$0] != 0 || op.sizes[$0] != shape[$0] || op.steps[$0] != 1 }
        // A position that is so far from an end which is not known is written as that, so that a shorter x gives what there is.
        func position(_ place: Dim, _ axis: Int) throws -> Dim {
            guard op.steps[axis] > 0, !place.isNonNegative, let back = try shape[axis].minus(place).constant, back > 0 else { return place }
            return Dim(-back)
        }
        let starts: [Dim] = try axes.map { axis in
            let (start, step, extent) = (op.starts[axis], op.steps[axis], shape[axis])
            let spelled = try position(start, axis)
            return step < 0 ? spelled : shortest(spelled, writer.contents) { try place(of: $0, extent, least: 0, most: extent) == start }
        }
        let ends: [Dim] = try axes.map { axis in
            let (start, size, step, extent) = (op.starts[axis], op.sizes[axis], op.steps[axis], shape[axis])
            let end = try position(start.plus(size.times(Dim(step))), axis)
            if step > 0, end == extent, end.constant == nil { return Dim(.max) }
            if step > 0 {
                return shortest(end, writer.contents) { try count(from: start, to: place(of: $0, extent, least: 0, most: extent), step) == size }
            }
            if end.isNonNegative { return end }
            // Before the first element; −1 would be the last one.
            if let end = end.constant { return Dim(end < 0 ? -Int(Int32.max) : end) }
            return try Dim.max(end, 0).plus(Dim.min(end, 0).times(Dim(Int(Int32.max))))
        }
        if writer.opset < 10 {
            guard let first = starts.constants, let last = ends.constants, axes.allSatisfy({ op.steps[$0] == 1 }) else {
                throw DLCError("Slice with steps or symbolic limits needs opset 10 or newer")
            }
            return writer.node("Slice", attributes: [("starts", .ints(first)), ("ends", .ints(last)), ("axes", .ints(axes))])
        }
        let inputs = [
            writer.inputs[0], try writer.dimensions(starts, "starts"), try writer.dimensions(ends, "ends"),
            try writer.integers(axes, "axes"), try writer.integers(axes.map { op.steps[$0] }, "steps"),
        ]
        writer.node("Slice", inputs: inputs)
    }
}
