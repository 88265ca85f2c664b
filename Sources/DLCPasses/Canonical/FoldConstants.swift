import DLCGraph
import DLCOps

/// Computes nodes whose operands are constants, unless the result is much larger than they are: a plan must not hold
/// what a step can spread from a few numbers. Weights that are all one number are constants whatever their size, for
/// kernels pack them; so is what constants are written into (ScatterND into a ConstantOfShape).
public let foldConstants = Pass("fold-constants", rule: { graph, options in
    let weights = weights(of: graph)
    let quantized = graph.stage < .canonical ? QuantizedWeights.results(of: graph) : []
    return { rewriter, node in
        guard !(node.op is Constant), !(node.op is any ReadsContainers), !node.op.definition.traits.contains(.impure) else { return nil }
        // Until layers of integers are recognised; what remains is spelled in other operators then, and folded.
        guard !quantized.contains(node.results[0]) else { return nil }
        var read = 0
        var written = 0
        for case let operand? in node.operands {
            if let tensor = rewriter.constant(operand) {
                read += tensor.count
            } else if let fill = rewriter.producer(of: operand)?.op as? Fill, let shape = fill.shape.constants {
                written = try Checked.add(written, Checked.count(shape))
            } else {
                return nil
            }
        }
        for index in node.results.indices {
            guard let shape = try rewriter.resultType(node, index).shape.constants else { return nil }
            written = try Checked.add(written, Checked.count(shape))
        }
        let isWeight = node.op is Fill && weights.contains(node.results[0])
        guard isWeight && written <= options.foldLimit || GraphBuilder.mayFold(read: read, written: written, limit: options.foldLimit)
        else { return nil }
        guard !node.op.hasOpenDimensions else { return nil }
        // An empty result needs no loops, which may be long around no element.
        if written == 0 {
            return try node.results.indices.map { index in
                let type = try rewriter.resultType(node, index)
                return rewriter.constant(try Tensor(type: type.element, shape: type.shape.constants ?? []) { _ in })
            }
        }
        let operands = try node.operands.map { operand in
            try operand.flatMap { try rewriter.constant($0) ?? rewriter.producer(of: $0)?.op.evaluate([]).first }
        }
        return try node.op.evaluate(operands).map { rewriter.constant($0) }
    }
})

/// What operators that compute read beside their first operand.
private func weights(of graph: Graph) -> Set<Value> {
    var result = Set<Value>()
    for node in graph.nodes where node.op.definition.traits.isDisjoint(with: [.elementwise, .movesData]) {
        for case let operand? in node.operands.dropFirst() { result.insert(operand) }
    }
    return result
}
