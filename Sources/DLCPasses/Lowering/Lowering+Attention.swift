import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// An operator whose lowering gives each of its results a place of its own, so that all may be parts of concatenations.
protocol PlacesAllResults: Operator {}

extension AttentionGradient: PlacesAllResults {}

extension Lowering {
    /// Attention reads heads and rows at any stride, so head-splitting transposes cost nothing.
    mutating func lower(_ op: Attention, _ node: Node) throws {
        let (parts, mask) = try attentionOperands(op, node)
        let (target, place) = try contiguousDestination(node.results[0])
        var statistics: Plan.Operand?
        if attentionGradients[node.results[0].index]?.contains(where: { isGradient($0, of: node, op) }) ?? false {
            statistics = try buffer(.float32, Shape(parts[0].shape.dropLast()) + [2])
            savedStatistics[node.results[0].index] = statistics
        }
        emit(
            attentionKernel(op), node, operands: parts + [mask], results: [target.transposed(heads(op)), statistics],
            operations: try work(parts, products: 1))
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }

    /// Its gradient, with the statistics of the weights where the layer that it is of saves them.
    mutating func lower(_ op: AttentionGradient, _ node: Node) throws {
        let (parts, mask) = try attentionOperands(op.layer, node)
        let y = try operand(node, AttentionGradient.yPosition)
        let layer = graph.producer(of: y)
        let isOwn = layer.map { layer in (layer.op as? Attention).map { isGradient(node, of: layer, $0) } ?? false } ?? false
        let results = try (4..<6).map { try innerContiguous(operand(node, $0)).transposed(heads(op.layer)) }
        // The kernel writes all of its results, whether or not somebody reads them.
        let targets = try node.results.map { value in
            try useCounts[value.index] > 0 ? destination(value) : buffer(graph.type(value).element, graph.shape(value))
        }
        let kernel = AttentionGradientKernel { $0.layer = attentionKernel(op.layer) }
        emit(
            kernel, node, operands: parts + [mask] + results + [isOwn ? savedStatistics[y.index] : nil],
            results: targets.map { $0.transposed(heads(op.layer)) }, operations: try work(parts, products: 5))
    }

    private func heads(_ op: Attention) -> [Int] { op.headsInner ? [0, 2, 1, 3] : [0, 1, 2, 3] }

    /// Queries, keys and values as `[batch, heads, rows, depth]`, and the mask of all scores.
    private mutating func attentionOperands(_ op: Attention, _ node: Node) throws -> (parts: [Plan.Operand], mask: Plan.Operand?) {
        let parts = try (0..<3).map { try innerContiguous(operand(node, $0)).transposed(heads(op)) }
        let scores: Shape = [parts[0].shape[0], parts[0].shape[1], parts[0].shape[2], parts[1].shape[2]]
        guard node.operands.count > 3, let mask = node.operands[3] else { return (parts, nil) }
        return (parts, try innerContiguous(mask).broadcast(to: scores))
    }

    private func attentionKernel(_ op: Attention) -> AttentionKernel {
        AttentionKernel {
            $0.causal = op.causal
            $0.emptyRowsAreNaN = op.emptyRowsAreNaN
            $0.nanWeightsAreZero = op.nanWeightsAreZero
            $0.scale = op.scale
        }
    }

    /// Operations of so many times the products of queries with keys; the layer has one and as many of weights with values.
    private func work(_ parts: [Plan.Operand], products: Int) throws -> Dim {
        let scores = try parts[0].shape.dropLast().reduce(Dim(1)) { try $0.times($1) }.times(parts[1].shape[2])
        let both = try parts[0].shape[3].plus(parts[2].shape[3])
        // Of the gradient's five, three are as deep as queries and two as values.
        return try products == 1 ? scores.times(both).times(2) : scores.times(both.times(2).plus(parts[0].shape[3])).times(2)
    }

    /// Whether a node is the gradient of just that layer: the same operands, attributes and y.
    private func isGradient(_ node: Node, of layer: Node, _ op: Attention) -> Bool {
        guard let gradient = node.op as? AttentionGradient, node.operands[AttentionGradient.yPosition] == layer.results[0],
            zip(op.attributes, gradient.layer.attributes).allSatisfy({ $0.value == $1.value })
        else { return false }
        return (0..<4).allSatisfy { node.operands[$0] == ($0 < layer.operands.count ? layer.operands[$0] : nil) }
    }
}
