import DLCGraph
import DLCRuntime

/// The places of all elements other than zero, one column each, in row-major order (ONNX NonZero): i64 `[rank, count]`.
public struct NonZero: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        NonZero(), name: "non_zero", operands: ["x"],
        onnx: [
            ONNXMapping(
                "NonZero",
                read: { reader in
                    try reader.allowAttributes([])
                    if let places = try readFilled(&reader) { return places }
                    return try reader.add(NonZero(), reader.operands)
                },
                write: { $0.node("NonZero") })
        ],
        examples: {
            [
                Example("matrix", NonZero(), [try Tensor([1, 0, 2, 0, 0, -3] as [Float], shape: [2, 3])], isDifferentiable: false),
                Example("bool", NonZero(), [try Tensor.random(seed: 1, type: .bool, shape: [2, 2, 3])], isDifferentiable: false),
                Example("none", NonZero(), [try Tensor([0, 0] as [Int64], shape: [2])], isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        // Of a constant the number is known, as where exporters write `repeat_interleave`.
        if let constant = x.constant, constant.count <= Self.mostCounted {
            return [Fact(.int64, [Dim(x.rank), Dim(try constant.doubles().filter { $0 != 0 }.count)])]
        }
        return [Fact(.int64, [Dim(x.rank), context.unknown("nonzero")])]
    }

    private static let mostCounted = 1 << 16

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let isSet = try x.type == .string ? x.texts().map { !$0.isEmpty } : x.doubles().map { $0 != 0 }
        var places: [[Int]] = []
        var position = 0
        Oracle.forEach(x.shape) { place in
            if isSet[position] { places.append(place) }
            position += 1
        }
        let values = (0..<x.rank).flatMap { axis in places.map { Int64($0[axis]) } }
        return [try Tensor(values, shape: [x.rank, places.count])]
    }

    /// The places of a tensor of equal elements other than 0 are all that there are, as exporters write an `arange`; nil for others.
    private static func readFilled(_ reader: inout ONNXReader) throws -> [Value]? {
        guard let x = reader.operand(0), let fill = reader.builder.producer(of: x)?.op as? Fill, !fill.shape.isEmpty,
            try fill.value.doubles().first.map({ $0 != 0 }) == true
        else { return nil }
        let total = try fill.shape.product()
        func scalar(_ dim: Dim) throws -> Value { try reader.add1(Extents(values: [dim], shape: []), []) }
        let places = try reader.add1(RangeOf(count: total), [scalar(0), scalar(total), scalar(1)])
        var rows: [Value] = []
        var inner = Dim(1)
        for (axis, extent) in fill.shape.enumerated().reversed() {
            var row = places
            if inner != 1 { row = try reader.add1(Binary(.div), [row, scalar(inner)]) }
            if axis > 0 { row = try reader.add1(Binary(.mod), [row, scalar(extent)]) }
            rows.append(try reader.add1(Reshape(shape: [1, total]), [row]))
            inner = try inner.times(extent)
        }
        return try reader.add(Concat(axis: 0), rows.reversed())
    }
}

extension NonZero: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.nonZero) }
}
