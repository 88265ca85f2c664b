extension Graph {
    /// The graph with each constant right before the first node that reads it, so that equal graphs have equal texts
    /// whatever their constants were made from. Constants that only outputs read come last.
    public func withConstantsAtFirstUse() -> Graph {
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        var isPlaced = [Bool](repeating: false, count: nodes.count)
        func placeConstant(of value: Value) {
            guard let index = producerIndex(of: value), nodes[index].op is Constant, !isPlaced[index] else { return }
            isPlaced[index] = true
            order.append(index)
        }
        for (index, node) in nodes.enumerated() where !(node.op is Constant) {
            for case let operand? in node.operands { placeConstant(of: operand) }
            order.append(index)
        }
        for port in outputs { placeConstant(of: port.value) }
        var result = self
        result.nodes = order.map { nodes[$0] }
        for (index, node) in result.nodes.enumerated() {
            for value in node.results { result.values[value.index].producer = index }
        }
        return result.withoutDeadNodes()
    }
}
