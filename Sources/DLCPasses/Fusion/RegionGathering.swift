import DLCGraph
import DLCOps

/// Puts regions in the place of their nodes, with what is read outside of them as results.
struct RegionGathering {
    private let old: Graph
    /// Each region's nodes, and by node the region that owns it, in the graph whose order keeps a region's nodes together.
    private var regions: [RegionMembers] = []
    private var owner: [Int: Int] = [:]
    /// Which values somebody reads outside of the region that computes them.
    private var isRead: [Bool]

    init(_ graph: Graph, _ order: (nodes: [Int], regions: [RegionMembers])) {
        old = graph.keeping(order.nodes)
        var places = [Int](repeating: 0, count: graph.nodes.count)
        for (place, index) in order.nodes.enumerated() { places[index] = place }
        for region in order.regions {
            let own = region.own.map { places[$0] }
            for place in own { owner[place] = regions.count }
            regions.append(RegionMembers(nodes: region.nodes.map { places[$0] }.sorted(), copies: Set(region.copies.map { places[$0] })))
        }
        isRead = [Bool](repeating: false, count: old.valueCount)
        for value in old.results { isRead[value.index] = true }
        var place = old.nodes.count - 1
        while place >= 0 {
            // A region's own nodes are neighbours: all or none of it is computed.
            if let number = owner[place] {
                let nodes = regions[number].nodes
                let own = regions[number].own
                if own.contains(where: { isRead[old.nodes[$0].results[0].index] }) { nodes.forEach { read(by: $0, inside: Set(nodes)) } }
                place -= own.count
            } else {
                if old.nodes[place].results.contains(where: { isRead[$0.index] }) { read(by: place, inside: []) }
                place -= 1
            }
        }
    }

    private mutating func read(by place: Int, inside nodes: Set<Int>) {
        for case let operand? in old.nodes[place].operands {
            if let producer = old.producerIndex(of: operand), nodes.contains(producer) { continue }
            isRead[operand.index] = true
        }
    }

    /// The most results of a region.
    var mostResults: Int { regions.map { results(of: $0).count }.max() ?? 0 }

    private func results(of region: RegionMembers) -> [Value] { region.own.map { old.nodes[$0].results[0] }.filter { isRead[$0.index] } }

    func graph() throws -> Graph {
        var computed: [Int: Value] = [:]
        var isDone = Set<Int>()
        return try old.rewritten { rewriter, node in
            guard let place = old.producerIndex(of: node.results[0]), let number = owner[place] else { return nil }
            if isDone.insert(number).inserted {
                let results = results(of: regions[number])
                if !results.isEmpty {
                    for (result, value) in zip(results, try region(regions[number].nodes, results, into: &rewriter)) {
                        computed[result.index] = value
                    }
                }
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
            let node = old.nodes[index]
            let values: [Value?] = try node.operands.map { operand in
                guard let operand else { return nil }
                if let known = inner[operand.index] { return known }
                let value: Value
                if let constant = old.immediate(operand) {
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
        let name = nodes.last.map { old.nodes[$0].name } ?? ""
        return try rewriter.builder.add(ElementwiseRegion(body: body.graph), operands, name: name)
    }
}

extension Graph {
    /// A single number, which goes into a region's program. Strings lie elsewhere each time a model is loaded, so they stay operands.
    func immediate(_ value: Value) -> Tensor? {
        guard let constant = constant(value), constant.count == 1, constant.type != .string else { return nil }
        return constant
    }
}
