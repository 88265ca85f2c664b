import DLCGraph

/// Tensors one after another along an axis.
public struct Concat: Operator {
    public var axis: Int

    public init(axis: Int = 0) { self.axis = axis }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Concat(), name: "concat", operands: ["x..."], traits: [.movesData],
        onnx: [
            ONNXMapping(
                "Concat",
                read: { reader in
                    try reader.allowAttributes(["axis"])
                    guard let axis: Int = try reader.attribute("axis") else { throw DLCError("attribute axis is missing") }
                    return try reader.measured(reader.add(Concat(axis: axis), reader.operands))
                },
                write: { writer in writer.node("Concat", attributes: writer.op.attributes) })
        ],
        examples: {
            [
                Example(
                    "channels", Concat(axis: 1),
                    [try Tensor.random(seed: 1, shape: [2, 3, 4]), try Tensor.random(seed: 2, shape: [2, 1, 4])]),
                Example(
                    "three, last axis", Concat(axis: -1),
                    [
                        try Tensor.random(seed: 3, shape: [2, 3]), try Tensor.random(seed: 4, shape: [2, 0]),
                        try Tensor.random(seed: 5, shape: [2, 2]),
                    ]),
                Example(
                    "i16", Concat(),
                    [try Tensor.random(seed: 6, type: .int16, shape: [3]), try Tensor.random(seed: 7, type: .int16, shape: [2])],
                    isDifferentiable: false),
                Example("empty", Concat(), [try Tensor.random(seed: 9, shape: [0, 2]), try Tensor.random(seed: 9, shape: [0, 2])]),
                Example("one", Concat(), [try Tensor.random(seed: 8, shape: [3])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let first = try context.operand(0)
        let axis = try InferenceRules.axis(axis, rank: first.rank)
        var shape = first.shape
        for index in 1..<max(context.count, 1) {
            let fact = try context.operand(index)
            guard fact.element == first.element, fact.rank == first.rank else {
                throw DLCError("operand \(index) is \(fact.type); expected the type and rank of \(first.type)")
            }
            for i in shape.indices {
                if i == axis {
                    shape[i] = try shape[i].plus(fact.shape[i])
                } else {
                    shape[i] = try context.require(
                        shape[i], equals: fact.shape[i],
                        "operand \(index) is \(fact.type), the first \(first.type), joined along dimension \(axis)")
                }
            }
        }
        return [Fact(first.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let tensors = try operands.indices.map { try Oracle.operand(operands, $0) }
        guard let first = tensors.first else { throw DLCError("concat needs an operand") }
        return [try Self.joined(tensors, axis: InferenceRules.axis(axis, rank: first.rank))]
    }

    /// Tensors of one type after another along `axis`, counted from the front.
    static func joined(_ tensors: [Tensor], axis: Int) throws -> Tensor {
        guard let first = tensors.first else { throw DLCError("nothing to join") }
        guard tensors.allSatisfy({ $0.type == first.type && $0.rank == first.rank }) else {
            throw DLCError("tensors to join differ in type or rank")
        }
        var shape = first.shape
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        let outer = try Checked.count(Array(shape[..<axis]))
        return try Tensor(type: first.type, shape: shape) { target in
            var position = 0
            for row in 0..<outer {
                for tensor in tensors {
                    try tensor.withUnsafeBytes { source in
                        let length = source.count / outer
                        guard position + length <= target.count else { throw DLCError("tensors to join differ in shape") }
                        UnsafeMutableRawBufferPointer(rebasing: target[position..<position + length])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * length..<(row + 1) * length]))
                        position += length
                    }
                }
            }
        }
    }
}
