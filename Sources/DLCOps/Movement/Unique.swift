import DLCGraph
import DLCRuntime

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

    /// The elements as doubles that ascend as they do: those of texts and of integers, which may be too long for a double, are their
    /// places among all of them in order.
    private static func ordered(_ x: Tensor) throws -> [Double] {
        if x.type.isFloat { return try x.doubles() }
        if x.type == .string { return try places(x.texts()) { $0.lexicographicallyPrecedes($1) } }
        if x.type == .uint64 { return try places(x.array(of: UInt64.self), <) }
        return try places(x.integers(), <)
    }

    private static func places<Element: Hashable>(_ elements: [Element], _ isBefore: (Element, Element) -> Bool) -> [Double] {
        let places = Set(elements).sorted(by: isBefore).enumerated().map { ($1, Double($0)) }
        let byElement = Dictionary(uniqueKeysWithValues: places)
        return elements.map { byElement[$0] ?? 0 }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let given = try Oracle.operand(operands, 0)
        let x = try axis == nil ? given.reshaped([given.count]) : given
        let axis = try InferenceRules.axis(axis ?? 0, rank: x.rank)
        let extent = x.shape[axis]
        let values = try Self.ordered(x)
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        var slices = [[Double]](repeating: [], count: extent)
        for (place, value) in values.enumerated() { slices[place / inner % extent].append(value) }
        func isBefore(_ a: [Double], _ b: [Double]) -> Bool {
            for (x, y) in zip(a, b) where !(x == y || (x.isNaN && y.isNaN)) { return y.isNaN || x < y }
            return false
        }
        // Which slices are equal, those that ascend first.
        var groups: [[Int]] = []
        for index in slices.indices.sorted(by: { isBefore(slices[$0], slices[$1]) }) {
            if let first = groups.last?.first, !isBefore(slices[first], slices[index]) {
                groups[groups.count - 1].append(index)
            } else {
                groups.append([index])
            }
        }
        var members = groups.map { (first: $0.min() ?? 0, all: $0) }
        if !isSorted { members.sort { $0.first < $1.first } }
        var inverse = [Int64](repeating: 0, count: extent)
        for (place, group) in members.enumerated() { for index in group.all { inverse[index] = Int64(place) } }
        let indices = try Tensor(members.map { Int64($0.first) }, shape: [members.count])
        return [
            try Gather(axis: axis).evaluate([x, indices])[0], indices, try Tensor(inverse, shape: [extent]),
            try Tensor(members.map { Int64($0.all.count) }, shape: [members.count]),
        ]
    }
}

extension Unique: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem {
        ScheduledItem(.unique, [isSorted ? 1 : 0] + (try axis.map { [try node.axis($0, graph)] } ?? []))
    }
}
