import DLCGraph

/// The k largest or smallest elements along an axis and their places; equal ones by their place (ONNX TopK).
public struct TopK: Operator {
    public var k: Dim
    public var axis: Int
    public var largest: Bool
    /// Whether the result is in order; the oracle always orders it.
    public var sorted: Bool

    public init(k: Dim = 1, axis: Int = -1, largest: Bool = true, sorted: Bool = true) {
        self.k = k
        self.axis = axis
        self.largest = largest
        self.sorted = sorted
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        TopK(), name: "top_k", operands: ["x"], results: ["values", "indices"],
        onnx: [
            ONNXMapping(
                "TopK",
                read: { reader in
                    try reader.allowAttributes(["axis", "k", "largest", "sorted"])
                    let number: Int? = try reader.attribute("k")
                    guard let k = try number.map({ Dim($0) }) ?? reader.dims(1, "k")?.first else { throw DLCError("k is missing") }
                    let op = TopK(
                        k: k, axis: try reader.attribute("axis") ?? -1, largest: try reader.attribute("largest") ?? true,
                        sorted: try reader.attribute("sorted") ?? true)
                    return try reader.add(op, [reader.operand(0)])
                },
                write: { writer in
                    guard let op = writer.op as? TopK else { return }
                    if writer.opset < 11 {
                        try writer.require(10, "TopK")
                        if !op.largest { throw DLCError("TopK of the smallest elements needs opset 11 or newer") }
                    }
                    let k = try writer.dimensions([op.k], "k")
                    let attributes = op.changedAttributes.filter { $0.name != "k" }
                    writer.node("TopK", inputs: [writer.inputs[0], k], attributes: attributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [3, 5, 2])
            return [
                Example("largest", TopK(k: 3, axis: 1), [x]),
                Example("smallest", TopK(k: 2, axis: -2, largest: false), [x]),
                Example("ties", TopK(k: 4), [try Tensor([1, 3, 3, 2, 3] as [Int64], shape: [5])], isDifferentiable: false),
                Example("unsorted", TopK(k: 1, axis: 0, sorted: false), [try x.converted(to: .float64)]),
            ]
        }
    ) {
        Attribute("k", \.k)
        Attribute("axis", \.axis)
        Attribute("largest", \.largest)
        Attribute("sorted", \.sorted)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.numbers)
        let x = try context.operand(0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        try context.require(.atLeast, k, 0, "k is \(k)")
        try context.require(.atLeast, x.shape[axis], k, "k is \(k), dimension \(axis) of \(x.type) is \(x.shape[axis])")
        var shape = x.shape
        shape[axis] = k
        return [Fact(x.element, shape), Fact(.int64, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let k = try Oracle.numbers([k], "k")[0]
        var shape = x.shape
        shape[axis] = k
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        let isLess = try Oracle.ordering(x)
        // NaN is above all.
        let isNumber = try x.type.isFloat ? x.doubles().map { !$0.isNaN } : []
        let ascending: (Int, Int) -> Bool = x.type.isFloat ? { isNumber[$0] && (!isNumber[$1] || isLess($0, $1)) } : isLess
        guard k >= 0, k <= x.shape[axis] else { throw DLCError("k is \(k), dimension \(axis) of \(x.shape) is \(x.shape[axis])") }
        var sources = [Int](repeating: 0, count: try Checked.count(shape))
        var places = [Int64](repeating: 0, count: sources.count)
        if k > 0 {
            Oracle.forEachRow(x.shape, axis) { start, row in
                let order = row.sorted { i, j in
                    if ascending(i, j) { return !largest }
                    return ascending(j, i) ? largest : i < j
                }
                let target = start / (inner * x.shape[axis]) * inner * k + start % inner
                for (rank, element) in order.prefix(k).enumerated() {
                    sources[target + rank * inner] = element
                    places[target + rank * inner] = Int64((element - start) / inner)
                }
            }
        }
        return [try x.selecting(sources, shape: shape), try Tensor(places, shape: shape)]
    }
}

extension Oracle {
    /// Whether one element is less than another, by their positions; NaN is neither.
    static func ordering(_ x: Tensor) throws -> (Int, Int) -> Bool {
        if x.type == .uint64 {
            let values = try x.array(of: UInt64.self)
            return { values[$0] < values[$1] }
        }
        if !x.type.isFloat {
            let values = try x.integers()
            return { values[$0] < values[$1] }
        }
        let values = try x.doubles()
        return { values[$0] < values[$1] }
    }

    /// Calls `body` with the first element of every row along an axis and the positions of all its elements.
    static func forEachRow(_ shape: [Int], _ axis: Int, _ body: (Int, [Int]) throws -> Void) rethrows {
        let inner = shape[(axis + 1)...].reduce(1, *)
        let outer = shape[..<axis].reduce(1, *)
        for o in 0..<outer {
            for i in 0..<inner {
                let start = o * shape[axis] * inner + i
                try body(start, (0..<shape[axis]).map { start + $0 * inner })
            }
        }
    }
}
