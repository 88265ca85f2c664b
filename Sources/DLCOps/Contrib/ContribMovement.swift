import DLCGraph

/// Operators that choose, place or read elements.
enum ContribMovement {
    /// A dimension of extent 1 at a constant axis.
    static let readExpandDims: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        var shape = try reader.fact(0).shape
        guard let axes = try reader.ints(1, "axis"), axes.count == 1 else { throw DLCError("ExpandDims expects one axis") }
        shape.insert(1, at: try InferenceRules.axis(axes[0], rank: shape.count + 1))
        return try reader.add(Reshape(shape: shape), [reader.required(0)])
    }

    /// All windows of `size` elements along a dimension, `step` apart, as a further dimension behind the others.
    static let readUnfold: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dim", "size", "step"])
        let (x, fact) = (try reader.required(0), try reader.fact(0))
        let axis = try InferenceRules.axis(reader.attribute("dim") ?? -1, rank: fact.rank)
        let step: Int = try reader.attribute("step") ?? 1
        guard let size: Int = try reader.attribute("size"), size >= 1, step >= 1 else {
            throw DLCError("UnfoldTensor expects a size and a step of at least 1")
        }
        try reader.require(.atLeast, fact.shape[axis], Dim(size), "input is \(fact.type), in windows of \(size)")
        let count = try fact.shape[axis].minus(Dim(size)).quotient(Dim(step)).plus(1)
        let starts = try reader.range(count)
        let firsts = try reader.apply(.mul, starts, reader.scalar(Double(step), like: starts))
        let places = try reader.apply(.add, reader.reshape(firsts, [count, 1]), reader.range(Dim(size)))
        let windows = try reader.add1(Gather(axis: axis), [x, places])
        let axes = Array(0..<fact.rank + 1)
        return [try reader.transpose(windows, axes.filter { $0 != axis + 1 } + [axis + 1])]
    }

    /// Scores `[B, V]` without tokens that would make n tokens in a row that the row `[B, S]` has already; these get −∞.
    static let readNGramRepeat: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["ngram_size"])
        let (scores, ids) = (try reader.required(1), try reader.fact(0))
        guard let n: Int = try reader.attribute("ngram_size"), n >= 1, n <= 1024, ids.rank == 2, try reader.fact(1).rank == 2 else {
            throw DLCError("input_ids are \(ids.type); expected [batch, length], scores [batch, tokens] and an ngram_size of at least 1")
        }
        // Padding in front keeps all parts inside of rows that are shorter than n.
        let length = try ids.shape[1].plus(Dim(2 * n))
        let padded = try reader.add1(Pad(pads: [0, Dim(2 * n), 0, 0]), [reader.required(0)])
        let count = try Dim.max(0, ids.shape[1].minus(Dim(n - 1)))
        func part(endingBefore end: Int, _ count: Dim) throws -> Value {
            try reader.slice(padded, axis: 1, from: length.minus(Dim(end)).minus(count), count: count)
        }
        var isRepeated: Value?
        for offset in 1..<n {
            let isSame = try reader.apply(.equal, part(endingBefore: offset, count), part(endingBefore: offset - 1, 1))
            isRepeated = try isRepeated.map { try reader.apply(.and, $0, isSame) } ?? isSame
        }
        let tokens = try reader.cast(part(endingBefore: 0, count), .int64)
        let (low, high) = (try reader.scalar(-.infinity, like: scores), try reader.scalar(.infinity, like: scores))
        let chosen = try isRepeated.map { try reader.select($0, low, high) } ?? low
        let limits = try reader.add1(Expand(shape: [ids.shape[0], count]), [chosen])
        return try reader.add(ScatterElements(axis: 1, reduction: .min), [scores, tokens, limits])
    }

    /// Rows of a table `[rows, …]` by indices. Where the padding stands and how gradients are scaled, which two more operands say, is for
    /// training.
    static let readEmbedding: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return try reader.add(Gather(axis: 0), [reader.required(0), reader.required(1)])
    }

    /// The distinct elements of a vector in the order in which they come, which of them each element is, and how many there are of each.
    static let readUnique: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        guard try reader.fact(0).rank == 1 else { throw DLCError("x is \(try reader.fact(0).type); expected 1 dimension") }
        let results = try reader.builder.add(
            Unique(isSorted: false), [reader.required(0)], name: reader.name, resultNames: [nil, nil, nil, nil])
        return [results[0], results[2], results[3]]
    }

    /// Boxes `[R, 4]` (y1, x1, y2, x2 as shares of the image) cut out of images `[N, C, H, W]` and resized so that corners meet corners:
    /// `[R, C, height, width]` (TensorFlow's crop_and_resize).
    static let readCropAndResize: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["extrapolation_value", "mode"])
        let (x, boxes, images) = (try reader.fact(0), try reader.fact(1), try reader.fact(2))
        let mode: String = try reader.attribute("mode") ?? "bilinear"
        guard mode == "bilinear" || mode == "nearest" else { throw DLCError("mode is \(mode); expected bilinear or nearest") }
        guard x.rank == 4, boxes.rank == 2, images.rank == 1, let size = try reader.dims(3, "crop_size"), size.count == 2 else {
            throw DLCError("x is \(x.type), rois \(boxes.type), batch_indices \(images.type); expected 4, 2, 1 dimensions and 2 extents")
        }
        try reader.require(.equal, boxes.shape[1], 4, "rois are \(boxes.type)")
        try reader.require(.equal, boxes.shape[0], images.shape[0], "rois are \(boxes.type), batch_indices \(images.type)")
        for extent in x.shape[2...] { try reader.require(.atLeast, extent, 1, "x is \(x.type), which is sampled") }
        let count = boxes.shape[0]
        // Pixels as rows of channels.
        let pixels = try reader.reshape(
            reader.transpose(reader.required(0), [0, 2, 3, 1]), [try Shape([x.shape[0], x.shape[2], x.shape[3]]).product(), x.shape[1]])
        let bounds = try reader.cast(reader.required(1), .float32)
        func line(_ axis: Int) throws -> (low: Value, high: Value, weight: Value, isInside: Value) {
            let column: Shape = axis == 0 ? [count, size[0], 1] : [count, 1, size[1]]
            func bound(_ index: Int) throws -> Value { try reader.slice(bounds, axis: 1, from: index, count: 1) }
            let last = try reader.extent(x.shape[2 + axis].minus(1), like: bounds)
            let places = try positions(from: bound(axis), to: bound(axis + 2), count: size[axis], last: last, &reader)
            let zero = try reader.scalar(0, like: places)
            let isInside = try reader.apply(
                .and, reader.apply(.greaterOrEqual, places, zero), reader.apply(.lessOrEqual, places, last))
            var inside = try reader.select(isInside, places, zero)
            // Halves go away from 0.
            if mode == "nearest" { inside = try reader.apply(.floor, reader.apply(.add, inside, reader.scalar(0.5, like: inside))) }
            let low = try reader.apply(.floor, inside)
            let high = try reader.apply(.min, reader.apply(.add, low, reader.scalar(1, like: low)), last)
            func index(_ value: Value) throws -> Value { try reader.reshape(reader.cast(value, .int64), column) }
            return (
                try index(low), try index(high), try reader.reshape(reader.apply(.sub, inside, low), column + [1]),
                try reader.reshape(isInside, column + [1])
            )
        }
        let (rows, columns) = (try line(0), try line(1))
        let image = try reader.reshape(reader.cast(reader.required(2), .int64), [count, 1, 1])
        let first = try reader.apply(.mul, image, reader.extent(x.shape[2], like: image))
        func elements(_ row: Value, _ column: Value) throws -> Value {
            let start = try reader.apply(.mul, reader.apply(.add, first, row), reader.extent(x.shape[3], like: row))
            return try reader.add1(Gather(axis: 0), [pixels, reader.apply(.add, start, column)])
        }
        func blended(_ a: Value, _ b: Value, _ weight: Value) throws -> Value {
            try reader.apply(.add, a, reader.apply(.mul, reader.apply(.sub, b, a), reader.cast(weight, x.element)))
        }
        var y = try elements(rows.low, columns.low)
        if mode == "bilinear" {
            let upper = try blended(y, elements(rows.low, columns.high), columns.weight)
            let lower = try blended(elements(rows.high, columns.low), elements(rows.high, columns.high), columns.weight)
            y = try blended(upper, lower, rows.weight)
        }
        let isInside = try reader.apply(.and, rows.isInside, columns.isInside)
        let outside = try reader.scalar(reader.attribute("extrapolation_value") ?? 0, like: y)
        return [try reader.transpose(reader.select(isInside, y, outside), [0, 3, 1, 2])]
    }

    /// Where the rows or columns of crops lie, `[R, count]`: between both ends, or in their middle where there is one.
    private static func positions(
        from start: Value, to end: Value, count: Dim, last: Value, _ reader: inout ONNXReader
    ) throws -> Value {
        let steps = try reader.extent(count.minus(1), like: start)
        let one = try reader.scalar(1, like: start)
        let span = try reader.apply(.mul, reader.apply(.sub, end, start), last)
        let step = try reader.apply(.div, span, reader.apply(.max, steps, one))
        let index = try reader.cast(reader.range(count), .float32)
        let many = try reader.apply(.add, reader.apply(.mul, start, last), reader.apply(.mul, index, step))
        let half = try reader.apply(.mul, reader.apply(.add, start, end), reader.scalar(0.5, like: start))
        return try reader.select(reader.apply(.greaterOrEqual, steps, one), many, reader.apply(.mul, half, last))
    }
}
