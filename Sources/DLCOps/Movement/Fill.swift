import DLCGraph

/// A tensor of equal elements (ONNX ConstantOfShape).
public struct Fill: Operator {
    public var shape: [Dim]
    /// One element.
    public var value: Tensor

    public init(shape: [Dim], value: Tensor) {
        self.shape = shape
        self.value = value
    }

    public var definition: OperatorDefinition { Self.definition }

    /// A zero of f32; nothing in its making can fail but memory.
    private static let zero = (try? Tensor([0] as [Float], shape: [])).unsafelyUnwrapped

    public static let definition = OperatorDefinition(
        Fill(shape: [], value: zero), name: "fill", operands: [],
        onnx: [
            ONNXMapping(
                "ConstantOfShape",
                read: { reader in
                    try reader.allowAttributes(["value"])
                    let value: Tensor = try reader.attribute("value") ?? zero
                    guard value.count == 1 else { throw DLCError("value has \(value.count) elements; expected 1") }
                    if value.type == .bool, try value.integers() == [0], let extents = try RereadNumbers.read(&reader) { return extents }
                    guard let shape = try reader.dims(0, "shape") else { throw DLCError("shape is missing") }
                    return try reader.add(Fill(shape: shape, value: value.reshaped([])), [])
                },
                write: { writer in
                    guard let op = writer.op as? Fill else { return }
                    try writer.require(9, "ConstantOfShape")
                    writer.node(
                        "ConstantOfShape", inputs: [try writer.dimensions(op.shape)],
                        attributes: [("value", .tensor(try op.value.reshaped([1])))])
                })
        ],
        examples: {
            [
                Example("zeros", Fill(shape: [2, 3], value: zero), []),
                Example("i64", Fill(shape: [4], value: try Tensor([-7] as [Int64], shape: [])), [], isDifferentiable: false),
                Example("f16", Fill(shape: [], value: try Tensor([1.5], shape: []).converted(to: .float16)), []),
                Example("none", Fill(shape: [0, 2], value: zero), []),
            ]
        }
    ) {
        Attribute("shape", \.shape)
        Attribute("value", \.value)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard value.count == 1 else { throw DLCError("value has \(value.count) elements; expected 1") }
        for dim in shape { if let n = dim.constant, n < 0 { throw DLCError("shape \(shape.text) has a negative dimension") } }
        var content: [Dim]?
        if !value.type.isFloat, let extents = shape.constants, try Checked.count(extents) <= Fact.contentLimit {
            let element = try value.integers().map { Dim(Int($0)) }
            content = [Dim](repeating: element[0], count: try Checked.count(extents))
        }
        return [Fact(value.type, shape, content: content)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try value.reshaped([]).broadcast(to: Oracle.numbers(shape, "shape"))]
    }
}
