/// A small integer or bool tensor whose elements are expressions over extents: what a chain of shape arithmetic comes to.
/// The builder puts it in the place of every node whose elements it can follow.
public struct Extents: Operator {
    /// The elements in row-major order.
    public var values: [Dim]
    public var shape: [Int]
    public var type: ElementType

    public init(values: [Dim] = [], shape: [Int] = [0], type: ElementType = .int64) {
        self.values = values
        self.shape = shape
        self.type = type
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Extents(), name: "extents", operands: [],
        onnx: [
            ONNXMapping(
                "Extents", domain: "dlc", read: { try $0.add($0.configured(Extents()), $0.operands) },
                write: { writer in
                    guard let op = writer.op as? Extents else { return }
                    let vector = try writer.dimensions(op.values)
                    let typed = op.type == .int64 ? vector : writer.intermediate("Cast", [vector], [("to", .int(op.type.onnx))])
                    let shape = try writer.reshapeTarget(Shape(constants: op.shape), from: [Dim(op.values.count)])
                    writer.node("Reshape", inputs: [typed, shape.name], attributes: shape.attributes)
                })
        ],
        examples: {
            [
                Example("i64", Extents(values: [2, 7], shape: [2]), [], isDifferentiable: false),
                Example("bool", Extents(values: [1], shape: [], type: .bool), [], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("values", \.values)
        Attribute("shape", \.shape)
        Attribute("type", \.type)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard !type.isFloat, try Checked.count(shape) == values.count else {
            throw DLCError("\(values.count) values do not fill \(TensorType(type, Shape(constants: shape)))")
        }
        return [Fact(type, Shape(constants: shape), content: values)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        guard let numbers = values.constants else { throw DLCError("values depend on symbols") }
        return [try Tensor(integers: numbers.map(Int64.init), type: type, shape: shape)]
    }
}
