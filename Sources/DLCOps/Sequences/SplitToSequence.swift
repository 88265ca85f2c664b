import DLCGraph
import DLCRuntime

/// The parts of a tensor along an axis as a sequence (ONNX SplitToSequence).
///
/// Operands: x; the parts' extents, `i64[parts]`, or one number that all but the last have. Without it each part is one slice, which
/// keeps the axis where `keepsAxis`.
public struct SplitToSequence: ReadsContainers {
    public var axis: Int
    public var keepsAxis: Bool

    public init(axis: Int = 0, keepsAxis: Bool = true) { (self.axis, self.keepsAxis) = (axis, keepsAxis) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SplitToSequence(), name: "split_to_sequence", operands: ["x", "split?"],
        onnx: [
            ONNXMapping(
                "SplitToSequence", read: read,
                write: { writer in
                    try writer.require(11, "SplitToSequence")
                    writer.node("SplitToSequence", attributes: writer.op.changedAttributes)
                })
        ], examples: { [] }
    ) {
        Attribute("axis", \.axis)
        Attribute("keepdims", \.keepsAxis)
    }

    /// The most parts that become slices of their own where files are read.
    private static let mostParts = 256

    /// Slices, where the number of parts is known and small.
    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let op: SplitToSequence = try reader.configured(SplitToSequence())
        let x = try reader.fact(0)
        guard x.type.container == nil else { return try reader.add(op, reader.operands) }
        let axis = try InferenceRules.axis(op.axis, rank: x.rank)
        let parts = reader.operand(1)
        let known = try parts.flatMap { try InferenceRules.known($0, reader.builder) }
        let sizes: [Dim]
        if let parts, let known, !reader.builder.shape(parts).isEmpty {
            for size in known where (size.constant ?? 0) < 0 { throw DLCError("a part of \(size) elements is below 0") }
            sizes = known
        } else if let extent = x.shape[axis].constant, let size = parts == nil ? 1 : known?.first?.constant {
            guard size > 0 else { throw DLCError("split is \(size); expected at least 1") }
            guard extent / size < mostParts else { return try reader.add(op, reader.operands) }
            sizes = Self.parts(of: extent, size).map { Dim($0) }
        } else if let parts, let op = try single(op, parts, x.shape[axis], &reader) {
            return try reader.add(op, [reader.operand(0)])
        } else {
            return try reader.add(op, reader.operands)
        }
        guard sizes.count <= mostParts else { return try reader.add(op, reader.operands) }
        let sum = try sizes.reduce(Dim(0)) { try $0.plus($1) }
        try reader.require(.equal, x.shape[axis], sum, "parts \(sizes.map(\.description)) sum to dimension \(axis) of \(x.type)")
        var start: Dim = 0
        var values: [Value] = []
        for size in sizes {
            var slice = Slice(starts: Shape(repeating: 0, count: x.rank), sizes: x.shape, steps: [Int](repeating: 1, count: x.rank))
            (slice.starts[axis], slice.sizes[axis]) = (start, size)
            start = try start.plus(size)
            let part = try reader.builder.add1(slice, [reader.operand(0)], name: reader.name)
            var shape = x.shape
            shape.remove(at: axis)
            values.append(parts == nil && !op.keepsAxis ? try reader.add1(Reshape(shape: shape), [part]) : part)
        }
        return try reader.addSequence(of: x.element, values)
    }

    /// The operator that gives parts of one slice each, where all extents of the parts are 1, as exporters write them for a tensor of
    /// open length; their extents then are known.
    private static func single(_ op: SplitToSequence, _ parts: Value, _ extent: Dim, _ reader: inout ONNXReader) throws -> SplitToSequence? {
        guard let fill = reader.builder.producer(of: parts)?.op as? Fill, fill.shape.count <= 1, try fill.value.integers() == [1] else { return nil }
        if let count = fill.shape.first {
            try reader.require(.equal, extent, count, "parts of 1, \(count) of them, sum to dimension \(op.axis) of operand 0")
        }
        return SplitToSequence(axis: op.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.tensor(0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        var extents = x.shape.map(\.constant)
        if context.optional(1) != nil {
            try context.expect(1, "split", [.int32, .int64])
            guard try context.tensor(1).rank <= 1 else { throw DLCError("split is \(try context.operand(1).type); expected [parts] or one number") }
            extents[axis] = nil
        } else if keepsAxis {
            extents[axis] = 1
        } else {
            extents.remove(at: axis)
        }
        return [Fact(TensorType(x.element, Container(.sequence, .shape(extents))))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        guard let x = try values[0]?.tensor else { throw DLCError("operand 0 is missing") }
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let split = values.count > 1 ? try values[1]?.tensor : nil
        let sizes = try Self.sizes(split, of: x.shape[axis])
        var start = 0
        return [
            .sequence(
                try sizes.map { size in
                    var slice = Slice(
                        starts: Shape(repeating: 0, count: x.rank), sizes: Shape(constants: x.shape), steps: [Int](repeating: 1, count: x.rank))
                    (slice.starts[axis], slice.sizes[axis]) = (Dim(start), Dim(size))
                    start += size
                    let part = try slice.evaluate([x])[0]
                    guard split == nil, !keepsAxis else { return part }
                    var shape = part.shape
                    shape.remove(at: axis)
                    return try part.reshaped(shape)
                })
        ]
    }

    /// As many parts of one size as there are, and what is left.
    private static func parts(of extent: Int, _ size: Int) -> [Int] {
        (0..<extent / size + (extent % size == 0 ? 0 : 1)).map { min(size, extent - $0 * size) }
    }

    /// The extents of the parts.
    private static func sizes(_ split: Tensor?, of extent: Int) throws -> [Int] {
        guard let split else { return [Int](repeating: 1, count: extent) }
        let given = try split.integers().map { Int($0) }
        if split.rank == 0 {
            guard given[0] > 0 else { throw DLCError("split is \(given[0]); expected at least 1") }
            return parts(of: extent, given[0])
        }
        guard given.allSatisfy({ $0 >= 0 && $0 <= extent }), given.reduce(0, +) == extent else {
            throw DLCError("parts \(given) do not sum to an extent of \(extent)")
        }
        return given
    }
}

extension SplitToSequence: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem {
        ScheduledItem(.splitToSequence, [try node.axis(axis, graph), keepsAxis ? 1 : 0])
    }
}

extension InferenceRules {
    /// The numbers of an integer value as expressions, nil where data decide them.
    static func known(_ value: Value, _ builder: GraphBuilder) throws -> [Dim]? {
        let fact = builder.fact(value)
        if let content = fact.content { return content }
        return try fact.constant.flatMap { $0.type.isFloat ? nil : try $0.integers().map { Dim(Int($0)) } }
    }
}
