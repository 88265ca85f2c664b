import DLCGraph

/// The distinct elements of x, or its distinct slices along an axis (ONNX Unique), with the place of the first of each, which of
/// them every element or slice of x is, and how many there are of each.
public struct Unique: Operator {
    /// Nil flattens x.
    public var axis: Int?
    /// Whether they ascend; else they stand in the order in which they first come. NaN is above all numbers and equal to itself;
    /// strings ascend by their bytes.
    public var isSorted: Bool

    public init(axis: Int? = nil, isSorted: Bool = true) { (self.axis, self.isSorted) = (axis, isSorted) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Unique(), name: "unique", operands: ["x"], results: ["y", "indices", "inverse", "counts"],
        onnx: [
            ONNXMapping(
                "Unique", read: { try $0.add($0.configured(Unique()), [$0.required(0)]) },
                write: { writer in
                    try writer.require(11, "Unique")
                    writer.node("Unique", attributes: writer.op.changedAttributes)
                })
        ],
        examples: {
            let x = try Tensor([2, 1, 1, 3, 4, 3] as [Float], shape: [6])
            let rows = try Tensor([1, 0, 0, 1, 0, 0, 2, 3, 4] as [Int64], shape: [3, 3])
            return [
                Example("sorted", Unique(), [x], isDifferentiable: false),
                Example("in order", Unique(isSorted: false), [x], isDifferentiable: false),
                Example("rows", Unique(axis: 0), [rows], isDifferentiable: false),
                Example("strings", Unique(), [try Tensor(["b", "", "a longer one", "b", "ä", "a"], shape: [3, 2])], isDifferentiable: false),
                Example("columns", Unique(axis: -1, isSorted: false), [rows], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("sorted", \.isSorted)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        let count = context.unknown("unique")
        var shape: Shape = [count]
        var all = try x.shape.product()
        if let axis {
            let place = try InferenceRules.axis(axis, rank: x.rank)
            (shape, all) = (x.shape, x.shape[place])
            shape[place] = count
        }
        return [Fact(x.element, shape), Fact(.int64, [count]), Fact(.int64, [all]), Fact(.int64, [count])]
    }

    /// The places of texts among all of them in order.
    private static func ranks(_ texts: [[UInt8]]) -> [Double] {
        texts.map { text in Double(Set(texts).filter { $0.lexicographicallyPrecedes(text) }.count) }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let given = try Oracle.operand(operands, 0)
        let x = try axis == nil ? given.reshaped([given.count]) : given
        let axis = try InferenceRules.axis(axis ?? 0, rank: x.rank)
        let extent = x.shape[axis]
        let values = try x.type == .string ? Self.ranks(x.texts()) : x.doubles()
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        let slices = (0..<extent).map { index in
            values.indices.filter { $0 / inner % extent == index }.map { values[$0] }
        }
        func isEqual(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) } }
        func isBefore(_ a: [Double], _ b: [Double]) -> Bool {
            for (x, y) in zip(a, b) where !(x == y || (x.isNaN && y.isNaN)) { return y.isNaN || x < y }
            return false
        }
        var kept: [Int] = []
        for index in slices.indices where !kept.contains(where: { isEqual(slices[$0], slices[index]) }) { kept.append(index) }
        if isSorted { kept.sort { isBefore(slices[$0], slices[$1]) } }
        let inverse = slices.map { slice in kept.firstIndex { isEqual(slices[$0], slice) } ?? 0 }
        let counts = kept.indices.map { place in Int64(inverse.filter { $0 == place }.count) }
        let indices = try Tensor(kept.map(Int64.init), shape: [kept.count])
        return [
            try Gather(axis: axis).evaluate([x, indices])[0], indices, try Tensor(inverse.map(Int64.init), shape: [extent]),
            try Tensor(counts, shape: [kept.count]),
        ]
    }
}
