import DLCGraph

/// Dimensions in another order: result dimension `i` is x's dimension `perm[i]`.
public struct Transpose: Operator {
    public var perm: [Int]

    public init(_ perm: [Int] = []) { self.perm = perm }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Transpose(), name: "transpose", operands: ["x"], traits: [.movesData],
        onnx: [
            ONNXMapping(
                "Transpose",
                read: { reader in
                    try reader.allowAttributes(["perm"])
                    let rank = try reader.fact(0).rank
                    return try reader.add(Transpose(reader.attribute("perm") ?? Array((0..<rank).reversed())), reader.operands)
                },
                write: { writer in writer.node("Transpose", attributes: writer.op.attributes) })
        ] + SpaceDepth.mappings,
        examples: {
            [
                Example("channels last", Transpose([0, 2, 3, 1]), [try Tensor.random(seed: 1, shape: [2, 3, 4, 5])]),
                Example("u8", Transpose([2, 0, 1]), [try Tensor.random(seed: 2, type: .uint8, shape: [2, 3, 4])], isDifferentiable: false),
                Example("f64", Transpose([1, 0]), [try Tensor.random(seed: 3, type: .float64, shape: [5, 2])]),
                Example("bf16", Transpose([1, 0, 2]), [try Tensor.random(seed: 4, type: .bfloat16, shape: [3, 2, 2])]),
                Example("empty", Transpose([1, 0]), [try Tensor.random(seed: 5, shape: [0, 2])]),
                Example("scalar", Transpose([]), [try Tensor.random(seed: 6, shape: [])]),
            ]
        }
    ) {
        Attribute("perm", \.perm)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard perm.sorted() == Array(0..<x.rank) else {
            throw DLCError("perm \(perm) is no order of the \(x.rank) dimensions of \(x.type)")
        }
        let shape = perm.map { x.shape[$0] }
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        return [try x.selecting(indices(x.shape), shape: perm.map { x.shape[$0] })]
    }

    private func indices(_ shape: [Int]) -> [Int] {
        let strides = Oracle.strides(shape)
        var result: [Int] = []
        Oracle.forEach(perm.map { shape[$0] }) { index in
            result.append(zip(perm, index).reduce(0) { $0 + strides[$1.0] * $1.1 })
        }
        return result
    }
}
