import DLCGraph

/// x with the first `lengths[b]` steps of every sequence in reverse order (ONNX ReverseSequence); of one below 1 nothing moves.
public struct ReverseSequence: Operator {
    public var batchAxis: Int
    public var timeAxis: Int

    public init(batchAxis: Int = 1, timeAxis: Int = 0) {
        self.batchAxis = batchAxis
        self.timeAxis = timeAxis
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ReverseSequence(), name: "reverse_sequence", operands: ["x", "lengths"], traits: [.movesData],
        onnx: [
            ONNXMapping(
                "ReverseSequence", read: read,
                write: { writer in
                    try writer.require(10, "ReverseSequence")
                    writer.node("ReverseSequence", attributes: writer.op.changedAttributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [4, 3, 2])
            return [
                Example("time first", ReverseSequence(), [x, try Tensor([4, 1, 2] as [Int64], shape: [3])]),
                Example(
                    "batch first", ReverseSequence(batchAxis: 0, timeAxis: 1),
                    [x, try Tensor([3, 2, 0, 1] as [Int64], shape: [4])]),
            ]
        }
    ) {
        Attribute("batch_axis", \.batchAxis)
        Attribute("time_axis", \.timeAxis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "lengths", [.int64])
        let (x, lengths) = (try context.operand(0), try context.operand(1))
        let axes = try InferenceRules.axes([batchAxis, timeAxis], rank: x.rank)
        let reason = "lengths are \(lengths.type); expected one for each of dimension \(axes[0]) of \(x.type)"
        guard lengths.rank == 1 else { throw DLCError(reason) }
        try context.require(lengths.shape[0], equals: x.shape[axes[0]], reason)
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let lengths = try Oracle.operand(operands, 1).integers()
        let axes = try InferenceRules.axes([batchAxis, timeAxis], rank: x.rank)
        guard lengths.count == x.shape[axes[0]], x.count == 0 || lengths.allSatisfy({ $0 <= x.shape[axes[1]] }) else {
            throw DLCError("lengths \(lengths) do not fit dimensions \(axes) of \(x.shape)")
        }
        let strides = Oracle.strides(x.shape)
        var sources: [Int] = []
        Oracle.forEach(x.shape) { place in
            let (time, length) = (place[axes[1]], Int(lengths[place[axes[0]]]))
            sources.append(sources.count + (time < length ? (length - 1 - 2 * time) * strides[axes[1]] : 0))
        }
        return [try x.selecting(sources, shape: x.shape)]
    }

    /// Known lengths of what is known or has no element stay as they are and fold; else every element is gathered from its place, which is
    /// `lengths − 1 − time` within the length.
    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let op: ReverseSequence = try reader.configured(ReverseSequence())
        let (x, shape) = (try reader.required(0), try reader.fact(0).shape)
        let lengths = try reader.required(1)
        let axes = try InferenceRules.axes([op.timeAxis, op.batchAxis], rank: shape.count)
        let isKnown = reader.builder.constant(x) != nil && reader.builder.constant(lengths) != nil
        if isKnown || shape.contains(where: { $0.constant == 0 }) { return try reader.add(op, reader.operands) }
        let perm = axes + shape.indices.filter { !axes.contains($0) }
        let (time, batch) = (shape[axes[0]], shape[axes[1]])
        let rest = perm.dropFirst(2).map { shape[$0] }
        let steps = try reader.reshape(reader.range(time), [time, 1])
        let length = try reader.reshape(reader.cast(lengths, .int64), [1, batch])
        let turned = try reader.apply(.sub, reader.apply(.sub, length, reader.scalar(1, like: length)), steps)
        let source = try reader.select(reader.apply(.less, steps, length), turned, steps)
        let row = try reader.apply(.add, reader.apply(.mul, source, reader.extent(batch, like: source)), reader.range(batch))
        let rows = try reader.reshape(reader.transpose(x, perm), [time.times(batch)] + rest)
        let result = try reader.add1(Gather(axis: 0), [rows, row])
        return [try reader.transpose(result, shape.indices.map { perm.firstIndex(of: $0) ?? $0 })]
    }
}
