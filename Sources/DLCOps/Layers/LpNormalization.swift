import DLCGraph

/// Division by the L1 or L2 norm along one axis (ONNX LpNormalization); a norm of 0 gives 0.
public struct LpNormalization: Operator {
    public var axis: Int
    public var p: Int

    public init(axis: Int = -1, p: Int = 2) {
        self.axis = axis
        self.p = p
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        LpNormalization(), name: "lp_norm", operands: ["x"], traits: [.inPlaceable],
        onnx: [ONNXMapping("LpNormalization", LpNormalization())],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("L2", LpNormalization(), [x]),
                Example("L1 of the middle", LpNormalization(axis: 1, p: 1), [x]),
                Example(
                    "zeros", LpNormalization(axis: 0), [try Tensor(filling: 0, type: .float32, shape: [3, 2])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("p", \.p)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        _ = try InferenceRules.axis(axis, rank: x.rank)
        guard p == 1 || p == 2 else { throw DLCError("p is \(p); expected 1 or 2") }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        var kept = x.shape
        kept[try InferenceRules.axis(axis, rank: x.rank)] = 1
        let groups = Oracle.broadcastIndices(kept, to: x.shape)
        let values = try x.doubles()
        var norms = [Double](repeating: 0, count: kept.reduce(1, *))
        for (value, group) in zip(values, groups) { norms[group] += p == 1 ? abs(value) : value * value }
        if p == 2 { norms = norms.map { $0.squareRoot() } }
        let result = zip(values, groups).map { norms[$1] == 0 ? 0 : $0 / norms[$1] }
        return [try Tensor(doubles: result, type: x.type, shape: x.shape)]
    }
}
