import DLCGraph

/// The inverse of pooling.
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
}
