import DLCGraph

/// The places of all elements other than zero, one column each, in row-major order (ONNX NonZero): i64 `[rank, count]`.
public struct NonZero: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        NonZero(), name: "non_zero", operands: ["x"],
        onnx: [ONNXMapping("NonZero", NonZero(), since: 9)],
        examples: {
            [
                Example("matrix", NonZero(), [try Tensor([1, 0, 2, 0, 0, -3] as [Float], shape: [2, 3])], isDifferentiable: false),
                Example("bool", NonZero(), [try Tensor.random(seed: 1, type: .bool, shape: [2, 2, 3])], isDifferentiable: false),
                Example("none", NonZero(), [try Tensor([0, 0] as [Int64], shape: [2])], isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        return [Fact(.int64, [Dim(x.rank), context.unknown("nonzero")])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let isSet = try x.doubles().map { $0 != 0 }
        var places: [[Int]] = []
        var position = 0
        Oracle.forEach(x.shape) { place in
            if isSet[position] { places.append(place) }
            position += 1
        }
        let values = (0..<x.rank).flatMap { axis in places.map { Int64($0[axis]) } }
        return [try Tensor(values, shape: [x.rank, places.count])]
    }
}
