import DLCGraph

/// A function of each element, without parameters.
public struct Unary: Operator {
    public let function: UnaryFunction

    public init(_ function: UnaryFunction) { self.function = function }

    public var definition: OperatorDefinition { Self.definitions[function] ?? Self.relu }

    static let table: [OperatorDefinition] = UnaryFunction.allCases.compactMap { definitions[$0] }
    private static let relu = define(.relu)
    private static let definitions: [UnaryFunction: OperatorDefinition] = Dictionary(
        uniqueKeysWithValues: UnaryFunction.allCases.map { ($0, define($0)) })

    private static func define(_ function: UnaryFunction) -> OperatorDefinition {
        let (onnx, since) = function.onnx
        return OperatorDefinition(
            Unary(function), name: function.rawValue, operands: ["x"],
            traits: function == .isNaN ? [.elementwise] : [.elementwise, .inPlaceable],
            onnx: [ONNXMapping(onnx, Unary(function), since: since)], examples: { try examples(function) })
    }

    private static func examples(_ function: UnaryFunction) throws -> [Example] {
        let shape = [2, 3, 5]
        func example(_ name: String, _ x: Tensor) -> Example {
            Example(name, Unary(function), [x], isDifferentiable: function.isDifferentiable)
        }
        guard function.types.contains(.float32) else {
            return try function.types.prefix(5).map { example($0.name, try Tensor.random(seed: 3, type: $0, shape: shape)) }
        }
        func values(_ seed: UInt64, _ type: ElementType, _ shape: [Int]) throws -> Tensor {
            let x = try Tensor.random(seed: seed, shape: shape).doubles()
            let inDomain = x.map { x in
                switch function {
                case .log, .sqrt, .reciprocal: Swift.abs(x) + 0.25
                case .asin, .acos, .atanh: 0.9 * Oracle.sin(3 * x)
                case .acosh: Swift.abs(x) + 1.1
                case .tan: 1.3 * Oracle.sin(x)
                default: 2 * x
                }
            }
            return try Tensor(doubles: inDomain, type: type, shape: shape)
        }
        var result = [
            example("f32", try values(1, .float32, shape)),
            example("f64", try values(2, .float64, [7])),
            example("f16", try values(3, .float16, [3, 1])),
            example("empty", try values(4, .float32, [0, 4])),
        ]
        if function.types.contains(.int32) { result.append(example("i32", try Tensor.random(seed: 5, type: .int32, shape: shape))) }
        if function.types.contains(.uint8) { result.append(example("u8", try Tensor.random(seed: 6, type: .uint8, shape: shape))) }
        if function == .isNaN { result.append(example("a NaN", try Tensor([1, .nan, .infinity] as [Float], shape: [3]))) }
        return result
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", function.types)
        let x = try context.operand(0)
        return [function == .isNaN ? Fact(.bool, x.shape) : Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        if x.type.isFloat || function == .erf {
            let values = try x.doubles().map { function.compute($0) }
            return [try Tensor(doubles: values, type: function == .isNaN ? .bool : x.type, shape: x.shape)]
        }
        let values = try x.integers().map { function.compute($0, isSigned: x.type.isSigned) }
        return [try Tensor(integers: values, type: x.type, shape: x.shape)]
    }
}
