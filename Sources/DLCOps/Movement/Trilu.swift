import DLCGraph

/// The upper or lower triangle of the last two dimensions from the `k`-th diagonal on; zeros elsewhere (ONNX Trilu).
public struct Trilu: Operator {
    public var upper: Bool
    public var k: Dim

    public init(upper: Bool = true, k: Dim = 0) {
        self.upper = upper
        self.k = k
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Trilu(), name: "trilu", operands: ["x"], traits: [.inPlaceable],
        onnx: [
            ONNXMapping(
                "Trilu",
                read: { reader in
                    try reader.allowAttributes(["upper"])
                    let k = try reader.operand(1) == nil ? 0 : reader.dims(1, "k", isSigned: true)?.first ?? 0
                    return try reader.add(Trilu(upper: reader.attribute("upper") ?? true, k: k), [reader.operand(0)])
                },
                write: { writer in
                    guard let op = writer.op as? Trilu else { return }
                    try writer.require(14, "Trilu")
                    let k = try writer.extent(op.k)
                    writer.node("Trilu", inputs: [writer.inputs[0], k], attributes: op.upper ? [] : [("upper", .int(0))])
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("upper", Trilu(), [x]),
                Example("lower", Trilu(upper: false, k: -1), [x]),
                Example(
                    "i64", Trilu(upper: false, k: 1), [try Tensor.random(seed: 2, type: .int64, shape: [4, 3])], isDifferentiable: false),
                Example("bool", Trilu(k: 2), [try Tensor.random(seed: 3, type: .bool, shape: [3, 3])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("upper", \.upper)
        Attribute("k", \.k)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard x.rank >= 2 else { throw DLCError("x is \(x.type); expected at least 2 dimensions") }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let k = try Oracle.numbers([k], "k")[0]
        var sources: [Int] = []
        Oracle.forEach(x.shape) { place in
            let (offset, overflows) = (place[x.rank - 1] - place[x.rank - 2]).subtractingReportingOverflow(k)
            let isKept = overflows ? (upper ? k < 0 : k > 0) : upper ? offset >= 0 : offset <= 0
            sources.append(isKept ? sources.count : -1)
        }
        return [try x.selecting(sources, shape: x.shape)]
    }
}
