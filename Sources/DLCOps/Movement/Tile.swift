import DLCGraph

/// x repeated along its dimensions.
public struct Tile: Operator {
    /// How often each dimension is repeated.
    public var repeats: [Dim]

    public init(repeats: [Dim] = []) { self.repeats = repeats }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Tile(), name: "tile", operands: ["x"], traits: [.movesData],
        onnx: [
            ONNXMapping(
                "Tile",
                read: { reader in
                    try reader.allowAttributes([])
                    try reader.settle(1, count: reader.fact(0).rank)
                    guard let repeats = try reader.dims(1, "repeats") else { throw DLCError("repeats are missing") }
                    return repeats.allSatisfy { $0 == 1 }
                        ? [try reader.required(0)] : try reader.add(Tile(repeats: repeats), [reader.operand(0)])
                },
                write: { writer in
                    guard let op = writer.op as? Tile else { return }
                    writer.node("Tile", inputs: [writer.inputs[0], try writer.dimensions(op.repeats, "repeats")])
                })
        ],
        examples: {
            [
                Example("matrix", Tile(repeats: [2, 3]), [try Tensor.random(seed: 1, shape: [2, 3])]),
                Example("one axis", Tile(repeats: [1, 2, 1]), [try Tensor.random(seed: 2, shape: [2, 2, 3])]),
                Example("i32", Tile(repeats: [3]), [try Tensor.random(seed: 3, type: .int32, shape: [2])], isDifferentiable: false),
                Example("never", Tile(repeats: [0]), [try Tensor.random(seed: 4, shape: [2])]),
            ]
        }
    ) {
        Attribute("repeats", \.repeats)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard repeats.count == x.rank, !repeats.contains(where: { $0.constant.map { $0 < 0 } ?? false }) else {
            throw DLCError("repeats \(repeats.text) do not fit \(x.type)")
        }
        let shape = try zip(x.shape, repeats).map { try $0.times($1) }
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let repeats = try Oracle.numbers(repeats, "repeats")
        return [try x.selecting(indices(x.shape), shape: zip(x.shape, repeats).map { try Checked.multiply($0, $1) })]
    }

    private func indices(_ shape: [Int]) throws -> [Int] {
        let strides = Oracle.strides(shape)
        var result: [Int] = []
        Oracle.forEach(zip(shape, try Oracle.numbers(repeats, "repeats")).map { $0 * $1 }) { index in
            result.append(index.indices.reduce(0) { $0 + index[$1] % shape[$1] * strides[$1] })
        }
        return result
    }
}
