import DLCGraph
import DLCOps

/// Gathers elementwise operators into regions that run tile by tile in cache, without intermediate tensors.
///
///     %1 = sigmoid(%x)                       %2 = elementwise(%x) {body: graph(%0) -> (…) {
///     %2 = mul(%x, %1)               →           %1 = sigmoid(%0)
///                                                %2 = mul(%0, %1) }}
///
/// A region grows backward from its root: a producer joins when it is elementwise and has the root's shape. One that is read
/// elsewhere too becomes a further result, unless what reads it leads back into the region. Nothing is computed twice.
public let fuseElementwiseRegions = Pass("fuse-elementwise-regions", at: .laidOut, graph: { graph in
    var regions = ElementwiseRegions(graph)
    regions.form()
    let (order, members) = try regions.order()
    return try graph.keeping(order).gatheringRegions(members)
})

private struct ElementwiseRegions {
    /// Limits of the kernel that runs a region, with room for conversions.
    static let mostNodes = 28
    static let mostOperands = 14
    static let mostResults = 4
    static let mostRegisters = 20

    let graph: Graph
    /// Readers of each value, by node index; `.max` for a result of the graph.
    private var readers: [[Int]]
    /// The root of the region that a node is in, or the node itself.
    private var region: [Int]
    /// The nodes of each region in topological order, by root.
    private var members: [Int: [Int]] = [:]

    init(_ graph: Graph) {
        self.graph = graph
        readers = [[Int]](repeating: [], count: graph.valueCount)
        region = Array(graph.nodes.indices)
        for (index, node) in graph.nodes.enumerated() {
            for case let operand? in node.operands { readers[operand.index].append(index) }
        }
        for value in graph.results { readers[value.index].append(.max) }
    }

    mutating func form() {
        for root in graph.nodes.indices.reversed() where region[root] == root && isElementwise(graph.nodes[root]) { grow(from: root) }
    }

    /// The nodes in an order in which each region's are neighbours, and the places of each region's nodes there.
    func order() throws -> (nodes: [Int], regions: [[Int]]) {
        var waiting = [Int](repeating: 0, count: graph.nodes.count)
        var after = [Set<Int>](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for case let operand? in node.operands {
                guard let producer = graph.producerIndex(of: operand), region[producer] != region[index] else { continue }
                if after[region[producer]].insert(region[index]).inserted { waiting[region[index]] += 1 }
            }
        }
        var ready = graph.nodes.indices.filter { region[$0] == $0 && waiting[$0] == 0 }.reversed() as [Int]  // the least last
        var order: [Int] = []
        var regions: [[Int]] = []
        while let root = ready.popLast() {
            let nodes = members[root] ?? [root]
            if members[root] != nil { regions.append(nodes.indices.map { order.count + $0 }) }
            order += nodes
            for later in after[root] {
                waiting[later] -= 1
                if waiting[later] > 0 { continue }
                ready.insert(later, at: ready.firstIndex { $0 < later } ?? ready.count)
            }
        }
        guard order.count == graph.nodes.count else { throw DLCError("regions wait for each other") }
        return (order, regions)
    }

    private func isElementwise(_ node: Node) -> Bool {
        node.op.definition.traits.contains(.elementwise) && node.results.count == 1 && !(node.op is ElementwiseRegion)
    }

    /// Forms the region whose last node is `root`.
    private mutating func grow(from root: Int) {
        let shape = graph.shape(graph.nodes[root].results[0])
        var nodes: Set<Int> = [root]
        members[root] = [root]
        var candidates = producers(of: root)
        while let candidate = candidates.max() {
            candidates.remove(candidate)
            let node = graph.nodes[candidate]
            guard nodes.count < Self.mostNodes, region[candidate] == candidate, members[candidate] == nil, isElementwise(node),
                graph.shape(node.results[0]) == shape, fits(nodes.union([candidate]))
            else { continue }
            let outside = readers[node.results[0].index].filter { !nodes.contains($0) }
            guard outside.isEmpty || !reaches(from: outside, root) else { continue }
            nodes.insert(candidate)
            region[candidate] = root
            candidates.formUnion(producers(of: candidate))
        }
        members[root] = nodes.sorted()
    }

    private func producers(of index: Int) -> Set<Int> {
        Set(graph.nodes[index].operands.compactMap { $0.flatMap { graph.producerIndex(of: $0) } })
    }

    /// Whether a way leads from one of the nodes to a region, regions being passed as a whole.
    private func reaches(from readers: [Int], _ root: Int) -> Bool {
        var seen: Set<Int> = []
        var open = readers.filter { $0 != .max }.map { region[$0] }
        while let next = open.popLast() {
            if next == root { return true }
            guard seen.insert(next).inserted else { continue }
            for index in members[next] ?? [next] {
                for result in graph.nodes[index].results {
                    for reader in self.readers[result.index] where reader != .max && region[reader] != next { open.append(region[reader]) }
                }
            }
        }
        return false
    }

    /// Whether the kernel has places for a region's operands and results, and registers for what is alive at one time.
    private func fits(_ nodes: Set<Int>) -> Bool {
        var last: [Value: Int] = [:]
        var operands: Set<Value> = []
        var results: Set<Value> = []
        let ordered = nodes.sorted()
        for index in ordered {
            let node = graph.nodes[index]
            for case let operand? in node.operands {
                last[operand] = index
                if let producer = graph.producerIndex(of: operand), nodes.contains(producer) { continue }
                if graph.constant(operand)?.count != 1 { operands.insert(operand) }
            }
            if readers[node.results[0].index].contains(where: { !nodes.contains($0) }) { results.insert(node.results[0]) }
        }
        guard operands.count <= Self.mostOperands, results.count <= Self.mostResults else { return false }
        var alive: Set<Value> = []
        for index in ordered {
            let node = graph.nodes[index]
            alive.formUnion(node.operands.compactMap { $0 })
            alive.insert(node.results[0])
            if alive.count > Self.mostRegisters { return false }
            alive = alive.filter { results.contains($0) || (last[$0] ?? -1) > index }
        }
        return true
    }
}

extension Graph {
    /// The graph with each group of neighbouring nodes as one region; its results are what nodes outside read.
    fileprivate func gatheringRegions(_ regions: [[Int]]) throws -> Graph {
        var regionOf: [Int: Int] = [:]
        for (number, nodes) in regions.enumerated() { for node in nodes { regionOf[node] = number } }
        var isRead = [Bool](repeating: false, count: valueCount)
        for value in results { isRead[value.index] = true }
        for (index, node) in nodes.enumerated() {
            for case let operand? in node.operands where producerIndex(of: operand).flatMap({ regionOf[$0] }) != regionOf[index] || regionOf[index] == nil {
                isRead[operand.index] = true
            }
        }
        var computed: [Int: Value] = [:]
        return try rewritten { rewriter, node in
            guard let index = self.producerIndex(of: node.results[0]), let number = regionOf[index] else { return nil }
            let nodes = regions[number]
            if index == nodes.first {
                let results = nodes.map { self.nodes[$0].results[0] }.filter { isRead[$0.index] }
                let values = try self.region(nodes, results, into: &rewriter)
                for (result, value) in zip(results, values) { computed[result.index] = value }
            }
            return computed[node.results[0].index].map { [$0] }
        }.graph
    }

    /// The region that computes `results` from what its nodes read from outside.
    private func region(_ nodes: [Int], _ results: [Value], into rewriter: inout Rewriter) throws -> [Value] {
        var body = GraphBuilder(name: "region")
        var inner: [Int: Value] = [:]
        var operands: [Value] = []
        for index in nodes {
            let node = self.nodes[index]
            let values: [Value?] = try node.operands.map { operand in
                guard let operand else { return nil }
                if let known = inner[operand.index] { return known }
                let value: Value
                if let constant = self.constant(operand), constant.count == 1 {
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
        for (position, result) in results.enumerated() {
            guard let output = inner[result.index] else { throw DLCError("a region lost its result") }
            try body.output(results.count == 1 ? "y" : "y\(position)", output)
        }
        let name = nodes.last.map { self.nodes[$0].name } ?? ""
        return try rewriter.builder.add(ElementwiseRegion(body: body.graph), operands, name: name)
    }
}
