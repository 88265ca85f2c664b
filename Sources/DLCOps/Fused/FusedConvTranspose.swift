import DLCGraph

/// A transposed convolution with what may follow it, as in `FusedConv`.
public struct FusedConvTranspose: Operator {
    /// Strides, dilations, pads, groups and layout.
    public var conv: ConvTranspose
    public var activation = ActivationKind.none
    public var alpha = 0.0
    public var beta = 0.0
    public var residualAfterActivation = false

    public var channelsLast: Bool {
        get { conv.channelsLast }
        set { conv.channelsLast = newValue }
    }

    public init(_ conv: ConvTranspose) { self.conv = conv }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        FusedConvTranspose(ConvTranspose()), name: "fused_conv_transpose", operands: ["x", "w", "bias?", "residual?", "slope?"],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [1, 3, 4, 6])
            let w = try Tensor.random(seed: 2, shape: [6, 5, 2, 2])
            var op = FusedConvTranspose(ConvTranspose(strides: [2, 2], pads: [0, 0, 0, 0], channelsLast: true))
            op.activation = .relu
            return [
                Example("relu", op, [x, w, try .random(seed: 3, shape: [5])]),
                Example("residual", op, [x, w, nil, try .random(seed: 4, shape: [1, 6, 8, 5])]),
            ]
        }
    ) {
        Attribute("strides", \.conv.strides)
        Attribute("dilations", \.conv.dilations)
        Attribute("pads", \.conv.pads)
        Attribute("output_padding", \.conv.outputPadding)
        Attribute("group", \.conv.group)
        Attribute("channels_last", \.conv.channelsLast)
        Attribute("activation", \.activation)
        Attribute("alpha", \.alpha)
        Attribute("beta", \.beta)
        Attribute("residual_after_activation", \.residualAfterActivation)
    }

    private var epilogue: Epilogue {
        Epilogue(activation: activation, alpha: alpha, beta: beta, residualAfterActivation: residualAfterActivation)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let shape = try conv.resultShape(&context)
        try epilogue.check(&context, result: shape, channel: shape[channelsLast ? shape.count - 1 : 1])
        return [Fact(try context.operand(0).element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let sums = try conv.evaluate([operands[0], operands[1]])[0]
        let image = ImageIndex(sums.shape, channelsLast: channelsLast)
        let stride = max(image.strides[image.channelAxis], 1)
        return [try epilogue.apply(sums, operands) { $0 / stride % max(image.channels, 1) }]
    }
}
