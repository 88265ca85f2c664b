import DLCGraph

/// The extents of x's dimensions `start ..< end` as i64. Known at build time, so nothing runs where they are numbers.
public struct ShapeOf: Operator {
    /// Counted from the end where negative; clamped.
    public var start: Int
    /// Nil for the rank.
    public var end: Int?

    public init(start: Int = 0, end: Int? = nil) {
        self.start = start
        self.end = end
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ShapeOf(), name: "shape", operands: ["x"],
        onnx: [
            ONNXMapping(
                "Shape", read: { try $0.add($0.configured(ShapeOf()), $0.operands) },
                write: { writer in
                    guard let op = writer.op as? ShapeOf else { return }
                    if op.start != 0 || op.end != nil { try writer.require(15, "Shape with start or end") }
                    writer.node("Shape", attributes: op.changedAttributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("all", ShapeOf(), [x], isDifferentiable: false),
                Example("part", ShapeOf(start: -2, end: 2), [x], isDifferentiable: false),
                Example("clamped", ShapeOf(start: 1, end: 9), [try x.converted(to: .float16)], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("start", \.start)
        Attribute("end", \.end)
    }

    private func range(_ rank: Int) -> Range<Int> {
        func clamped(_ position: Int) -> Int { min(max(position < 0 ? position + rank : position, 0), rank) }
        let (from, to) = (clamped(start), clamped(end ?? rank))
        return from..<max(from, to)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        let extents = Shape(x.shape[range(x.rank)])
        return [Fact(.int64, [Dim(extents.count)], content: extents)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let extents = Array(x.shape[range(x.rank)])
        return [try Tensor(extents.map(Int64.init), shape: [extents.count])]
    }
}

/// The number of x's elements as i64.
public struct Size: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Size(), name: "size", operands: ["x"],
        onnx: [ONNXMapping("Size", Size())],
        examples: {
            [
                Example("matrix", Size(), [try Tensor.random(seed: 1, shape: [2, 3])], isDifferentiable: false),
                Example("empty", Size(), [try Tensor.random(seed: 2, shape: [2, 0])], isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        [Fact(.int64, [], content: [try context.operand(0).shape.product()])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try Tensor([Int64(try Oracle.operand(operands, 0).count)], shape: [])]
    }
}
