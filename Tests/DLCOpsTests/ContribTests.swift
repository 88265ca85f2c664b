import DLCGraph
import DLCOps
import Testing

/// Operators of ONNX Runtime's own domain give what ONNX Runtime 1.31 gives, whether extents are numbers or open.
@Suite struct ContribTests {
    enum Operand: Sendable {
        /// Eighths from −5/8 to 5/8, in an order that the operand's position shifts.
        case wave([Int])
        case ints([Int], [Int32])
        case bytes([Int], [UInt8])

        func tensor(_ position: Int) throws -> Tensor {
            switch self {
            case .wave(let shape):
                let count = shape.reduce(1, *)
                return try Tensor((0..<count).map { Float(($0 * 7 + (position + 1) * 5) % 11 - 5) / 8 }, shape: shape)
            case .ints(let shape, let values): return try Tensor(values, shape: shape)
            case .bytes(let shape, let values): return try Tensor(values, shape: shape)
            }
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var opType: String
        var attributes: [String: AttributeValue]
        var operands: [Operand?]
        var constants: Set<Int>
        var result: Int
        var expected: [Float]

        init(
            _ opType: String, _ attributes: [String: AttributeValue], _ operands: [Operand?], constants: Set<Int> = [], result: Int,
            _ expected: [Float]
        ) {
            (self.opType, self.attributes, self.operands, self.constants) = (opType, attributes, operands, constants)
            (self.result, self.expected) = (result, expected)
        }

        var testDescription: String { "\(opType) with \(attributes), result \(result)" }

        func run(isOpen: Bool) throws -> Tensor {
            let mapping = try #require(AllOps.mappings.first { $0.opType == opType && $0.domain == "com.microsoft" })
            var builder = GraphBuilder()
            var inputs: [String: Tensor] = [:]
            let values = try operands.enumerated().map { index, operand -> Value? in
                guard let tensor = try operand?.tensor(index) else { return nil }
                if constants.contains(index) { return builder.constant(tensor) }
                inputs["x\(index)"] = tensor
                let shape = tensor.shape.enumerated().map { isOpen ? Dim(symbol: "x\(index)_\($0)") : Dim($1) }
                return try builder.input("x\(index)", TensorType(tensor.type, shape))
            }
            var reader = ONNXReader(
                builder: builder, opType: opType, opset: 1, name: "layer", operands: values, attributes: attributes,
                resultNames: (0...result).map { $0 == result ? "y" : nil })
            let results = try mapping.read(&reader)
            try reader.builder.output("y", try #require(results.dropFirst(result).first))
            return try #require(try Interpreter.run(reader.builder.graph, inputs)["y"])
        }
    }

    @Test(arguments: cases + others) func agreesWithOnnxRuntime(_ item: Case) throws {
        for isOpen in [false, true] {
            let y = try item.run(isOpen: isOpen).doubles()
            try #require(y.count == item.expected.count)
            for (a, b) in zip(y, item.expected) { #expect(abs(a - Double(b)) < 1e-5 * (1 + abs(Double(b))), "\(y)") }
        }
    }

    /// Bytes that differ.
    static func steps(_ count: Int, _ step: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * step) } }

    /// Words and segments; tables, a scale and a bias in bytes; a mask; five scales and five zero points.
    private static let embedding: [Operand] =
        [
            .ints([1, 3], [1, 0, 2]), .ints([1, 3], [0, 1, 1]), .bytes([3, 2], steps(6, 41)), .bytes([4, 2], steps(8, 53)),
            .bytes([2, 2], steps(4, 83)), .bytes([2], [200, 90]), .bytes([2], [30, 140]), .ints([1, 3], [1, 1, 0]),
        ] + [Operand](repeating: .wave([]), count: 5) + [128, 7, 99, 64, 100].map { .bytes([], [$0]) }

    static let cases: [Case] = [
        Case("BiasGelu", [:], [.wave([2, 3]), .wave([3])], result: 0, [0.458759, -0.132686, 0, 0.345731, -0.154269, -0.0562827]),
        Case("FastGelu", [:], [.wave([2, 3]), .wave([3])], result: 0, [0.458721, -0.132692, 0, 0.345714, -0.154286, -0.0562828]),
        Case("QuickGelu", ["alpha": .float(1.3)], [.wave([2, 3])], result: 0, [0, -0.171495, 0.232319, -0.057433, -0.192099, 0.145136]),
        Case(
            "FusedMatMul", ["alpha": .float(0.5), "transA": .int(1), "transB": .int(1)],
            [.wave([3, 2]), .wave([2, 3])],
            result: 0, [0.140625, 0.15625, -0.210938, -0.1875]),
        Case(
            "FusedMatMul", ["transBatchA": .int(1)],
            [.wave([3, 2, 2]), .wave([2, 2, 1])],
            result: 0, [-0.0625, -0.359375, 0.03125, -0.203125, 0.40625, -0.1875]),
        Case(
            "FusedGemm", ["activation": .string("LeakyRelu"), "activation_alpha": .float(0.2), "alpha": .float(0.5), "beta": .float(2.0)],
            [.wave([2, 3]), .wave([3, 2]), .wave([2])],
            result: 0, [-0.03125, -0.29375, -0.034375, -0.295312]),
        Case(
            "FusedConv", ["activation": .string("Clip"), "activation_params": .floats([-1.5, 2.0]), "strides": .ints([2, 2])],
            [.wave([1, 2, 5, 3]), .wave([1, 2, 3, 3]), .wave([1]), .wave([1, 1, 2, 1])], constants: [1],
            result: 0, [-0.984375, -0.640625]),
        Case(
            "FusedConv", ["activation": .string("HardSigmoid"), "activation_params": .floats([0.3, 0.4])],
            [.wave([1, 1, 3, 3]), .wave([2, 1, 2, 2])], constants: [1],
            result: 0, [0.301562, 0.428125, 0.475, 0.240625, 0.484375, 0.264062, 0.442188, 0.428125]),
        Case(
            "SkipLayerNormalization", ["epsilon": .float(1e-05)],
            [.wave([1, 2, 3]), .wave([1, 2, 3]), .wave([3]), .wave([3]), .wave([3])],
            result: 0, [0.34698, 0, -0.806039, 0.34698, 0, -0.806039]),
        Case(
            "SkipSimplifiedLayerNormalization", ["epsilon": .float(1e-05)],
            [.wave([1, 2, 3]), .wave([1, 2, 3]), .wave([3]), .wave([3])],
            result: 0, [-0.189259, 0.315431, -0.16823, -0.1445, 0.516072, -0.247715]),
        Case(
            "EmbedLayerNormalization", ["epsilon": .float(1e-05)],
            [.ints([1, 3], [1, 0, 2]), .ints([1, 3], [0, 1, 1]), .wave([3, 2]), .wave([4, 2]), .wave([2, 2]), .wave([2]), .wave([2]),
            .ints([1, 3], [1, 1, 0])],
            result: 0, [-0.000479102, 0.62484, -0.000479102, 0.62484, -3.33786e-06, 0.624999]),
        Case(
            "Attention", ["num_heads": .int(2), "unidirectional": .int(1)],
            [.wave([1, 3, 4]), .wave([4, 12]), .wave([12])],
            result: 0, [-0.296875, -0.15625, 0.15625, -0.390625, 0.276565, -0.461588, 0.29953, -0.22206, 0.130445, -0.353209, 0.26282,
            -0.236763]),
        Case(
            "Attention", ["num_heads": .int(1)],
            [.wave([2, 2, 4]), .wave([4, 12]), .wave([12]), .ints([2], [1, 2])],
            result: 0, [-0.296875, -0.15625, 0.15625, -0.390625, -0.296875, -0.15625, 0.15625, -0.390625, -0.121287, -0.477526, 0.570939,
            -0.472801, -0.143112, -0.425939, 0.521335, -0.448991]),
        Case(
            "Attention", ["num_heads": .int(1)],
            [.wave([1, 2, 2]), .wave([2, 6]), .wave([6]), .ints([1, 2], [0, 1])],
            result: 0, [0.65625, -0.140625, 0.65625, -0.140625]),
        Case(
            "Attention", ["num_heads": .int(1), "unidirectional": .int(1)],
            [.wave([1, 1, 2]), .wave([2, 6]), .wave([6]), nil, .wave([2, 1, 1, 2, 2])],
            result: 1, [-0.25, 0.625, 0.125, -0.375, 0.5625, -0.375, 0.5, 0, -0.5, 0.375, 0.75, -0.1875]),
        Case(
            "MultiHeadAttention", ["num_heads": .int(2), "scale": .float(0.4)],
            [.wave([1, 2, 4]), .wave([1, 3, 4]), .wave([1, 3, 4]), .wave([12]), .ints([1, 3], [1, 1, 0]), .wave([1, 2, 2, 3])],
            result: 0, [0.783156, -0.216844, -0.346465, 0.515758, 0.777669, -0.222331, -0.296178, 0.455414]),
        Case(
            "MultiHeadAttention", ["num_heads": .int(1)],
            [.wave([1, 1, 2]), .wave([1, 1, 2]), .wave([1, 1, 2]), nil, nil, nil, .wave([1, 1, 2, 2]), .wave([1, 1, 2, 2])],
            result: 2, [0.25, -0.25, 0.625, 0.125, -0.125, -0.625]),
        Case(
            "MultiHeadAttention", ["num_heads": .int(1), "unidirectional": .int(1)],
            [.wave([1, 2, 2]), .wave([1, 2, 2]), .wave([1, 2, 2])],
            result: 0, [-0.125, -0.625, 0.0347389, -0.465261]),
        Case(
            "MatMulNBits", ["K": .int(20), "N": .int(2), "bits": .int(4), "block_size": .int(16)],
            [.wave([1, 20]), .bytes([2, 2, 8], [0, 37, 74, 111, 148, 185, 222, 3, 40, 77, 114, 151, 188, 225, 6, 43, 80, 117, 154, 191,
            228, 9, 46, 83, 120, 157, 194, 231, 12, 49, 86, 123]), .wave([4]), .bytes([2], [122, 195])], constants: [1, 2, 3],
            result: 0, [-3.57812, -2.5625]),
        Case(
            "MatMulBnb4", ["K": .int(20), "N": .int(2), "block_size": .int(16), "quant_type": .int(0)],
            [.wave([1, 20]), .bytes([20], steps(20, 37)), .wave([3])], constants: [1, 2], result: 0, [-0.0142416, -0.577962]),
        Case(
            "MatMulBnb4", ["K": .int(20), "N": .int(2), "block_size": .int(16), "quant_type": .int(1)],
            [.wave([1, 20]), .bytes([20], steps(20, 37)), .wave([3])], constants: [1, 2], result: 0, [-0.0721955, 0.50406]),
        Case(
            "GatherBlockQuantized", ["bits": .int(4), "block_size": .int(16)],
            [.bytes([3, 12], steps(36, 41)), .ints([2], [2, -3]), .wave([3, 2]), .bytes([3, 1], [122, 195, 14])], constants: [0, 2, 3],
            result: 0, [-3.75, -0.625, -8.125, -8.75, -2.5, -7.5, -6.875, -5.625, -1.25, -4.375, -5.625, -2.5, 0, -1.25, -4.375, 0.625, 0,
            0.25, 1.125, 0.5, 0.25, 0.875, 1.375, 1.125, 1.25, 1.25, 0.125, 1, 1, 0.625, -0.125, 0.375, 0.75, 0, -0.375, -0.25, 0.5, -0.625,
            -0.625, 1.125, -0.625, 1.875, 3.75, 0, -1.875, -1.25, 2.5, -3.125]),
        Case(
            "GatherBlockQuantized", ["bits": .int(8), "block_size": .int(16)],
            [.bytes([2, 18], steps(36, 41)), .ints([1], [1]), .wave([2, 2])], constants: [0, 2],
            result: 0, [24.5, -29.25, -19, -8.75, 1.5, 11.75, 22, -31.75, -21.5, -11.25, -1, 9.25, 19.5, 29.75, -24, -13.75, 3.5, -6.75]),
        Case(
            "NhwcMaxPool", ["kernel_shape": .ints([2, 2])], [.bytes([1, 3, 3, 2], steps(18, 83))],
            result: 0, [242, 249, 166, 249, 242, 235, 152, 235]),
        Case(
            "QEmbedLayerNormalization", ["epsilon": .float(1e-05)], embedding, constants: Set(2...6).union(8...17),
            result: 0, [-43.75, 25, -43.75, 25, -43.75, 25]),
        Case(
            "QEmbedLayerNormalization", ["epsilon": .float(1e-05)], embedding, constants: Set(2...6).union(8...17), result: 1, [2]),
        Case("Trilu", ["upper": .int(0)], [.wave([3, 3])], result: 0, [0, 0, 0, -0.125, -0.625, 0, -0.25, 0.625, 0.125]),
    ]
}
