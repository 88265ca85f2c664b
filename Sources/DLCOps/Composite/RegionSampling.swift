import DLCGraph

/// Operators that sample an image at places that other tensors say.
enum RegionSampling {
    /// ONNX DeformConv (Dai et al., 2017; masks of Zhu et al., 2018) in two dimensions: each tap reads the image at a
    /// place of its own.
    static let readDeformConv: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dilations", "group", "kernel_shape", "offset_group", "pads", "strides"])
        let (x, w, offset) = (try reader.fact(0), try reader.fact(1), try reader.fact(2))
        let groups: Int = try reader.attribute("offset_group") ?? 1
        guard x.rank == 4, w.rank == 4, offset.rank == 4, groups > 0, let kernel = Shape(w.shape[2...]).constants else {
            throw DLCError("x is \(x.type), w is \(w.type), offset is \(offset.type); expected 4 dimensions each and a known kernel")
        }
        let (extents, batch) = (Array(x.shape[2...]), x.shape[0])
        let windows = try Windows.read(reader, extents: extents, kernel: kernel)
        let counts = try windows.counts(extents)
        guard let pads = windows.pads.constants else { throw DLCError("the pads must be numbers") }
        let (taps, points) = (try Checked.count(kernel), try Shape(counts).product())
        guard taps > 0, taps <= 1 << 20 else { throw DLCError("a kernel of \(taps) taps is too large") }
        let channels = try w.shape[1].times(Dim(reader.attribute("group") ?? 1))
        try reader.require(.equal, x.shape[1], channels, "x is \(x.type) for w \(w.type)")
        try reader.require(.divides, Dim(groups), channels, "x is \(x.type), which is moved in \(groups) groups")
        let moved = try Checked.multiply(Checked.multiply(groups, taps), 2)
        let expected: Shape = [batch, Dim(moved)] + counts
        let reason = "offset is \(offset.type); expected \(expected.text)"
        for (given, wanted) in zip(offset.shape, expected) { try reader.require(.equal, given, wanted, reason) }
        let (rows, spots) = (try batch.times(Dim(groups)), try points.times(Dim(taps)))
        let parts = try reader.reshape(reader.required(0), [rows, channels.quotient(Dim(groups)), x.shape[2], x.shape[3]])
        let sampler = try ImageSampler(parts, padding: .zeros, alignsCorners: true, &reader)
        let moves = try reader.reshape(reader.required(2), [rows, Dim(taps), 2, points])
        let coordinates = try (0..<2).map { axis -> [(coordinate: Value, weight: Value)] in
            // Where each tap of each window lies, `[taps, windows]`.
            var starts: [Int64] = []
            Oracle.forEach(kernel) { starts.append(Int64($0[axis] * windows.dilations[axis] - pads[axis])) }
            let first = reader.constant(try Tensor(starts, shape: [taps, 1, 1]))
            let place = try reader.range(counts[axis])
            let stride = try reader.scalar(Double(windows.strides[axis]), like: place)
            let along = try reader.reshape(reader.apply(.mul, place, stride), axis == 0 ? [1, counts[0], 1] : [1, 1, counts[1]])
            let places = try reader.add1(Expand(shape: [Dim(taps)] + counts), [reader.apply(.add, first, along)])
            let base = try reader.reshape(reader.cast(places, .float32), [1, spots])
            let move = try reader.cast(reader.slice(moves, axis: 2, from: axis, count: 1), .float32)
            return try sampler.linearTaps(reader.apply(.add, reader.reshape(move, [rows, spots]), base), &reader)
        }
        var samples = try sampler.sum(coordinates, &reader)
        if let mask = reader.operand(4) {
            samples = try reader.apply(.mul, samples, reader.reshape(mask, [rows, 1, spots]))
        }
        let columns = try reader.reshape(samples, [batch, channels.times(Dim(taps))] + counts)
        let weights = try reader.reshape(reader.required(1), [w.shape[0], try w.shape[1].times(Dim(taps)), 1, 1])
        let op = Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: try reader.attribute("group") ?? 1)
        return try reader.add(op, [columns, weights, reader.operand(3)])
    }
}
