#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// FlexAttention, whose attributes `score_mod` and `prob_mod` are graphs of one input and one output: they are inlined, so that what
/// they compute is fused like the rest, and a mask is recognised as one.
extension FlexAttention {
    static let key = OperatorKey(domain: "ai.onnx.preview", opType: "FlexAttention")

    /// The result where the node is FlexAttention, else nil.
    static func importNode(_ node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        guard node.key == key else { return nil }
        let known = ["score_mod", "prob_mod", "scale", "softmax_precision"]
        if let other = node.handle.attributes.map(\.name).first(where: { !known.contains($0) }) {
            throw DLCError("FlexAttention has no attribute \(other)")
        }
        guard node.inputs.count == 3 else { throw DLCError("has \(node.inputs.count) operands; expected q, k and v") }
        let operands = try node.inputs.map { try body.value($0) }
        let attributes = try body.attributes(of: node)
        let (onScores, onProbabilities) = (try modifier("score_mod", node), try modifier("prob_mod", node))
        guard onScores != nil || onProbabilities != nil else {
            return try body.read(whole, node, operands: operands, attributes: attributes, outputs: node.outputs)
        }
        var values = try body.read(scores, node, operands: [operands[0], operands[1]], attributes: attributes)
        if let onScores { values = [try modified(values[0], "score_mod", onScores, node, in: body)] }
        values = try body.read(probabilities, node, operands: [values[0]], attributes: [:])
        if let onProbabilities { values = [try modified(values[0], "prob_mod", onProbabilities, node, in: body)] }
        return try body.read(result, node, operands: [values[0], operands[2]], attributes: [:], outputs: node.outputs)
    }

    private static func modifier(_ name: String, _ node: SourceNode) throws -> connx_graph? {
        guard node.handle.attributes.contains(where: { $0.name == name }) else { return nil }
        let graph = try ControlFlow.graph(name, of: node)
        guard graph.inputs.count == 1, graph.outputs.count == 1 else {
            throw DLCError("\(name) has \(graph.inputs.count) inputs and \(graph.outputs.count) outputs; expected one of each")
        }
        return graph
    }

    /// What a graph makes of a value, of the same type.
    private static func modified(
        _ value: Value, _ name: String, _ graph: connx_graph, _ node: SourceNode, in body: BodyImporter
    ) throws -> Value {
        try located(name) {
            let place = node.name.isEmpty ? node.outputs.first ?? "" : node.name
            let scope = try ControlFlow.scope(graph, node, in: body, prefix: "\(place)/\(name)/")
            scope.values[graph.inputs[0].name] = .some(value)
            let results = try scope.importNodes(graph.nodes, outputs: graph.outputs.map(\.name))
            let given = body.site.builder.fact(value).type
            guard let changed = results.first ?? nil else { throw DLCError("gives nothing") }
            let type = body.site.builder.fact(changed).type
            guard type == given else { throw DLCError("gives \(type) for \(given); the type must stay") }
            return changed
        }
    }
}
#endif
