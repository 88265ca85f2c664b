import DLCGraph
import DLCOps

/// Convolution in as many spatial dimensions as x has.
public struct ConvolutionLayer: Layer {
    public var channels = 0
    public var kernel: Extents = 1
    public var stride: Extents = 1
    public var padding = Padding.extents(0)
    public var dilation: Extents = 1
    public var groups = 1
    public var bias = true
    public var weightNorm = false
    public var initialiser = Initialiser.standard

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "conv",
        doc: "Convolution of x `[N, C, spatial…]` (one to three spatial dimensions) with weight `[channels, C / groups, kernel…]`.",
        parameters: LayerDefinition.weightAndBias
    ) {
        Argument("channels", \.channels, "channels of the result", .required)
        Argument("kernel", \.kernel, "extents of the kernel")
        Argument("stride", \.stride, "steps between windows")
        Argument("padding", \.padding, "zeros around the image")
        Argument("dilation", \.dilation, "steps between taps of the kernel")
        Argument("groups", \.groups, "groups of channels that are convolved apart; as many as channels is depthwise")
        Argument("bias", \.bias, "whether a bias per channel is added")
        Argument("weightNorm", \.weightNorm, "whether the weight is kept as lengths and directions")
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        try positive(channels, "channels")
        let image = try ImageWindows(x, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        let inputs = try x.extent(1)
        try checkGroups(groups, inputs, channels)
        let shape = [channels, inputs / groups] + image.kernel
        let weight = try context.weight(shape, initialiser, type: x.element, isNormalised: weightNorm)
        let offset = bias ? try context.parameter("bias", [channels], .bias(besides: shape), type: x.element) : nil
        let op = Conv(strides: image.strides, dilations: image.dilations, pads: image.pads, group: groups)
        return [try context.add(op, x, weight, offset)]
    }
}

/// Convolution of every channel by itself.
public struct DepthwiseConvolutionLayer: Layer {
    public var kernel: Extents = 1
    public var stride: Extents = 1
    public var padding = Padding.extents(0)
    public var dilation: Extents = 1
    public var multiplier = 1
    public var bias = true
    public var initialiser = Initialiser.standard

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "depthwiseConv",
        doc: "Convolution of every channel of x `[N, C, spatial…]` by itself, with weight `[C · multiplier, 1, kernel…]`.",
        source: "Howard et al., 2017", parameters: ["weight", "[bias]"]
    ) {
        Argument("kernel", \.kernel, "extents of the kernel", .required)
        Argument("stride", \.stride, "steps between windows")
        Argument("padding", \.padding, "zeros around the image")
        Argument("dilation", \.dilation, "steps between taps of the kernel")
        Argument("multiplier", \.multiplier, "channels of the result per channel of x")
        Argument("bias", \.bias, "whether a bias per channel is added")
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let channels = try operand(operands, 0).extent(1)
        try positive(multiplier, "multiplier")
        return try ConvolutionLayer(
            channels: Checked.multiply(channels, multiplier), kernel: kernel, stride: stride, padding: padding, dilation: dilation,
            groups: channels, bias: bias, initialiser: initialiser
        ).apply(to: operands, in: context)
    }
}

/// Transposed convolution, which enlarges an image.
public struct TransposedConvolutionLayer: Layer {
    public var channels = 0
    public var kernel: Extents = 1
    public var stride: Extents = 1
    public var padding = Padding.extents(0)
    public var outputPadding: Extents = 0
    public var dilation: Extents = 1
    public var groups = 1
    public var bias = true
    public var weightNorm = false
    public var initialiser = Initialiser.standard

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "convTranspose",
        doc: "Transposed convolution of x `[N, C, spatial…]` with weight `[C, channels / groups, kernel…]`: extents become "
            + "`(extent - 1) · stride + (kernel - 1) · dilation + 1 + outputPadding - 2 · padding`.",
        source: "Zeiler et al., 2010", parameters: LayerDefinition.weightAndBias
    ) {
        Argument("channels", \.channels, "channels of the result", .required)
        Argument("kernel", \.kernel, "extents of the kernel")
        Argument("stride", \.stride, "how far the kernel moves in the result for every element of x")
        Argument("padding", \.padding, "elements cut from every side of the result")
        Argument("outputPadding", \.outputPadding, "elements added at the end of every dimension of the result")
        Argument("dilation", \.dilation, "steps between taps of the kernel")
        Argument("groups", \.groups, "groups of channels that are convolved apart")
        Argument("bias", \.bias, "whether a bias per channel is added")
        Argument("weightNorm", \.weightNorm, "whether the weight is kept as lengths and directions")
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        try positive(channels, "channels")
        let rank = try ImageWindows.spatialRank(x)
        let inputs = try x.extent(1)
        try checkGroups(groups, inputs, channels)
        let shape = [inputs, channels / groups] + (try kernel.spread(over: rank, "kernel"))
        let weight = try context.weight(shape, initialiser, type: x.element, isNormalised: weightNorm)
        let offset = bias ? try context.parameter("bias", [channels], .bias(besides: shape), type: x.element) : nil
        let op = ConvTranspose(
            strides: try stride.spread(over: rank, "stride"), dilations: try dilation.spread(over: rank, "dilation"),
            pads: try padding.numbers(rank: rank).map { Dim($0) },
            outputPadding: try outputPadding.spread(over: rank, "outputPadding", least: 0), group: groups)
        return [try context.add(op, x, weight, offset)]
    }
}

extension Layer {
    func checkGroups(_ groups: Int, _ inputs: Int, _ channels: Int) throws {
        try positive(groups, "groups")
        guard inputs % groups == 0, channels % groups == 0 else {
            throw DLCError("\(groups) groups do not divide \(inputs) input channels and \(channels) output channels")
        }
    }
}

/// Windows over the spatial dimensions of an image `[N, C, spatial…]`.
struct ImageWindows {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    /// In front of each spatial dimension, then behind each.
    let pads: [Dim]

    init(_ x: TensorValue, kernel: Extents, stride: Extents, dilation: Extents = 1, padding: Padding) throws {
        let rank = try Self.spatialRank(x)
        self.kernel = try kernel.spread(over: rank, "kernel")
        strides = try stride.spread(over: rank, "stride")
        dilations = try dilation.spread(over: rank, "dilation")
        let reach = try zip(self.kernel, dilations).map { try Checked.add(Checked.multiply($0 - 1, $1), 1) }
        pads = try padding.pads(Array(x.shape[2...]), reach: reach, strides: strides)
    }

    /// The number of spatial dimensions.
    static func spatialRank(_ x: TensorValue) throws -> Int {
        guard x.rank >= 3, x.rank <= 5 else { throw DLCError("x is \(x.type); expected [N, C, …] with one to three spatial dimensions") }
        return x.rank - 2
    }
}

extension TensorValue {
    public func conv(
        _ channels: Int, kernel: some ExtentsConvertible = 1, stride: some ExtentsConvertible = 1, padding: some PaddingConvertible = 0,
        dilation: some ExtentsConvertible = 1, groups: Int = 1, bias: Bool = true, weightNorm: Bool = false,
        init initialiser: Initialiser = .standard, name: String? = nil
    ) throws -> TensorValue {
        let layer = ConvolutionLayer(
            channels: channels, kernel: kernel.extents, stride: stride.extents, padding: padding.padding, dilation: dilation.extents,
            groups: groups, bias: bias, weightNorm: weightNorm,
            initialiser: initialiser)
        return try applying(layer, name: name)
    }

    public func depthwiseConv(
        _ kernel: some ExtentsConvertible, stride: some ExtentsConvertible = 1, padding: some PaddingConvertible = 0,
        dilation: some ExtentsConvertible = 1, multiplier: Int = 1, bias: Bool = true, init initialiser: Initialiser = .standard,
        name: String? = nil
    ) throws -> TensorValue {
        let layer = DepthwiseConvolutionLayer(
            kernel: kernel.extents, stride: stride.extents, padding: padding.padding, dilation: dilation.extents, multiplier: multiplier,
            bias: bias, initialiser: initialiser)
        return try applying(layer, name: name)
    }

    public func convTranspose(
        _ channels: Int, kernel: some ExtentsConvertible = 1, stride: some ExtentsConvertible = 1, padding: some PaddingConvertible = 0,
        outputPadding: some ExtentsConvertible = 0, dilation: some ExtentsConvertible = 1, groups: Int = 1, bias: Bool = true,
        weightNorm: Bool = false, init initialiser: Initialiser = .standard, name: String? = nil
    ) throws -> TensorValue {
        let layer = TransposedConvolutionLayer(
            channels: channels, kernel: kernel.extents, stride: stride.extents, padding: padding.padding,
            outputPadding: outputPadding.extents, dilation: dilation.extents, groups: groups, bias: bias, weightNorm: weightNorm,
            initialiser: initialiser)
        return try applying(layer, name: name)
    }
}
