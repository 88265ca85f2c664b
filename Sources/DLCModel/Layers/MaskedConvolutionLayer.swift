import DLCGraph
import DLCOps

/// Convolution of an image that sees only what a raster scan has come by: rows above, and the places to the left.
public struct MaskedConvolutionLayer: Layer {
    public enum Mask: String, Sendable, CaseIterable, ArgumentConvertible { case a = "A", b = "B" }

    public var channels = 0
    public var kernel: Extents = 1
    public var mask = Mask.b
    public var colours = 1
    public var bias = true
    public var initialiser = Initialiser.standard

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "maskedConv",
        doc:
            "Convolution of x `[N, C, H, W]` with weight `[channels, C, kernel…]` whose taps behind the middle are zeros, padded to x's extents. "
            + "At the middle a channel sees those of earlier colours and, with mask B, of its own.",
        source: "van den Oord et al., 2016, section 3.4", parameters: ["weight", "[bias]"]
    ) {
        Argument("channels", \.channels, "channels of the result", .required)
        Argument("kernel", \.kernel, "extents of the kernel, odd")
        Argument("mask", \.mask, "whether the middle is hidden, as the first layer needs, or seen")
        Argument("colours", \.colours, "how many colours the channels stand for, one after another in parts as equal as can be")
        Argument("bias", \.bias, "whether a bias per channel is added")
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 4 else { throw DLCError("x is \(x.type); expected [N, C, H, W]") }
        try positive(channels, "channels")
        let window = try kernel.spread(over: 2, "kernel")
        guard window.allSatisfy({ $0 % 2 == 1 }) else { throw DLCError("kernel is \(window); expected odd extents, which have a middle") }
        let inputs = try x.extent(1)
        guard 1...min(inputs, channels) ~= colours else {
            throw DLCError("colours is \(colours); expected 1 to \(min(inputs, channels)), as many as there are channels")
        }
        let shape = [channels, inputs] + window
        let weight = try context.parameter("weight", shape, initialiser, type: x.element)
        let offset = bias ? try context.parameter("bias", [channels], .bias(besides: shape), type: x.element) : nil
        let seen = x.builder.constant(try visible(shape, type: x.element))
        let op = Conv(strides: [1, 1], dilations: [1, 1], pads: (window + window).map { Dim($0 / 2) }, group: 1)
        return [try context.add(op, x, context.add(Binary(.mul), weight, seen), offset)]
    }

    /// Ones where the weight is seen; one plane for all channels where they are of one colour.
    private func visible(_ shape: [Int], type: ElementType) throws -> Tensor {
        let (outputs, inputs) = colours == 1 ? (1, 1) : (shape[0], shape[1])
        let (height, width) = (shape[2], shape[3])
        let before = height / 2 * width + width / 2
        guard try Checked.count([outputs, inputs, height, width]) <= 1 << 26 else { throw DLCError("a mask of \(shape) is too large") }
        var values: [Double] = []
        for output in 0..<outputs {
            for input in 0..<inputs {
                let (own, other) = (output * colours / outputs, input * colours / inputs)
                let middle = mask == .a ? other < own : other <= own
                values += (0..<height * width).map { $0 < before || ($0 == before && middle) ? 1 : 0 }
            }
        }
        return try Tensor(doubles: values, type: type, shape: [outputs, inputs, height, width])
    }
}

extension TensorValue {
    public func maskedConv(
        _ channels: Int, kernel: some ExtentsConvertible = 1, mask: MaskedConvolutionLayer.Mask = .b, colours: Int = 1, bias: Bool = true,
        init initialiser: Initialiser = .standard, name: String? = nil
    ) throws -> TensorValue {
        let layer = MaskedConvolutionLayer(
            channels: channels, kernel: kernel.extents, mask: mask, colours: colours, bias: bias, initialiser: initialiser)
        return try applying(layer, name: name)
    }
}
