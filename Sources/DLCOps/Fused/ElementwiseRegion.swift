import DLCGraph

/// A graph of elementwise operators that runs as one step, tile by tile in cache, with sums over all dimensions but the last
/// among its results. The body's inputs, by position, are the operands; its outputs are the results.
public struct ElementwiseRegion: Operator {
    public var body: Graph

    public init(body: Graph) { self.body = body }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ElementwiseRegion(body: GraphBuilder(name: "region").graph), name: "elementwise", operands: ["x..."],
        examples: {
            var builder = GraphBuilder(name: "region")
            let x = try builder.input("x", TensorType(.float32, [2, 3]))
            let bias = try builder.input("bias", TensorType(.float32, [3]))
            let sum = try builder.add1(Binary(.add), [x, bias])
            let gate = try builder.add1(Unary(.sigmoid), [sum])
            try builder.output("y", try builder.add1(Binary(.mul), [sum, gate]))
            var sums = GraphBuilder(name: "region")
            let (a, b) = (try sums.input("a", TensorType(.float32, [7, 5, 3])), try sums.input("b", TensorType(.float32, [7, 5, 3])))
            let product = try sums.add1(Binary(.mul), [a, b])
            try sums.output("y0", product)
            try sums.output("y1", try sums.add1(Reduce(.sum, axes: [0, 1], keepDims: false), [product]))
            try sums.output("y2", try sums.add1(Reduce(.sum, axes: [0, 1]), [a]))
            let operands = [try Tensor.random(seed: 3, shape: [7, 5, 3]), try Tensor.random(seed: 4, shape: [7, 5, 3])]
            return [
                Example(
                    "silu with bias", ElementwiseRegion(body: builder.graph),
                    [try Tensor.random(seed: 1, shape: [2, 3]), try Tensor.random(seed: 2, shape: [3])]),
                Example("product with sums", ElementwiseRegion(body: sums.graph), operands),
            ]
        }
    ) {
        Attribute("body", \.body)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let body = try bound(to: try body.inputs.indices.map { try context.operand($0).type })
        for constraint in body.constraints { try context.require(constraint) }
        try requireOneSpace(body, &context)
        return body.outputs.map { Fact(body.type($0.value)) }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        var inputs: [String: Tensor] = [:]
        var types: [TensorType] = []
        for (port, operand) in zip(body.inputs, operands) {
            guard let operand else { throw DLCError("operand \(port.name) is missing") }
            inputs[port.name] = operand
            types.append(TensorType(operand.type, Shape(constants: operand.shape)))
        }
        let body = try bound(to: types)
        let outputs = try Interpreter.run(body, inputs)
        return try body.outputs.map { port in
            guard let tensor = outputs[port.name] else { throw DLCError("result \(port.name) was not computed") }
            return tensor
        }
    }

    /// Requires that sums go over all dimensions but the last of the elements that everything else goes over.
    private func requireOneSpace(_ body: Graph, _ context: inout InferContext) throws {
        func space(_ node: Node) -> Shape { body.shape(node.op is Reduce ? node.operands[0] ?? node.results[0] : node.results[0]) }
        guard let first = body.nodes.first(where: { $0.op is Reduce }).map(space) else { return }
        for node in body.nodes where !(node.op is Constant) {
            try context.require(space(node), equals: first, "\(node.op.name) goes over \(space(node).text), a sum over \(first.text)")
            guard let sum = node.op as? Reduce else { continue }
            let axes = Set(sum.axes.map { $0 < 0 ? $0 + first.count : $0 })
            guard sum.kind == .sum, axes == Set(0..<max(0, first.count - 1)) else {
                throw DLCError("\(node.op.name) over axes \(sum.axes) of \(first.text); expected a sum over all but the last")
            }
        }
    }

    /// The body rebuilt for operands of other types.
    public func bound(to types: [TensorType]) throws -> Graph {
        guard types.count == body.inputs.count else {
            throw DLCError("expects \(body.inputs.count) operands, found \(types.count)")
        }
        if zip(body.inputs, types).allSatisfy({ body.type($0.value) == $1 }) { return body }
        return try body.retyped(types)
    }
}
