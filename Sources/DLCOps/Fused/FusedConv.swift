import DLCGraph

/// A convolution with what may follow it: `activation(conv(x, w) + bias + residual)`.
///
/// Operands as in `Conv`; residual of the result's shape; slope `[O]` for PReLU.
public struct FusedConv: Operator {
    /// Strides, dilations, pads, groups and layout.
    public var conv: Conv
    public var activation = ActivationKind.none
    public var alpha = 0.0
    public var beta = 0.0
    public var residualAfterActivation = false

    public var channelsLast: Bool {
        get { conv.channelsLast }
        set { conv.channelsLast = newValue }
    }

    public init(_ conv: Conv) { self.conv = conv }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        FusedConv(Conv()), name: "fused_conv", operands: ["x", "w", "bias?", "residual?", "slope?"], examples: examples
    ) {
        Attribute("strides", \.conv.strides)
        Attribute("dilations", \.conv.dilations)
        Attribute("pads", \.conv.pads)
        Attribute("group", \.conv.group)
        Attribute("channels_last", \.conv.channelsLast)
        Attribute("activation", \.activation)
        Attribute("alpha", \.alpha)
        Attribute("beta", \.beta)
        Attribute("residual_after_activation", \.residualAfterActivation)
    }

    private static let examples: @Sendable () throws -> [Example] = {
        let x = try Tensor.random(seed: 1, shape: [1, 6, 7, 8])
        let w = try Tensor.random(seed: 2, shape: [5, 8, 3, 3])
        let bias = try Tensor.random(seed: 3, shape: [5])
        let residual = try Tensor.random(seed: 4, shape: [1, 6, 7, 5])
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1], channelsLast: true)
        return try ActivationKind.allCases.enumerated().map { index, kind in
            var op = FusedConv(conv)
            (op.activation, op.alpha, op.beta) = (kind, kind == .clip ? 0 : 0.3, kind == .clip ? 6 : 0.4)
            op.residualAfterActivation = index % 3 == 1
            let slope = kind == .prelu ? try Tensor.random(seed: 5, shape: [5]) : nil
            return Example(kind.rawValue, op, [x, w, bias, index % 2 == 1 ? residual : nil, slope])
        }
    }

    private var epilogue: Epilogue {
        Epilogue(activation: activation, alpha: alpha, beta: beta, residualAfterActivation: residualAfterActivation)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let shape = try conv.resultShape(&context)
        let channels = try context.operand(1).shape[0]
        try epilogue.check(&context, result: shape, channel: channels)
        return [Fact(try context.operand(0).element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let sums = try conv.evaluate([operands[0], operands[1]])[0]
        let image = ImageIndex(sums.shape, channelsLast: channelsLast)
        let stride = max(image.strides[image.channelAxis], 1)
        return [try epilogue.apply(sums, operands) { $0 / stride % max(image.channels, 1) }]
    }
}
