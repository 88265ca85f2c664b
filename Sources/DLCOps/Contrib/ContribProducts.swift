import DLCGraph

/// Products and convolutions with what stands around them in the same node.
enum ContribProducts {
    /// `alpha · A · B` of matrices that are turned first: `transA` the last two dimensions, `transBatchA` those before the last.
    static let readMatMul: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(productNames)
        let a = try turned(0, "A", &reader)
        let b = try turned(1, "B", &reader)
        let product = try reader.add1(MatMul(), [a, b])
        let alpha: Double = try reader.attribute("alpha") ?? 1
        return [alpha == 1 ? product : try reader.apply(.mul, product, reader.scalar(alpha, like: product))]
    }

    private static let productNames = ["alpha", "transA", "transB", "transBatchA", "transBatchB"]
    private static let activationNames = ["activation", "activation_alpha", "activation_beta", "activation_gamma"]

    /// The same with an activation.
    static let readMatMulActivation: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let own = activationNames + ["activation_axis"]
        let product = try reader.delegate(
            readMatMul, operands: reader.operands, attributes: reader.attributes.filter { !own.contains($0.key) }, opset: 1)[0]
        return [try activated(product, &reader)]
    }

    /// The activation that attributes of FusedGemm and its like name.
    private static func activated(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        let parameters: [Double?] = try activationNames.dropFirst().map { try reader.attribute($0) }
        return try ContribActivations.applied(reader.attribute("activation") ?? "", parameters.compactMap { $0 }, to: x, &reader)
    }

    private static func turned(_ index: Int, _ name: String, _ reader: inout ONNXReader) throws -> Value {
        let (x, rank) = (try reader.required(index), try reader.fact(index).rank)
        var perm = Array(0..<rank)
        if try reader.attribute("transBatch\(name)") ?? false, rank > 2 { perm.insert(perm.remove(at: 0), at: rank - 2) }
        if try reader.attribute("trans\(name)") ?? false, rank > 1 { perm.swapAt(rank - 2, rank - 1) }
        return perm == Array(0..<rank) ? x : try reader.transpose(x, perm)
    }

    /// Gemm with an activation.
    static let readGemm: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let op = try reader.configured(Gemm(), ignoring: activationNames)
        return [try activated(reader.add1(op, reader.operands), &reader)]
    }

    /// `gelu(x · W + bias)` by the hyperbolic tangent.
    static let readGemmFastGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        var sums = try reader.add1(MatMul(), [reader.required(0), reader.required(1)])
        if let bias = reader.operand(2) { sums = try reader.apply(.add, sums, bias) }
        return try reader.add(Gelu(.tanh), [sums])
    }

    /// A convolution of x `[N, H, W, C]` by w `[M, h, w, C / group]`, as ONNX Runtime's tools turn them.
    static let readChannelsLast: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        guard try reader.fact(0).rank == 4, try reader.fact(1).rank == 4 else {
            throw DLCError("x is \(try reader.fact(0).type) and w is \(try reader.fact(1).type); expected four dimensions")
        }
        let (x, w) = (try reader.channelsSecond(reader.required(0)), try reader.channelsSecond(reader.required(1)))
        let plain = ONNXReader(
            builder: reader.builder, opType: reader.opType, opset: 11, name: reader.name, operands: [x, w], attributes: reader.attributes,
            resultNames: [])
        let op = try Conv.configured(plain, x: reader.builder.fact(x), w: reader.builder.fact(w))
        return [try reader.channelsLast(reader.add1(op, [x, w, reader.operand(2)]))]
    }

    /// `activation(conv(x, w, b) + z)`.
    static let readConv: @Sendable (inout ONNXReader) throws -> [Value] = { [try convolved(&$0)] }

    /// The same of images `[N, …, C]`, by weights as ever.
    static let readFusedChannelsLast: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        for index in [0, 3] where reader.operand(index) != nil {
            reader.operands[index] = try reader.channelsSecond(reader.required(index))
        }
        return [try reader.channelsLast(convolved(&reader))]
    }

    /// QLinearConv whose images may be `[N, …, C]`.
    static let readQuantizedConv: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let name = "channels_last"
        let (isLast, attributes) = (try reader.attribute(name) ?? false, reader.attributes.filter { $0.key != name })
        if isLast { reader.operands[0] = try reader.channelsSecond(reader.required(0)) }
        let y = try reader.delegate(QuantizedLayers.readLinearConvolution, operands: reader.operands, attributes: attributes, opset: 10)
        return isLast ? [try reader.channelsLast(y[0])] : y
    }

    private static func convolved(_ reader: inout ONNXReader) throws -> Value {
        let name: String = try reader.attribute("activation") ?? ""
        let parameters: [Double] = try reader.attribute("activation_params") ?? []
        let attributes = reader.attributes.filter { !["activation", "activation_params"].contains($0.key) }
        let plain = ONNXReader(
            builder: reader.builder, opType: reader.opType, opset: 11, name: reader.name, operands: reader.operands,
            attributes: attributes, resultNames: reader.resultNames)
        let op = try Conv.configured(plain, x: reader.fact(0), w: reader.fact(1))
        var y = try reader.add1(op, Array(reader.operands.prefix(3)))
        if let z = reader.operand(3) { y = try reader.apply(.add, y, z) }
        return try ContribActivations.applied(name, parameters, to: y, &reader)
    }

    /// A transposed convolution of x, w, pads and a bias; the pads, in front and then behind, may be data.
    static let readConvTranspose: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let operands = try [reader.required(0), reader.required(1), reader.operand(3)]
        try reader.settle(2, count: max(0, 2 * reader.fact(1).rank - 4))
        let isPadded = reader.attributes["auto_pad"].map { $0 == .string("NOTSET") } ?? true
        guard isPadded, let pads = try reader.dims(2, "Pads") else {
            return [try reader.nested("ConvTranspose", operands, reader.attributes, opset: 11)]
        }
        try reader.allowAttributes(["auto_pad", "dilations", "group", "kernel_shape", "output_padding", "strides"])
        let (x, w) = (try reader.fact(0), try reader.fact(1))
        guard x.rank >= 3, w.rank == x.rank, let kernel = Shape(w.shape[2...]).constants, pads.count == 2 * kernel.count else {
            throw DLCError("x is \(x.type), w \(w.type) and there are \(pads.count) pads; expected two for each spatial dimension")
        }
        let windows = try Windows.read(reader, extents: Array(x.shape[2...]), kernel: kernel)
        let op = ConvTranspose(
            strides: windows.strides, dilations: windows.dilations, pads: pads, outputPadding: try reader.attribute("output_padding"),
            group: try reader.attribute("group") ?? 1)
        guard op.outputPadding.count == kernel.count else { throw DLCError("output_padding is \(op.outputPadding) for w \(w.type)") }
        return try reader.add(op, operands)
    }

    /// A product of 16-bit integers in 32 bits, which wraps.
    static let readShortProduct: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        let isSigned = try [0, 1].contains { try reader.fact($0).element == .int16 }
        let wide: ElementType = isSigned ? .int32 : .uint32
        return try reader.add(MatMul(), [reader.cast(reader.required(0), wide), reader.cast(reader.required(1), wide)])
    }
}
