import DLCGraph

/// What `Softmax` computes from the shifted exponentials.
public enum SoftmaxKind: String, Sendable, CaseIterable {
    case softmax, logSoftmax = "log_softmax", hardmax
}

/// Softmax, its logarithm, or one-hot of the maximum, along one axis.
public struct Softmax: Operator {
    public var kind: SoftmaxKind
    public var axis = -1

    public init(_ kind: SoftmaxKind = .softmax, axis: Int = -1) {
        self.kind = kind
        self.axis = axis
    }

    public var definition: OperatorDefinition { Self.definitions[kind] ?? Self.softmax }

    static let softmax = define(.softmax, onnx: "Softmax")
    private static let definitions: [SoftmaxKind: OperatorDefinition] = [
        .softmax: softmax, .logSoftmax: define(.logSoftmax, onnx: "LogSoftmax"), .hardmax: define(.hardmax, onnx: "Hardmax"),
    ]
    static let table: [OperatorDefinition] = SoftmaxKind.allCases.compactMap { definitions[$0] }

    private static func define(_ kind: SoftmaxKind, onnx: String) -> OperatorDefinition {
        OperatorDefinition(
            Softmax(kind), name: kind.rawValue, operands: ["x"], traits: [.inPlaceable],
            onnx: [
                ONNXMapping(
                    onnx, read: { try read(kind, &$0) },
                    write: { writer in
                        guard let op = writer.op as? Softmax else { return }
                        let rank = writer.operandFacts[0]?.rank ?? 0
                        // Before opset 13 everything from the axis on was one row, the same only for the last axis.
                        if op.axis != -1, op.axis != rank - 1 { try writer.require(13, "\(onnx) of an inner axis") }
                        writer.node(onnx, attributes: [("axis", .int(op.axis))])
                    })
            ],
            examples: {
                let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
                return [
                    Example("last axis", Softmax(kind), [x]),
                    Example("middle axis", Softmax(kind, axis: 1), [x]),
                    Example("f64", Softmax(kind, axis: 0), [try Tensor.random(seed: 2, type: .float64, shape: [5])]),
                ]
            }
        ) {
            Attribute("axis", \.axis)
        }
    }

    /// Up to opset 12 the input is coerced to a matrix at `axis`; from 13 on only `axis` itself is normalised.
    private static func read(_ kind: SoftmaxKind, _ reader: inout ONNXReader) throws -> [Value] {
        if reader.opset >= 13 { return try reader.add(reader.configured(Softmax(kind)), reader.operands) }
        let x = try reader.required(0)
        let shape = reader.builder.shape(x)
        try reader.allowAttributes(["axis"])
        let axis = try InferenceRules.axis(try reader.attribute("axis") ?? 1, rank: max(shape.count, 1))
        if axis == shape.count - 1 { return try reader.add(Softmax(kind, axis: axis), [x]) }
        let matrix: Shape = [try Shape(shape[..<axis]).product(), try Shape(shape[axis...]).product()]
        let flat = try reader.add1(Reshape(shape: matrix), [x])
        let y = try reader.add1(Softmax(kind, axis: 1), [flat])
        return try reader.add(Reshape(shape: shape), [y])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.float32, .float64, .float16, .bfloat16])
        let x = try context.operand(0)
        _ = try InferenceRules.axis(axis, rank: x.rank)
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        guard let x = operands.first ?? nil else { throw DLCError("operand x is missing") }
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let length = x.shape[axis]
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        let values = try x.doubles()
        var result = values
        guard x.count > 0 else { return [x] }
        for start in 0..<(x.count / length) {
            let base = start / inner * inner * length + start % inner
            let row = (0..<length).map { values[base + $0 * inner] }
            // The first of the largest; NaN is above all, as it is to NumPy.
            let top = row.indices.dropFirst().reduce(0) { row[$1] > row[$0] || row[$1].isNaN && !row[$0].isNaN ? $1 : $0 }
            let maximum = row[top]
            let sum = row.reduce(0) { $0 + Oracle.exp($1 - maximum) }
            for (i, value) in row.enumerated() {
                let shifted = value - maximum
                result[base + i * inner] =
                    switch kind {
                    case .softmax: Oracle.exp(shifted) / sum
                    case .logSoftmax: shifted - Oracle.log(sum)
                    case .hardmax: i == top ? 1 : 0
                    }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: x.shape)]
    }
}
