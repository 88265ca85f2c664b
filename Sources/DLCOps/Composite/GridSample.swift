import DLCGraph

/// ONNX GridSample: an image read at points of `[−1, 1]` along each dimension, the last dimension first.
enum GridSample {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["align_corners", "mode", "padding_mode"])
        let (x, grid) = (try reader.fact(0), try reader.fact(1))
        let alignsCorners: Bool = try reader.attribute("align_corners") ?? false
        let mode: String = try reader.attribute("mode") ?? "linear"
        let sampler = try ImageSampler(
            reader.required(0), padding: reader.attribute("padding_mode") ?? .zeros, alignsCorners: alignsCorners, &reader)
        let rank = sampler.extents.count
        guard grid.rank == rank + 2, grid.shape[rank + 1] == Dim(rank) else {
            throw DLCError("grid is \(grid.type); expected [\(x.shape[0]), \(rank) extents, \(rank)]")
        }
        let points = Shape(grid.shape[1...rank])
        let flat = try reader.cast(reader.reshape(reader.required(1), [grid.shape[0], try points.product(), Dim(rank)]), .float32)
        var coordinates: [Value] = []
        for axis in 0..<rank {
            let extent = Double(sampler.extents[axis])
            let part = try reader.slice(flat, axis: 2, from: rank - 1 - axis, count: 1)
            let normal = try reader.reshape(part, [grid.shape[0], try points.product()])
            // ((n + 1) · extent − 1) / 2, or (n + 1) / 2 · (extent − 1) where −1 and 1 are the centres of the outer pixels.
            let (scale, shift) = alignsCorners ? ((extent - 1) / 2, (extent - 1) / 2) : (extent / 2, (extent - 1) / 2)
            var x = try reader.apply(.add, reader.apply(.mul, normal, reader.scalar(scale, like: normal)), reader.scalar(shift, like: normal))
            if mode == "nearest" { x = try reader.apply(.round, x) }
            coordinates.append(try sampler.folded(x, axis: axis, &reader))
        }
        let samples: Value
        switch mode {
        case "nearest": samples = try sampler.pixels(at: coordinates, &reader)
        case "linear", "bilinear": samples = try sampler.sum(coordinates.map { try sampler.linearTaps($0, &reader) }, &reader)
        case "cubic", "bicubic": samples = try sampler.sum(coordinates.map { try sampler.cubicTaps($0, &reader) }, &reader)
        default: throw DLCError("mode is \(mode); expected nearest, linear or cubic")
        }
        return [try reader.reshape(samples, [x.shape[0], x.shape[1]] + points)]
    }
}
