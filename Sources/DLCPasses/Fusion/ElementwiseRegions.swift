import DLCGraph
import DLCOps

/// Gathers elementwise operators into regions that run tile by tile in cache, without intermediate tensors.
///
///     %1 = sigmoid(%x)                       %2 = elementwise(%x) {body: graph(%0) -> (…) {
///     %2 = mul(%x, %1)               →           %1 = sigmoid(%0)
///                                                %2 = mul(%0, %1) }}
///
/// A region grows backward from its root: a producer joins when it is elementwise, has the root's shape, and all its
/// readers are in the region, so nothing is computed twice.
public let fuseElementwiseRegions = Pass("fuse-elementwise-regions", at: .laidOut, rule: { graph, _ in
    var regions = ElementwiseRegions(graph)
    let members = regions.members()
    return { rewriter, node in
        guard let root = graph.producerIndex(of: node.results[0]), let nodes = members[root] else { return nil }
        return try emit(nodes, of: graph, root: root, into: &rewriter)
    }
})

private struct ElementwiseRegions {
    /// Limits of the kernel that runs a region, with room for conversions.
    static let mostNodes = 20
    static let mostOperands = 14

    let graph: Graph
    /// Readers of each value, by node index; `.max` for a result of the graph.
    private var readers: [[Int]]
    private var region: [Int?]

    init(_ graph: Graph) {
        self.graph = graph
        readers = [[Int]](repeating: [], count: graph.valueCount)
        region = [Int?](repeating: nil, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for case let operand? in node.operands { readers[operand.index].append(index) }
        }
        for value in graph.results { readers[value.index].append(.max) }
    }

    /// The nodes of each region in topological order, by the index of the last. The others are read by nobody else.
    mutating func members() -> [Int: [Int]] {
        var members: [Int: [Int]] = [:]
        for root in graph.nodes.indices.reversed() where region[root] == nil && isElementwise(graph.nodes[root]) {
            members[root] = grow(from: root)
        }
        return members
    }

    private func isElementwise(_ node: Node) -> Bool {
        node.op.definition.traits.contains(.elementwise) && node.results.count == 1 && !(node.op is ElementwiseRegion)
    }

    /// Marks and returns the nodes of the region whose result is `root`'s, in topological order.
    private mutating func grow(from root: Int) -> [Int] {
        let shape = graph.shape(graph.nodes[root].results[0])
        var nodes: Set<Int> = [root]
        region[root] = root
        var candidates = producers(of: root)
        while let candidate = candidates.max() {
            candidates.remove(candidate)
            let node = graph.nodes[candidate]
            guard nodes.count < Self.mostNodes, region[candidate] == nil, isElementwise(node),
                graph.shape(node.results[0]) == shape,
                readers[node.results[0].index].allSatisfy({ nodes.contains($0) }),
                operands(of: nodes.union([candidate])).count <= Self.mostOperands
            else { continue }
            nodes.insert(candidate)
            region[candidate] = root
            candidates.formUnion(producers(of: candidate))
        }
        return nodes.sorted()
    }

    private func producers(of index: Int) -> Set<Int> {
        Set(graph.nodes[index].operands.compactMap { $0.flatMap { graph.producerIndex(of: $0) } })
    }

    private func operands(of nodes: Set<Int>) -> Set<Value> {
        var values = Set<Value>()
        for index in nodes {
            for case let operand? in graph.nodes[index].operands {
                if let producer = graph.producerIndex(of: operand), nodes.contains(producer) { continue }
                values.insert(operand)
            }
        }
        return values
    }
}

/// The region that computes `root` from what its nodes read from outside.
private func emit(_ nodes: [Int], of graph: Graph, root: Int, into rewriter: inout Rewriter) throws -> [Value] {
    var body = GraphBuilder(name: "region")
    var inner: [Int: Value] = [:]
    var operands: [Value] = []
    for index in nodes {
        let node = graph.nodes[index]
        let values: [Value?] = try node.operands.map { operand in
            guard let operand else { return nil }
            if let known = inner[operand.index] { return known }
            let value: Value
            if let constant = graph.constant(operand), constant.count == 1 {
                value = body.constant(constant)
            } else {
                let outer = try rewriter.mapped(operand)
                value = try body.input("x\(operands.count)", rewriter.fact(outer).type)
                operands.append(outer)
            }
            inner[operand.index] = value
            return value
        }
        inner[node.results[0].index] = try body.add1(node.op, values, name: node.name)
    }
    guard let output = inner[graph.nodes[root].results[0].index] else { throw DLCError("a region lost its result") }
    try body.output("y", output)
    return [try rewriter.add1(ElementwiseRegion(body: body.graph), operands, name: graph.nodes[root].name)]
}
