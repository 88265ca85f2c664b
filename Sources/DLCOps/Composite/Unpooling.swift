import DLCGraph

/// The inverses of pooling and of taking windows apart.
enum Unpooling {
    /// ONNX MaxUnpool: each element at its flat index, zeros elsewhere.
    static let readMaxUnpool: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["kernel_shape", "pads", "strides"])
        let x = try reader.fact(0)
        guard let kernel: [Int] = try reader.attribute("kernel_shape"), x.rank == kernel.count + 2 else {
            throw DLCError("x is \(x.type); expected a kernel_shape of \(x.rank - 2) entries")
        }
        let strides: [Int] = try reader.attribute("strides") ?? kernel.map { _ in 1 }
        let pads: [Int] = try reader.attribute("pads") ?? (kernel + kernel).map { _ in 0 }
        guard strides.count == kernel.count, pads.count == 2 * kernel.count else {
            throw DLCError("strides \(strides) and pads \(pads) do not fit kernel \(kernel)")
        }
        var full = Shape(x.shape.prefix(2))
        for axis in kernel.indices {
            let reach = try x.shape[axis + 2].minus(1).times(Dim(strides[axis]))
            let padding = try Checked.add(pads[axis], pads[axis + kernel.count])
            full.append(try reach.plus(Dim(kernel[axis])).minus(Dim(padding)))
        }
        let zero = try Tensor(filling: 0, type: x.element, shape: [])
        let empty = try reader.add1(Fill(shape: [full.product()], value: zero), [])
        let flat: Shape = [try x.shape.product()]
        let indices = try reader.reshape(reader.required(1), flat)
        let filled = try reader.add1(ScatterElements(axis: 0), [empty, indices, reader.reshape(reader.required(0), flat)])
        let y = try reader.reshape(filled, full)
        guard let wanted = try reader.dims(2, "output_shape"), wanted != full else { return [y] }
        let reason = "output_shape is \(wanted.text); expected at least \(full.text)"
        guard wanted.count == full.count else { throw DLCError(reason) }
        let missing = try zip(wanted, full).map { try $0.minus($1) }
        for extent in missing { try reader.require(.atLeast, extent, 0, reason) }
        return [try reader.add1(Pad(pads: full.map { _ in 0 } + missing), [y])]
    }

    /// ONNX Col2Im: windows added into an image, which is a transposed convolution with one weight of 1 per tap. What it adds around
    /// the image is cut off, and rows that no window reaches are zeros.
    static let readCol2Im: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dilations", "pads", "strides"])
        let x = try reader.fact(0)
        guard let image = try reader.dims(1, "image_shape"), let block = try reader.ints(2, "block_shape"), x.rank == 3,
            image.count == block.count, !block.isEmpty, block.allSatisfy({ $0 > 0 })
        else { throw DLCError("x is \(x.type); expected [batch, channels · block, windows] and shapes of one length") }
        let ones = block.map { _ in 1 }
        let strides: [Int] = try reader.attribute("strides") ?? ones
        let dilations: [Int] = try reader.attribute("dilations") ?? ones
        let pads: [Int] = try reader.attribute("pads") ?? (block + block).map { _ in 0 }
        let windows = Windows(kernel: block, strides: strides, dilations: dilations, pads: pads.map { Dim($0) })
        try windows.check(spatial: block.count)
        let counts = try windows.counts(image)
        let taps = try Checked.count(block)
        let reason = "x is \(x.type), which holds blocks of \(taps)"
        try reader.require(.divides, Dim(taps), x.shape[1], reason)
        guard taps <= 1 << 13 else { throw DLCError("a block of \(taps) is too large") }
        // Every channel is an image of its own, its taps the channels.
        let channels = try x.shape[1].quotient(Dim(taps))
        let images = try x.shape[0].times(channels)
        let diagonal = (0..<taps).flatMap { row in (0..<taps).map { Double(row == $0 ? 1 : 0) } }
        let weights = reader.constant(try Tensor(doubles: diagonal, type: x.element, shape: [taps, 1] + block))
        let columns = try reader.reshape(reader.required(0), [images, Dim(taps)] + counts)
        let op: ConvTranspose
        var behind: Shape = [0, 0]
        for axis in block.indices {
            let covered = try counts[axis].minus(1).times(Dim(strides[axis])).plus(Dim(windows.reach(axis)))
            behind.append(try image[axis].plus(windows.pads[axis]).plus(windows.pads[axis + block.count]).minus(covered))
        }
        let known = behind.compactMap(\.constant)
        if known.count == behind.count {
            op = ConvTranspose(strides: strides, dilations: dilations, pads: windows.pads, outputPadding: Array(known[2...]))
            let added = try reader.add1(op, [columns, weights])
            return [try reader.reshape(added, [x.shape[0], channels] + image)]
        }
        op = ConvTranspose(
            strides: strides, dilations: dilations, pads: [Dim](repeating: 0, count: 2 * block.count), outputPadding: block.map { _ in 0 })
        var added = try reader.add1(op, [columns, weights])
        added = try reader.add1(Pad(pads: behind.map { _ in 0 } + behind), [added])
        let cut = Slice(
            starts: [0, 0] + windows.pads.prefix(block.count), sizes: [images, 1] + image, steps: [1, 1] + ones)
        return [try reader.reshape(reader.add1(cut, [added]), [x.shape[0], channels] + image)]
    }
}
