import DLCGraph

/// Which element `ArgReduce` looks for.
public enum ArgKind: String, Sendable, CaseIterable {
    case max = "arg_max", min = "arg_min"
}

/// The place of the largest or smallest element along an axis, as i64 (ONNX ArgMax, ArgMin).
public struct ArgReduce: Operator {
    public let kind: ArgKind
    public var axis: Int
    public var keepDims: Bool
    /// Among equal elements: the last one instead of the first.
    public var selectLastIndex: Bool

    public init(_ kind: ArgKind, axis: Int = 0, keepDims: Bool = true, selectLastIndex: Bool = false) {
        self.kind = kind
        self.axis = axis
        self.keepDims = keepDims
        self.selectLastIndex = selectLastIndex
    }

    public var definition: OperatorDefinition { kind == .max ? Self.max : Self.min }

    static let table: [OperatorDefinition] = [max, min]
    private static let max = define(.max, onnx: "ArgMax")
    private static let min = define(.min, onnx: "ArgMin")

    private static func define(_ kind: ArgKind, onnx: String) -> OperatorDefinition {
        OperatorDefinition(
            ArgReduce(kind), name: kind.rawValue, operands: ["x"],
            onnx: [
                ONNXMapping(
                    onnx, read: { try $0.add($0.configured(ArgReduce(kind)), $0.operands) },
                    write: { writer in
                        guard let op = writer.op as? ArgReduce else { return }
                        if op.selectLastIndex { try writer.require(12, "\(onnx) of the last index") }
                        writer.node(onnx, attributes: op.changedAttributes)
                    })
            ],
            examples: {
                let x = try Tensor.random(seed: 1, shape: [3, 5, 2])
                let withNaN = try Tensor([1, .nan, 3, .nan, 1, 2, 3, 1, .nan] as [Float], shape: [3, 3])
                let ties = try Tensor([2, 7, 7, 2] as [Int32], shape: [1, 4])
                let holes = try Tensor([2, .nan, 7, .nan, -.infinity, 1, .infinity, 3] as [Float], shape: [2, 4])
                return [
                    Example("first axis", ArgReduce(kind), [x], isDifferentiable: false),
                    Example("dropped", ArgReduce(kind, axis: -1, keepDims: false), [x], isDifferentiable: false),
                    Example("not a number", ArgReduce(kind, axis: 1), [withNaN], isDifferentiable: false),
                    Example("first tie", ArgReduce(kind, axis: 1), [ties], isDifferentiable: false),
                    Example("last tie", ArgReduce(kind, axis: 1, selectLastIndex: true), [ties], isDifferentiable: false),
                    Example("NaN", ArgReduce(kind, axis: 1), [holes], isDifferentiable: false),
                    Example("last NaN", ArgReduce(kind, axis: 1, selectLastIndex: true), [holes], isDifferentiable: false),
                ]
            }
        ) {
            Attribute("axis", \.axis)
            Attribute("keepdims", \.keepDims)
            Attribute("select_last_index", \.selectLastIndex)
        }
    }

    private func shape<T: ExpressibleByIntegerLiteral>(_ shape: [T]) throws -> (axis: Int, [T]) {
        let axis = try InferenceRules.axis(axis, rank: shape.count)
        var result = shape
        if keepDims { result[axis] = 1 } else { result.remove(at: axis) }
        return (axis, result)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.numbers)
        let x = try context.operand(0)
        let (axis, result) = try shape(x.shape)
        try context.require(.atLeast, x.shape[axis], 1, "dimension \(axis) of \(x.type) has an extreme element")
        return [Fact(.int64, result)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (axis, result) = try shape(x.shape)
        let isLess = try Oracle.ordering(x)
        let isNumber = try x.type.isFloat ? x.doubles().map { !$0.isNaN } : [Bool](repeating: true, count: x.count)
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        var places: [Int64] = []
        Oracle.forEachRow(x.shape, axis) { start, row in
            var best = start
            for element in row {
                let isBetter = kind == .max ? isLess(best, element) : isLess(element, best)
                let isTied = isNumber[best] && isNumber[element] && !isLess(best, element) && !isLess(element, best)
                if isBetter || (isTied && selectLastIndex) { best = element }
            }
            places.append(Int64((best - start) / inner))
        }
        return [try Tensor(places, shape: result)]
    }
}
