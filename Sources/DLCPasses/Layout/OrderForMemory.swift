import DLCGraph
import DLCOps

/// Orders the nodes so that less memory is alive at one time.
///
/// Depth first from the results, visiting first the operand whose computation needs the most memory beyond what it
/// leaves behind (Sethi and Ullman, "The generation of optimal code for arithmetic expressions", 1970, on sizes instead
/// of registers); the given order is kept where that is no better.
public let orderForMemory = Pass("order-for-memory", at: .laidOut, graph: { graph in
    let given = Array(graph.nodes.indices)
    let order = MemoryOrder(graph).order()
    return peakBytes(graph, order) < peakBytes(graph, given) ? graph.keeping(order) : graph
})

private struct MemoryOrder {
    let graph: Graph

    init(_ graph: Graph) { self.graph = graph }

    func order() -> [Int] {
        var done = [Bool](repeating: false, count: graph.nodes.count)
        var order: [Int] = []
        var need = [Int](repeating: 0, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            var held = 0
            var most = 0
            for producer in producers(node).sorted(by: { need[$0] - bytes(graph, $0) > need[$1] - bytes(graph, $1) }) {
                most = max(most, held + need[producer])
                held += bytes(graph, producer)
            }
            need[index] = max(most, held + bytes(graph, index))
        }
        var stack: [(node: Int, isExpanded: Bool)] = []
        for value in graph.results.reversed() {
            if let producer = graph.producerIndex(of: value) { stack.append((producer, false)) }
        }
        while let (index, isExpanded) = stack.popLast() {
            if done[index] { continue }
            if isExpanded {
                done[index] = true
                order.append(index)
                continue
            }
            stack.append((index, true))
            // Popped last first, so the neediest goes on top.
            let next = producers(graph.nodes[index]).filter { !done[$0] }
            for producer in next.sorted(by: { need[$0] - bytes(graph, $0) < need[$1] - bytes(graph, $1) }) {
                stack.append((producer, false))
            }
        }
        return order
    }

    private func producers(_ node: Node) -> [Int] {
        Set(node.operands.compactMap { $0.flatMap { graph.producerIndex(of: $0) } }).sorted()
    }
}

/// Bytes that a node's results take; nothing for constants and views.
private func bytes(_ graph: Graph, _ index: Int) -> Int {
    let node = graph.nodes[index]
    if node.op is Constant || node.op is Reshape || node.op is Slice { return 0 }
    return node.results.reduce(0) { total, value in
        let type = graph.type(value)
        return total + type.shape.reduce(type.element.size) { $0 &* ($1.constant ?? 64) }
    }
}

/// The most bytes alive at one time in an order.
private func peakBytes(_ graph: Graph, _ order: [Int]) -> Int {
    var remaining = graph.useCounts()
    var alive = 0
    var peak = 0
    for index in order {
        alive += bytes(graph, index)
        peak = max(peak, alive)
        for operand in Set(graph.nodes[index].operands.compactMap { $0 }) {
            remaining[operand.index] -= graph.nodes[index].operands.count { $0 == operand }
            if remaining[operand.index] == 0, let producer = graph.producerIndex(of: operand) {
                let type = graph.type(operand)
                if bytes(graph, producer) > 0 { alive -= type.shape.reduce(type.element.size) { $0 &* ($1.constant ?? 64) } }
            }
        }
    }
    return peak
}
