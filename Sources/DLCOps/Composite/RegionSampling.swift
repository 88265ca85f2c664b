import DLCGraph

/// Operators that sample an image at places that other tensors say.
enum RegionSampling {
    /// ONNX RoiAlign (He et al., 2017): a grid of samples per region, averaged or their maximum per bin.
    static let readRoiAlign: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale",
        ])
        let (x, rois) = (try reader.fact(0), try reader.fact(1))
        let (height, width): (Int, Int) = (try reader.attribute("output_height") ?? 1, try reader.attribute("output_width") ?? 1)
        guard x.rank == 4, rois.rank == 2, let extents = Shape(x.shape[2...]).constants,
            [height, width].allSatisfy({ $0 > 0 && $0 <= 1 << 12 })
        else { throw DLCError("x is \(x.type), rois are \(rois.type), the result \(height) × \(width); expected known extents and [regions, 4]") }
        guard let ratio: Int = try reader.attribute("sampling_ratio"), ratio > 0, ratio <= 1 << 12 else {
            throw DLCError("sampling_ratio must be known; 0, which adapts to each region, is not supported")
        }
        let scale: Double = try reader.attribute("spatial_scale") ?? 1
        let coordinates: String = try reader.attribute("coordinate_transformation_mode") ?? (reader.opset < 16 ? "output_half_pixel" : "half_pixel")
        let isHalfPixel = coordinates == "half_pixel"
        let regions = rois.shape[0]
        let images = try reader.add1(Gather(axis: 0), [reader.required(0), reader.required(2)])
        let sampler = try ImageSampler(images, padding: .border, alignsCorners: true, &reader)
        /// Samples along one dimension: coordinates `[R, n]`, clamped, and 1 where they lie in the image.
        func line(_ axis: Int, _ bins: Int) throws -> (position: Value, inside: Value) {
            func edge(_ index: Int) throws -> Value {
                let value = try reader.cast(reader.slice(reader.required(1), axis: 1, from: index, count: 1), .float32)
                let scaled = try reader.apply(.mul, value, reader.scalar(scale, like: value))
                return isHalfPixel ? try reader.apply(.sub, scaled, reader.scalar(0.5, like: scaled)) : scaled
            }
            let start = try edge(1 - axis)
            var length = try reader.apply(.sub, edge(3 - axis), start)
            if !isHalfPixel { length = try reader.apply(.max, length, reader.scalar(1, like: length)) }
            let fractions = (0..<bins).flatMap { bin in (0..<ratio).map { (Double(bin) + (Double($0) + 0.5) / Double(ratio)) / Double(bins) } }
            let table = reader.constant(try Tensor(doubles: fractions, type: .float32, shape: [1, fractions.count]))
            let position = try reader.apply(.add, start, reader.apply(.mul, length, table))
            let inside = try reader.apply(
                .and, reader.apply(.greaterOrEqual, position, reader.scalar(-1, like: position)),
                reader.apply(.lessOrEqual, position, reader.scalar(Double(extents[axis]), like: position)))
            let clamped = try reader.add1(Clip(min: 0, max: Double(extents[axis] - 1)), [position])
            return (clamped, try reader.cast(inside, .float32))
        }
        let (rows, columns) = (try line(0, height), try line(1, width))
        let (h, w) = (height * ratio, width * ratio)
        /// All pairs of a row and a column: `[R, h · w]`.
        func spread(_ value: Value, isRow: Bool) throws -> Value {
            let line = try reader.reshape(value, isRow ? [regions, Dim(h), 1] : [regions, 1, Dim(w)])
            return try reader.reshape(reader.add1(Expand(shape: [regions, Dim(h), Dim(w)]), [line]), [regions, Dim(h * w)])
        }
        let inside = try reader.apply(.mul, spread(rows.inside, isRow: true), spread(columns.inside, isRow: false))
        var y = try sampler.linearTaps(spread(rows.position, isRow: true), &reader)
        for index in y.indices { y[index].weight = try reader.apply(.mul, y[index].weight, inside) }
        let x1 = try sampler.linearTaps(spread(columns.position, isRow: false), &reader)
        let mode: String = try reader.attribute("mode") ?? "avg"
        guard mode == "avg" || mode == "max" else { throw DLCError("mode is \(mode); expected avg or max") }
        var samples: Value?
        if mode == "avg" {
            samples = try sampler.sum([y, x1], &reader)
        } else {
            // The maximum is that of the weighted neighbours, not of their sums.
            for a in y {
                for b in x1 {
                    let part = try sampler.sum([[a], [b]], &reader)
                    samples = try samples.map { try reader.apply(.max, $0, part) } ?? part
                }
            }
        }
        guard let samples else { throw DLCError("no samples") }
        let grid = try reader.reshape(samples, [regions, x.shape[1], Dim(height), Dim(ratio), Dim(width), Dim(ratio)])
        return try reader.add(Reduce(mode == "avg" ? .mean : .max, axes: [3, 5], keepDims: false), [grid])
    }

    /// ONNX DeformConv (Dai et al., 2017; masks of Zhu et al., 2018) in two dimensions: each tap reads the image at a
    /// place of its own.
    static let readDeformConv: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dilations", "group", "kernel_shape", "offset_group", "pads", "strides"])
        let (x, w, offset) = (try reader.fact(0), try reader.fact(1), try reader.fact(2))
        let groups: Int = try reader.attribute("offset_group") ?? 1
        guard x.rank == 4, w.rank == 4, offset.rank == 4, let kernel = Shape(w.shape[2...]).constants, let extents = Shape(x.shape[2...]).constants,
            let channels = x.shape[1].constant, groups > 0, channels % groups == 0
        else { throw DLCError("x is \(x.type), w is \(w.type), offset is \(offset.type); expected images of known extents") }
        let windows = try Windows.read(reader, extents: extents.map { Dim($0) }, kernel: kernel)
        guard let counts = try windows.counts(extents.map { Dim($0) }).constants, let pads = windows.pads.constants else {
            throw DLCError("the extents of x must be numbers")
        }
        let (taps, points, batch) = (try Checked.count(kernel), try Checked.count(counts), x.shape[0])
        guard taps > 0, try Checked.multiply(taps, points) <= 1 << 26, groups <= channels else {
            throw DLCError("\(taps) taps at \(points) points are too many")
        }
        guard offset.shape[1] == Dim(2 * groups * taps), offset.shape[2] == Dim(counts[0]), offset.shape[3] == Dim(counts[1]) else {
            throw DLCError("offset is \(offset.type); expected [\(batch), \(2 * groups * taps), \(counts[0]), \(counts[1])]")
        }
        let rows = try batch.times(Dim(groups))
        let parts = try reader.reshape(reader.required(0), [rows, Dim(channels / groups), x.shape[2], x.shape[3]])
        let sampler = try ImageSampler(parts, padding: .zeros, alignsCorners: true, &reader)
        let moves = try reader.reshape(reader.required(2), [rows, Dim(taps), 2, Dim(points)])
        let coordinates = try (0..<2).map { axis -> [(coordinate: Value, weight: Value)] in
            var places: [Double] = []
            Oracle.forEach(kernel + counts) { index in
                places.append(Double(index[axis + 2] * windows.strides[axis] - pads[axis] + index[axis] * windows.dilations[axis]))
            }
            let base = reader.constant(try Tensor(doubles: places, type: .float32, shape: [1, taps * points]))
            let move = try reader.cast(reader.slice(moves, axis: 2, from: axis, count: 1), .float32)
            let place = try reader.apply(.add, reader.reshape(move, [rows, Dim(taps * points)]), base)
            return try sampler.linearTaps(place, &reader)
        }
        var samples = try sampler.sum(coordinates, &reader)
        if let mask = reader.operand(4) {
            samples = try reader.apply(.mul, samples, reader.reshape(mask, [rows, 1, Dim(taps * points)]))
        }
        let columns = try reader.reshape(samples, [batch, Dim(channels * taps), Dim(counts[0]), Dim(counts[1])])
        let weights = try reader.reshape(reader.required(1), [w.shape[0], try w.shape[1].times(Dim(taps)), 1, 1])
        let op = Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: try reader.attribute("group") ?? 1)
        return try reader.add(op, [columns, weights, reader.operand(3)])
    }
}
