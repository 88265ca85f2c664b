import DLCGraph

/// ONNX CenterCropPad: the middle of an axis, or zeros around it.
enum CenterCropPad {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axes"])
        var x = try reader.required(0)
        let rank = reader.builder.shape(x).count
        let axes = try InferenceRules.axes(try reader.attribute("axes") ?? Array(0..<rank), rank: rank)
        guard let wanted = try reader.ints(1, "shape"), wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 }) else {
            throw DLCError("shape must have \(axes.count) entries")
        }
        for (axis, size) in zip(axes, wanted) {
            guard let extent = reader.builder.shape(x)[axis].constant else {
                x = try settled(x, axis: axis, size: Dim(size), &reader)
                continue
            }
            if size < extent { x = try reader.slice(x, axis: axis, from: (extent - size) / 2, count: Dim(size)) }
            if size > extent {
                var pads = Shape(repeating: 0, count: 2 * rank)
                pads[axis] = Dim((size - extent) / 2)
                pads[axis + rank] = Dim(size - extent - (size - extent) / 2)
                x = try reader.add1(Pad(pads: pads), [x])
            }
        }
        return [x]
    }

    /// The same for an extent that only a run knows: padding to at least the size, then the middle.
    private static func settled(_ x: Value, axis: Int, size: Dim, _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(x)
        let missing = try Dim.max(0, size.minus(shape[axis]))
        var pads = Shape(repeating: 0, count: 2 * shape.count)
        pads[axis] = try missing.quotient(2)
        pads[axis + shape.count] = try missing.minus(pads[axis])
        let padded = try reader.add1(Pad(pads: pads), [x])
        let start = try Dim.max(0, shape[axis].minus(size)).quotient(2)
        return try reader.slice(padded, axis: axis, from: start, count: size)
    }
}

/// ONNX CumProd, by doubling distances (Hillis and Steele, 1986): log₂ n products of the tensor with itself moved.
enum CumulativeProduct {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["exclusive", "reverse"])
        var x = try reader.required(0)
        let shape = reader.builder.shape(x)
        guard let given = try reader.ints(1, "axis")?.first else { throw DLCError("axis is missing") }
        let axis = try InferenceRules.axis(given, rank: shape.count)
        guard let extent = shape[axis].constant, extent < 1 << 40 else { throw DLCError("the extent of axis \(axis) must be a number") }
        let isReverse: Bool = try reader.attribute("reverse") ?? false
        let one = try reader.scalar(1, like: x)
        /// Elements `distance` further on, with ones moving in.
        func moved(_ value: Value, _ distance: Int) throws -> Value {
            let kept = try reader.slice(value, axis: axis, from: isReverse ? distance : 0, count: Dim(extent - distance))
            var pads = Shape(repeating: 0, count: 2 * shape.count)
            pads[isReverse ? axis + shape.count : axis] = Dim(distance)
            return try reader.add1(Pad(pads: pads), [kept, one])
        }
        if try reader.attribute("exclusive") ?? false, extent > 0 { x = try moved(x, 1) }
        var distance = 1
        while distance < extent {
            x = try reader.apply(.mul, x, moved(x, distance))
            distance *= 2
        }
        return [x]
    }
}

/// ONNX TensorScatter: rows written into a cache, each sequence at its own place, around its end where circular.
enum TensorScatter {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "mode"])
        let (cache, update) = (try reader.fact(0), try reader.fact(1))
        let axis = try InferenceRules.axis(try reader.attribute("axis") ?? -2, rank: cache.rank)
        guard axis > 0, update.rank == cache.rank, let extent = cache.shape[axis].constant, let rows = update.shape[axis].constant,
            rows <= 1 << 24
        else {
            throw DLCError("past_cache is \(cache.type), update is \(update.type); axis \(axis) must be a number and not the batch")
        }
        var column = Shape(repeating: 1, count: cache.rank)
        column[axis] = Dim(rows)
        let steps = reader.constant(try Tensor((0..<rows).map(Int64.init), shape: [rows]))
        var indices = try reader.reshape(steps, column)
        if let starts = reader.operand(2) {
            var along = Shape(repeating: 1, count: cache.rank)
            along[0] = cache.shape[0]
            indices = try reader.apply(.add, reader.reshape(reader.cast(starts, .int64), along), indices)
        }
        let mode: String = try reader.attribute("mode") ?? "linear"
        guard mode == "linear" || mode == "circular" else { throw DLCError("mode is \(mode); expected linear or circular") }
        if mode == "circular" { indices = try reader.apply(.mod, indices, reader.scalar(Double(extent), like: indices)) }
        let spread = try reader.add1(Expand(shape: update.shape), [indices])
        return try reader.add(ScatterElements(axis: axis), [reader.required(0), spread, reader.required(1)])
    }
}
