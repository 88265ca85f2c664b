/// Graphs of the same nodes: left out where nobody reads them, or in another order.
extension Graph {
    /// The graph without nodes whose results nobody reads, and which define no extent that others speak of. Inputs and states stay.
    public func withoutDeadNodes() -> Graph {
        var isLive = [Bool](repeating: false, count: values.count)
        for value in results { isLive[value.index] = true }
        let definers = dataSymbols
        for index in nodes.indices.reversed() where nodes[index].results.contains(where: { isLive[$0.index] }) {
            for case let operand? in nodes[index].operands { isLive[operand.index] = true }
            if definers.isEmpty { continue }
            for symbol in symbols(mentionedBy: nodes[index]) {
                if let definer = definers[symbol], definer < index { for value in nodes[definer].results { isLive[value.index] = true } }
            }
        }
        return keeping(nodes.indices.filter { nodes[$0].results.contains { isLive[$0.index] } })
    }

    /// The nodes at the given indices, in that order.
    ///
    /// The order must be topological and hold all that outputs and states need, which `verify` checks.
    public func keeping(_ order: [Int]) -> Graph {
        var result = self
        result.nodes = []
        result.values = []
        result.inputs = []
        var renumbered = [Value?](repeating: nil, count: values.count)
        func keep(_ value: Value, producer: Int?) -> Value {
            var record = values[value.index]
            record.producer = producer
            let new = Value(result.values.count)
            renumbered[value.index] = new
            result.values.append(record)
            return new
        }
        for port in inputs { result.inputs.append(Port(name: port.name, value: keep(port.value, producer: nil))) }
        for index in states.indices { result.states[index].value = keep(states[index].value, producer: nil) }
        for index in order {
            for value in nodes[index].results { _ = keep(value, producer: result.nodes.count) }
            result.nodes.append(nodes[index])
        }
        func new(_ value: Value) -> Value { renumbered[value.index] ?? Value(-1) }
        for index in result.nodes.indices {
            result.nodes[index].operands = result.nodes[index].operands.map { $0.map(new) }
            result.nodes[index].results = result.nodes[index].results.map(new)
        }
        result.outputs = outputs.map { Port(name: $0.name, value: new($0.value)) }
        for index in states.indices { result.states[index].next = new(states[index].next) }
        return result
    }

    /// The graph with each constant right before the first node that reads it, so that equal graphs have equal texts
    /// whatever their constants were made from. Constants that only outputs and states read come last.
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
        for value in results { placeConstant(of: value) }
        return keeping(order).withoutDeadNodes()
    }
}
