import DLCGraph

/// ONNX GridSample: an image read at points of `[−1, 1]` along each dimension, the last dimension first.
enum GridSample {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["align_corners", "mode", "padding_mode"])
        let (x, grid) = (try reader.fact(0), try reader.fact(1))
        let alignsCorners: Bool = try reader.attribute("align_corners") ?? false
        let mode: String = try reader.attribute("mode") ?? "linear"
        let isCubic = mode == "cubic" || mode == "bicubic"
        let sampler = try ImageSampler(
            reader.required(0), padding: reader.attribute("padding_mode") ?? .zeros, alignsCorners: alignsCorners, &reader)
        let rank = sampler.extents.count
        let reason = "grid is \(grid.type); expected [\(x.shape[0]), \(rank) extents, \(rank)]"
        guard grid.rank == rank + 2 else { throw DLCError(reason) }
        try reader.require(.equal, grid.shape[rank + 1], Dim(rank), reason)
        try reader.require(.equal, grid.shape[0], x.shape[0], reason)
        let points = Shape(grid.shape[1...rank])
        let flat = try reader.cast(reader.reshape(reader.required(1), [grid.shape[0], try points.product(), Dim(rank)]), .float32)
        var coordinates: [Value] = []
        for axis in 0..<rank {
            let part = try reader.slice(flat, axis: 2, from: rank - 1 - axis, count: 1)
            let given = try reader.reshape(part, [grid.shape[0], try points.product()])
            // What is no number, or beyond all integers, is the first edge, as ONNX Runtime has it.
            let isPlace = try reader.apply(.lessOrEqual, reader.apply(.abs, given), reader.scalar(0x1p60, like: given))
            let normal = try reader.select(isPlace, given, reader.scalar(-1, like: given))
            // ((n + 1) · extent − 1) / 2, or (n + 1) / 2 · (extent − 1) where −1 and 1 are the centres of the outer pixels.
            let scale = try sampler.number(axis, times: 0.5, plus: alignsCorners ? -0.5 : 0, like: normal, &reader)
            let shift = try sampler.number(axis, times: 0.5, plus: -0.5, like: normal, &reader)
            var x = try reader.apply(.add, reader.apply(.mul, normal, scale), shift)
            if mode == "nearest" { x = try reader.apply(.round, x) }
            // A cubic kernel reads around the point itself; its pixels are folded one by one, as PyTorch does.
            coordinates.append(isCubic ? x : try sampler.folded(x, axis: axis, &reader))
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
