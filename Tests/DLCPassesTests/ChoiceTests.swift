import CKernels
import DLC
import Testing

/// Which algorithms convolutions get, by estimates for a typical processor, so that the answers are the same everywhere.
@Suite struct ChoiceTests {
    struct Layer: Sendable, CustomTestStringConvertible {
        var name: String
        var size: Int
        /// Planes of a layer over three dimensions.
        var depth: Int?
        var inputs: Int
        var outputs: Int
        var kernel = 3
        var stride = 1
        var group = 1
        var expected: [dlc_conv_algorithm]
        var testDescription: String { "\(name), \(size) × \(size)" }
    }

    static let layers = [
        Layer(name: "ResNet 3x3", size: 56, inputs: 64, outputs: 64, expected: [DLC_CONV_WINOGRAD_4]),
        Layer(name: "ResNet 3x3", size: 28, inputs: 128, outputs: 128, expected: [DLC_CONV_WINOGRAD_4]),
        Layer(name: "ResNet 3x3, stride 2", size: 56, inputs: 128, outputs: 128, stride: 2, expected: [DLC_CONV_WINOGRAD_STRIDED]),
        Layer(name: "VGG 3x3", size: 56, inputs: 256, outputs: 256, expected: [DLC_CONV_WINOGRAD_4]),
        Layer(name: "R3D 3x3x3", size: 56, depth: 8, inputs: 64, outputs: 64, expected: [DLC_CONV_WINOGRAD_4]),
        Layer(name: "R3D 3x3x3", size: 28, depth: 4, inputs: 128, outputs: 128, expected: [DLC_CONV_WINOGRAD_4]),
        Layer(name: "first layer", size: 224, inputs: 3, outputs: 64, kernel: 7, stride: 2, expected: [DLC_CONV_IGEMM]),
        Layer(name: "VGG first", size: 224, inputs: 3, outputs: 64, expected: [DLC_CONV_IGEMM]),
        Layer(name: "ResNet 1x1, stride 2", size: 28, inputs: 512, outputs: 256, kernel: 1, stride: 2, expected: [DLC_CONV_STRASSEN]),
        Layer(name: "MobileNet depthwise", size: 56, inputs: 144, outputs: 144, group: 144, expected: [DLC_CONV_DEPTHWISE]),
        Layer(name: "ResNeXt groups", size: 56, inputs: 128, outputs: 128, group: 32, expected: [DLC_CONV_DEPTHWISE]),
        Layer(name: "groups of many channels", size: 14, inputs: 512, outputs: 512, group: 8, expected: [DLC_CONV_WINOGRAD_4]),
    ]

    @Test(arguments: layers, [Target.x86_64_v4, .x86_64_v3, .arm64]) func wellKnownLayers(_ layer: Layer, target: Target) throws {
        // The matrix beside it gives room for any algorithm.
        let graph = try Self.network([layer], others: 1 << 22)
        let image = try Compiler.compile(graph, CompileOptions(target: target))
        #expect(layer.expected.map { Int($0.rawValue) } == Self.algorithms(image.plan))
    }

    static let stack = [
        Layer(name: "1", size: 56, inputs: 64, outputs: 64, expected: []),
        Layer(name: "2", size: 28, inputs: 128, outputs: 128, expected: []),
        Layer(name: "3", size: 14, inputs: 256, outputs: 256, expected: []),
        Layer(name: "4", size: 7, inputs: 512, outputs: 512, expected: []),
    ]

    @Test(arguments: [Target.x86_64_v4, .x86_64_v3, .arm64, .portable]) func constantsStayBelowTwiceTheWeights(_ target: Target) throws {
        let graph = try Self.network(Self.stack)
        let weights = Self.stack.reduce(0) { $0 + 4 * 9 * $1.inputs * $1.outputs }
        let image = try Compiler.compile(graph, CompileOptions(target: target))
        #expect(image.constantBytes < 2 * weights)
        // The early layers gain most for their bytes; all of them at F(4×4) would take four times the weights, so others are
        // packed at load, or take another algorithm.
        let steps = image.plan.steps.filter { $0.kernel is ConvolutionKernel }
        let inFile = steps.map { if case .constant? = $0.operands[1]?.location { true } else { false } }
        let isLarge = Self.algorithms(image.plan).map { $0 == Int(DLC_CONV_WINOGRAD_4.rawValue) }
        #expect(inFile[0] && isLarge[0] && zip(inFile, isLarge).contains { !($0 && $1) }, "\(inFile) \(isLarge)")
    }

    @Test func exactMeansNoTransforms() throws {
        var options = CompileOptions()
        options.exact = true
        let image = try Compiler.compile(try Self.network(Self.stack, others: 1 << 22), options)
        #expect(Self.algorithms(image.plan) == Self.stack.map { _ in Int(DLC_CONV_IGEMM.rawValue) })
    }

    /// The algorithms of a plan's convolutions in order.
    static func algorithms(_ plan: Plan) -> [Int?] {
        plan.steps.compactMap { $0.kernel as? ConvolutionKernel }.map { Int($0.algorithm.rawValue) }
    }

    /// Layers side by side, each with an input of its own, and a matrix of `others` elements.
    static func network(_ layers: [Layer], others: Int = 0) throws -> Graph {
        var builder = GraphBuilder(name: "layers")
        for (index, layer) in layers.enumerated() {
            let extents = (layer.depth.map { [$0] } ?? []) + [layer.size, layer.size]
            let x = try builder.input("x\(index)", TensorType(.float32, Shape(constants: [1, layer.inputs] + extents)))
            let shape = [layer.outputs, layer.inputs / layer.group] + extents.map { _ in layer.kernel }
            let w = builder.constant(try Tensor.random(seed: UInt64(index + 1), shape: shape))
            let pad = Dim(layer.kernel / 2)
            let conv = Conv(strides: extents.map { _ in layer.stride }, pads: extents.flatMap { _ in [pad, pad] }, group: layer.group)
            try builder.output("y\(index)", try builder.add1(conv, [x, w]))
        }
        if others > 0 {
            let rows = try builder.input("rows", TensorType(.float32, [1, 1024]))
            let matrix = builder.constant(try Tensor.random(seed: 99, shape: [1024, others / 1024]))
            try builder.output("product", try builder.add1(MatMul(), [rows, matrix]))
        }
        return builder.graph
    }
}
