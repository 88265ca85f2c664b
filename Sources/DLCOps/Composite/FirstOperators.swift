import DLCGraph

/// Operators of ONNX's first, experimental set, which left it again but are still in files.
enum FirstOperators {
    /// `scale · x`.
    static let readScale: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["scale"])
        return [try affine(&reader, reader.required(0), scale: reader.attribute("scale") ?? 1, shift: 0)]
    }

    /// `alpha · x + beta`.
    static let readAffine: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha", "beta"])
        let (alpha, beta): (Double, Double) = (try reader.attribute("alpha") ?? 1, try reader.attribute("beta") ?? 0)
        return [try affine(&reader, reader.required(0), scale: alpha, shift: beta)]
    }

    /// `alpha · tanh(beta · x)`.
    static let readScaledTanh: @Sendable (inout ONNXReader) throws -> [Value] = { try scaled(&$0, .tanh) }

    /// `alpha · log(1 + exp(beta · x))`.
    static let readParametricSoftplus: @Sendable (inout ONNXReader) throws -> [Value] = { try scaled(&$0, .softplus) }

    /// `scale · x + bias` of images `[N, C, H, W]`, a bias per channel.
    static let readImageScaler: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["scale", "bias"])
        let x = try reader.required(0)
        let (scale, bias): (Double, [Double]) = (try reader.attribute("scale") ?? 1, try reader.attribute("bias") ?? [])
        let y = try affine(&reader, x, scale: scale, shift: 0)
        guard !bias.isEmpty else { return [y] }
        let column = try Tensor(doubles: bias, type: reader.builder.fact(x).element, shape: [bias.count, 1, 1])
        return try reader.add(Binary(.add), [y, reader.constant(column)])
    }

    /// Part of images `[N, C, H, W]`: without a border (left, top, right, bottom), or of a size (height, width) from its left and top on.
    static let readCrop: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["border", "scale"])
        let shape = try reader.fact(0).shape
        guard shape.count == 4, let border: [Int] = try reader.attribute("border"), border.count == 4, border.allSatisfy({ $0 >= 0 }) else {
            throw DLCError("x is \(try reader.fact(0).type); expected [N, C, H, W] and a border of four numbers")
        }
        let size: [Int] = try reader.attribute("scale") ?? []
        guard size.isEmpty || size.count == 2 && size.allSatisfy({ $0 >= 0 }) else {
            throw DLCError("scale is \(size); expected a height and a width")
        }
        var x = try reader.required(0)
        for (axis, start, end) in [(2, border[1], border[3]), (3, border[0], border[2])] {
            let used = try size.isEmpty ? shape[axis].minus(Dim(start)).minus(Dim(end)) : Dim(size[axis - 2])
            let most = try shape[axis].minus(Dim(start))
            try reader.require(.atLeast, used, 0, "x is \(shape.text) and is cropped by \(border)")
            try reader.require(.atLeast, most, used, "x is \(shape.text) and is cropped to \(size) from \(border) on")
            x = try reader.slice(x, axis: axis, from: start, count: used)
        }
        return [x]
    }

    private static func affine(_ reader: inout ONNXReader, _ x: Value, scale: Double, shift: Double) throws -> Value {
        let y = scale == 1 ? x : try reader.apply(.mul, x, reader.scalar(scale, like: x))
        return shift == 0 ? y : try reader.apply(.add, y, reader.scalar(shift, like: y))
    }

    private static func scaled(_ reader: inout ONNXReader, _ function: UnaryFunction) throws -> [Value] {
        try reader.allowAttributes(["alpha", "beta"])
        let (alpha, beta): (Double, Double) = (try reader.attribute("alpha") ?? 1, try reader.attribute("beta") ?? 1)
        let inner = try affine(&reader, reader.required(0), scale: beta, shift: 0)
        return [try affine(&reader, reader.apply(function, inner), scale: alpha, shift: 0)]
    }
}
