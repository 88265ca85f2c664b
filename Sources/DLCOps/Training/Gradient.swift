import DLCGraph

/// The gradients of the sum of y's elements with respect to each x, along all ways from the x to y in the graph that holds
/// the node. Where there is no such way the gradient is zero.
///
/// The pass `differentiate` puts what computes them in its place; results may go into further nodes like it.
public struct Gradient: Operator {
    /// Whether an x from which no way leads to y is an error.
    public var mustReach: Bool

    public init(mustReach: Bool = false) { self.mustReach = mustReach }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Gradient(), name: "gradient", operands: ["y", "x..."], results: ["dx..."], traits: .impure,
        onnx: [
            // The importer hands over y and the x, which the node names.
            ONNXMapping(
                "Gradient", domain: "ai.onnx.preview.training",
                read: { reader in
                    try reader.allowAttributes(["xs", "y", "zs"])
                    return try reader.add(Gradient(), reader.operands)
                },
                write: { _ in throw DLCError("is written as what computes it, after the pass differentiate") })
        ],
        examples: { [] }
    ) {
        Attribute("must_reach", \.mustReach)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let y = try context.operand(0)
        guard y.element.isFloat else { throw DLCError("y is \(y.type); only floating-point values have gradients") }
        return try (1..<context.count).map { index in
            let x = try context.operand(index)
            guard x.element.isFloat else { throw DLCError("x is \(x.type); only floating-point values have gradients") }
            return Fact(x.element, x.shape)
        }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        throw DLCError("is computed only after the pass differentiate")
    }
}
