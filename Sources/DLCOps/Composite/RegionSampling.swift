import DLCGraph

/// Operators that sample an image at places that other tensors say.
enum RegionSampling {
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
        let moved = try Checked.multiply(Checked.multiply(groups, taps), 2)
        guard offset.shape[1] == Dim(moved), offset.shape[2] == Dim(counts[0]), offset.shape[3] == Dim(counts[1]) else {
            throw DLCError("offset is \(offset.type); expected [\(batch), \(moved), \(counts[0]), \(counts[1])]")
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
        let columns = try reader.reshape(samples, [batch, Dim(Checked.multiply(channels, taps)), Dim(counts[0]), Dim(counts[1])])
        let weights = try reader.reshape(reader.required(1), [w.shape[0], try w.shape[1].times(Dim(taps)), 1, 1])
        let op = Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: try reader.attribute("group") ?? 1)
        return try reader.add(op, [columns, weights, reader.operand(3)])
    }
}
