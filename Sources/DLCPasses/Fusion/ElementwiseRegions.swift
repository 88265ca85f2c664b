import DLCGraph
import DLCOps

/// Gathers elementwise operators into regions that run tile by tile in cache, without intermediate tensors.
///
///     %1 = sigmoid(%x)                       %2 = elementwise(%x) {body: graph(%0) -> (…) {
///     %2 = mul(%x, %1)               →           %1 = sigmoid(%0)
///                                                %2 = mul(%0, %1) }}
///
/// A region grows backward from its root: a producer joins when it is elementwise and has the root's shape. One that is read
/// elsewhere too becomes a further result, unless what reads it leads back into the region. Sums over all dimensions but the
/// last join the region whose elements they add, or that reads the same tensors: what a layer's gradient adds up over a batch
/// is added while it passes by. What is between one tensor of 8 bits and another is a region of its own (`ByteFunctions`).
public let fuseElementwiseRegions = Pass(
    "fuse-elementwise-regions", at: .laidOut,
    graph: { graph in
        for growth in RegionGrowth.allCases {
            var regions = ElementwiseRegions(graph, growth)
            regions.form()
            guard let order = regions.order() else { continue }
            let gathering = RegionGathering(graph, order)
            if gathering.mostResults <= ElementwiseRegions.mostResults { return try gathering.graph() }
        }
        throw DLCError("an elementwise operator waits for itself")
    })

/// What a region may take in beside its root, the most first: where regions wait for each other, or one has more results than
/// its kernel takes since copies elsewhere read them, all are formed anew with less.
private enum RegionGrowth: CaseIterable { case copies, owned, alone }

/// The nodes that one region computes.
struct RegionMembers {
    /// In topological order.
    var nodes: [Int]
    /// Those of them that other regions compute as well.
    var copies: Set<Int> = []
    /// Those that nobody else computes.
    var own: [Int] { copies.isEmpty ? nodes : nodes.filter { !copies.contains($0) } }
}

/// Which nodes form regions.
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
    private var members: [Int: RegionMembers] = [:]
    /// Nodes that only add up, by index.
    private let sums: [Int]
    private let functions: ByteFunctions
    private let growth: RegionGrowth

    init(_ graph: Graph, _ growth: RegionGrowth) {
        self.graph = graph
        self.growth = growth
        readers = [[Int]](repeating: [], count: graph.valueCount)
        region = Array(graph.nodes.indices)
        functions = ByteFunctions(graph) { Self.isElementwise(graph.nodes[$0]) }
        sums = graph.nodes.indices.filter { Self.isSum(graph.nodes[$0], graph) }
        for (index, node) in graph.nodes.enumerated() {
            for case let operand? in node.operands { readers[operand.index].append(index) }
        }
        for value in graph.results { readers[value.index].append(.max) }
    }

    mutating func form() {
        for root in graph.nodes.indices.reversed() where isFree(root) {
            if isElementwise(root) || Self.isSum(graph.nodes[root], graph) { grow(from: root) }
        }
    }

    /// The nodes in an order in which each region's own are neighbours; nil where there is none.
    func order() -> (nodes: [Int], regions: [RegionMembers])? {
        var waiting = [Int](repeating: 0, count: graph.nodes.count)
        var after = [Set<Int>](repeating: [], count: graph.nodes.count)
        for root in graph.nodes.indices where region[root] == root {
            for index in members[root]?.nodes ?? [root] {
                for producer in producers(of: index) where region[producer] != root {
                    if after[region[producer]].insert(root).inserted { waiting[root] += 1 }
                }
            }
        }
        var ready = graph.nodes.indices.filter { region[$0] == $0 && waiting[$0] == 0 }.reversed() as [Int]  // the least last
        var order: [Int] = []
        while let root = ready.popLast() {
            order += members[root]?.own ?? [root]
            for later in after[root] {
                waiting[later] -= 1
                if waiting[later] > 0 { continue }
                ready.insert(later, at: ready.firstIndex { $0 < later } ?? ready.count)
            }
        }
        return order.count < graph.nodes.count ? nil : (order, members.sorted { $0.key < $1.key }.map(\.value))
    }

    private func isElementwise(_ index: Int) -> Bool { Self.isElementwise(graph.nodes[index]) }

    private static func isElementwise(_ node: Node) -> Bool {
        node.op.definition.traits.contains(.elementwise) && node.results.count == 1 && !(node.op is ElementwiseRegion)
    }

    /// Whether a node adds up over all dimensions but the last.
    private static func isSum(_ node: Node, _ graph: Graph) -> Bool {
        guard let reduce = node.op as? Reduce, reduce.kind == .sum, let x = node.operands.first ?? nil else { return false }
        let type = graph.type(x)
        guard type.rank >= 2, type.element == .float32 || type.element == .float64 else { return false }
        return Set(reduce.axes.map { $0 < 0 ? $0 + type.rank : $0 }) == Set(0..<(type.rank - 1))
    }

    private func isFree(_ index: Int) -> Bool { region[index] == index && members[index] == nil }

    /// The shape that a node's elements are computed over.
    private func space(_ index: Int) -> Shape {
        let node = graph.nodes[index]
        guard node.op is Reduce, let x = node.operands[0] else { return graph.shape(node.results[0]) }
        return graph.shape(x)
    }

    private func producers(of index: Int) -> Set<Int> {
        Set(graph.nodes[index].operands.compactMap { $0.flatMap { graph.producerIndex(of: $0) } })
    }

    // MARK: Growing

    /// Forms the region whose last node is `root`. A sum alone is none.
    private mutating func grow(from root: Int) {
        var nodes: Set<Int> = [root]
        var copies: Set<Int> = []
        members[root] = RegionMembers(nodes: [root])
        if growth == .alone {
            if graph.nodes[root].op is Reduce { members[root] = nil }
            return
        }
        if let function = functions.nodes[root], computes(function, root) { return }
        extend(&nodes, &copies, root, from: producers(of: root))
        for sum in sums.reversed() where isFree(sum) && space(sum) == space(root) && joins(sum, nodes) {
            guard fits(nodes.union([sum])), !isOnTheWay(sum, nodes, root) else { continue }
            nodes.insert(sum)
            region[sum] = root
            extend(&nodes, &copies, root, from: producers(of: sum))
        }
        if nodes.count == 1, graph.nodes[root].op is Reduce {
            members[root] = nil
            return
        }
        settle(root, nodes, copies)
    }

    /// Forms the region of a function of bytes, which is its only result: what others read of it they compute as well.
    /// - Returns: whether it fits.
    private mutating func computes(_ function: Set<Int>, _ root: Int) -> Bool {
        var copies: Set<Int> = []
        for index in function.sorted(by: >) where index != root {
            let users = readers[graph.nodes[index].results[0].index]
            if !isFree(index) || users.contains(where: { !function.contains($0) || copies.contains($0) }) { copies.insert(index) }
        }
        guard growth == .copies || copies.isEmpty, fits(function, copies: copies, most: .max) else { return false }
        for index in function.subtracting(copies) { region[index] = root }
        settle(root, function, copies)
        return true
    }

    private mutating func settle(_ root: Int, _ nodes: Set<Int>, _ copies: Set<Int>) {
        members[root] = RegionMembers(nodes: nodes.sorted(), copies: copies)
        // What this region owns reads copies, not what others compute.
        let own = nodes.subtracting(copies)
        for index in copies {
            readers[graph.nodes[index].results[0].index].removeAll { own.contains($0) }
            // What a copy reads is read here as well as where its original stands.
            for case let operand? in graph.nodes[index].operands
            where graph.producerIndex(of: operand).map({ !nodes.contains($0) }) ?? false {
                readers[operand.index].append(root)
            }
        }
    }

    /// Takes in producers, and theirs, as long as they fit.
    private mutating func extend(_ nodes: inout Set<Int>, _ copies: inout Set<Int>, _ root: Int, from first: Set<Int>) {
        let shape = space(root)
        var candidates = first
        while let candidate = candidates.max() {
            candidates.remove(candidate)
            guard !nodes.contains(candidate), isElementwise(candidate), functions.nodes[candidate] == nil,
                graph.shape(graph.nodes[candidate].results[0]) == shape, !readsSum(candidate, of: nodes), fits(nodes.union([candidate]))
            else { continue }
            let users = readers[graph.nodes[candidate].results[0].index]
            let outside = users.filter { !nodes.contains($0) }
            let isShared = users.contains { copies.contains($0) }
            if isFree(candidate), !isShared, outside.isEmpty || !reaches(from: outside, root) {
                region[candidate] = root
            } else if growth == .copies, isCheaperTwice(candidate, outside, shape) {
                copies.insert(candidate)
            } else {
                continue
            }
            nodes.insert(candidate)
            candidates.formUnion(producers(of: candidate))
        }
    }

    /// Whether computing a node here and elsewhere reads and writes less memory than keeping its result: it costs next to nothing,
    /// reads no more than two tensors of its size, and whoever else reads it can compute it as well.
    private func isCheaperTwice(_ index: Int, _ outside: [Int], _ shape: Shape) -> Bool {
        let node = graph.nodes[index]
        guard Self.cheap.contains(node.op.name),
            outside.allSatisfy({ $0 != .max && (isElementwise($0) || graph.nodes[$0].op is Reduce) && space($0) == shape })
        else { return false }
        return Set(node.operands.compactMap { $0 }.filter { graph.shape($0) == shape && graph.constant($0) == nil }).count <= 2
    }

    private static let cheap: Set<String> = [
        "add", "sub", "mul", "neg", "where", "relu", "max", "min", "greater", "less", "greater_or_equal", "less_or_equal", "equal", "clip",
    ]

    /// Whether a sum reads what a region computes or reads, itself or through a node of its own.
    private func joins(_ sum: Int, _ nodes: Set<Int>) -> Bool {
        let known = Set(nodes.flatMap { index in graph.nodes[index].operands.compactMap { $0 } + graph.nodes[index].results })
            .filter { graph.shape($0) == space(sum) }
        let direct = graph.nodes[sum].operands.compactMap { $0 }
        return direct.contains { value in
            if known.contains(value) { return true }
            guard let producer = graph.producerIndex(of: value), isElementwise(producer) else { return false }
            return graph.nodes[producer].operands.contains { $0.map { known.contains($0) } ?? false }
        }
    }

    /// Whether a node reads a sum of the region, which has its value only when the region has ended.
    private func readsSum(_ index: Int, of nodes: Set<Int>) -> Bool {
        producers(of: index).contains { nodes.contains($0) && graph.nodes[$0].op is Reduce }
    }

    /// Whether ways lead from the region to a sum, or from it to the region, through nodes that would not join with it.
    private func isOnTheWay(_ sum: Int, _ nodes: Set<Int>, _ root: Int) -> Bool {
        var joining: Set<Int> = [sum]
        var candidates = producers(of: sum)
        while let candidate = candidates.max() {
            candidates.remove(candidate)
            let value = graph.nodes[candidate].results[0]
            guard isFree(candidate), isElementwise(candidate), graph.shape(value) == space(sum), !readsSum(candidate, of: nodes),
                readers[value.index].allSatisfy({ joining.contains($0) || nodes.contains($0) })
            else { continue }
            joining.insert(candidate)
            candidates.formUnion(producers(of: candidate))
        }
        let union = nodes.union(joining)
        if union.contains(where: { readsSum($0, of: union) }) { return true }
        let leaving = union.flatMap { readers[graph.nodes[$0].results[0].index].filter { !union.contains($0) } }
        return reaches(from: leaving, root) || joining.contains { reaches(from: leaving, $0) }
    }

    /// Whether a way leads from one of the nodes to a node or its region, regions being passed as a whole.
    private func reaches(from first: [Int], _ target: Int) -> Bool {
        var seen: Set<Int> = []
        var open = first.filter { $0 != .max }.map { region[$0] }
        while let next = open.popLast() {
            if next == region[target] { return true }
            guard seen.insert(next).inserted else { continue }
            for index in members[next]?.own ?? [next] {
                for result in graph.nodes[index].results {
                    for reader in readers[result.index] where reader != .max && region[reader] != next { open.append(region[reader]) }
                }
            }
        }
        return false
    }

    /// Whether the kernel has places for a region's operands and results, and registers for what is alive at one time.
    /// - Parameters:
    ///   - copies: those of them that are no results, whoever reads them.
    ///   - most: at most how many nodes.
    private func fits(_ nodes: Set<Int>, copies: Set<Int> = [], most: Int = mostNodes) -> Bool {
        guard nodes.count <= most else { return false }
        var last: [Value: Int] = [:]
        var operands: Set<Value> = []
        var results: Set<Value> = []
        let ordered = nodes.sorted()
        for index in ordered {
            let node = graph.nodes[index]
            for case let operand? in node.operands {
                last[operand] = index
                if let producer = graph.producerIndex(of: operand), nodes.contains(producer) { continue }
                if graph.immediate(operand) == nil { operands.insert(operand) }
            }
            if !copies.contains(index), readers[node.results[0].index].contains(where: { !nodes.contains($0) }) {
                results.insert(node.results[0])
            }
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
