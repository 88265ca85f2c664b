/// A tensor known at build time.
public struct Constant: Operator {
    public var value: Tensor

    public init(_ value: Tensor) { self.value = value }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Constant((try? Tensor([Float](), shape: [0])).unsafelyUnwrapped), name: "constant", operands: [],
        onnx: [ONNXMapping("Constant", read: ONNXMapping.readConstant, write: ONNXMapping.writeConstant)],
        examples: {
            [
                Example("vector", Constant(try Tensor([1, -2.5, 3] as [Float], shape: [3])), []),
                Example("scalar", Constant(try Tensor([7] as [Int64], shape: [])), []),
            ]
        }
    ) {
        Attribute("value", \.value)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] { [Fact(constant: value)] }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { [value] }
}
