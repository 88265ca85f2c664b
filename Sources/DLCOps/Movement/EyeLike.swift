import DLCGraph

/// Ones on the `k`-th diagonal of a matrix, zeros elsewhere (ONNX EyeLike, which takes the shape from a tensor).
public struct EyeLike: Operator {
    public var shape: [Dim]
    public var k: Int
    public var to: ElementType

    public init(shape: [Dim] = [0, 0], k: Int = 0, to: ElementType = .float32) {
        self.shape = shape
        self.k = k
        self.to = to
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        EyeLike(), name: "eye_like", operands: [],
        onnx: [
            ONNXMapping(
                "EyeLike",
                read: { reader in
                    try reader.allowAttributes(["dtype", "k"])
                    let x = try reader.fact(0)
                    var type = x.element
                    if let code: Int = try reader.attribute("dtype") {
                        guard let given = ElementType(onnx: code) else { throw DLCError("element type \(code) of dtype is not supported") }
                        type = given
                    }
                    let k: Int = try reader.attribute("k") ?? 0
                    if x.rank == 2, x.shape.constants == nil { return try readOpen(&reader, x.shape, k, type) }
                    return try reader.add(EyeLike(shape: x.shape, k: k, to: type), [])
                },
                write: { writer in
                    guard let op = writer.op as? EyeLike else { return }
                    try writer.require(9, "EyeLike")
                    let zeros = writer.intermediate("ConstantOfShape", [try writer.dimensions(op.shape)])
                    writer.node("EyeLike", inputs: [zeros], attributes: [("dtype", .int(op.to.onnx)), ("k", .int(op.k))])
                })
        ],
        examples: {
            [
                Example("square", EyeLike(shape: [3, 3]), []),
                Example("above", EyeLike(shape: [2, 4], k: 1, to: .int32), [], isDifferentiable: false),
                Example("below", EyeLike(shape: [3, 2], k: -1, to: .float64), []),
            ]
        }
    ) {
        Attribute("shape", \.shape)
        Attribute("k", \.k)
        Attribute("to", \.to)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard shape.count == 2 else { throw DLCError("shape \(shape.text) is no matrix") }
        return [Fact(to, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let shape = try Oracle.numbers(shape, "shape")
        var values: [Double] = []
        Oracle.forEach(shape) { values.append($0[1].subtractingReportingOverflow($0[0]).partialValue == k ? 1 : 0) }
        return [try Tensor(doubles: values, type: to, shape: shape)]
    }

    /// Over extents that are not known yet: where the row's index and k are the column's.
    private static func readOpen(_ reader: inout ONNXReader, _ shape: Shape, _ k: Int, _ type: ElementType) throws -> [Value] {
        func range(_ start: Int, _ count: Dim) throws -> Value {
            let limits = try [Dim(start), count.plus(Dim(start)), 1].map { try reader.add1(Extents(values: [$0], shape: []), []) }
            return try reader.add1(RangeOf(count: count), limits)
        }
        let rows = try reader.add1(Reshape(shape: [shape[0], 1]), [range(k, shape[0])])
        let isDiagonal = try reader.add1(Binary(.equal), [rows, range(0, shape[1])])
        return try reader.add(Cast(to: type), [isDiagonal])
    }
}
