import DLCGraph
import DLCOps
import DLCRuntime

/// How a block is cut into levels.
struct Levels {
    /// When a value is there, by index: after the pieces and items of so many levels.
    private(set) var values: [Int]
    /// The level at which each node runs.
    private(set) var nodes: [Int] = []
    private(set) var symbols: [String: Int] = [:]
    var count: Int { (nodes.max() ?? 0) + 1 }

    init(_ graph: Graph) {
        values = [Int](repeating: 0, count: graph.valueCount)
        for node in graph.nodes {
            let isCut = Scheduling.isCut(node, graph)
            var level = 0
            func meet(_ dim: Dim) { for symbol in dim.symbols { level = max(level, symbols[symbol] ?? 0) } }
            for case let operand? in node.operands {
                if let content = graph.fact(operand).content { content.forEach(meet) } else { level = max(level, values[operand.index]) }
                graph.shape(operand).forEach(meet)
            }
            for symbol in node.op.mentionedSymbols { level = max(level, symbols[symbol] ?? 0) }
            for result in node.results { graph.shape(result).forEach(meet) }
            nodes.append(level)
            let ready = isCut ? level + 1 : level
            for result in node.results {
                values[result.index] = ready
                guard isCut else { continue }
                for dim in graph.shape(result) {
                    if let symbol = dim.symbol, symbols[symbol] == nil, graph.isFromData(symbol) { symbols[symbol] = ready }
                }
            }
        }
    }

    /// When all symbols of some dimensions are known.
    func level(of dims: [Dim]) -> Int { dims.flatMap { $0.symbols.map { symbols[$0] ?? 0 } }.max() ?? 0 }
}

extension Scheduling {
    /// Whether a node ends a level.
    static func isCut(_ node: Node, _ graph: Graph) -> Bool {
        node.op is any ReadsContainers || (node.op as? any ScheduledOperator)?.isScheduled(node, graph) ?? false
    }

    /// Whether a value is made anew wherever it is read.
    static func isMadeAnew(_ value: Value, _ graph: Graph) -> Bool { graph.constant(value) != nil || graph.fact(value).content != nil }

    /// Fills a block with the items that compute a graph.
    /// - Parameter entries: slots of the graph's inputs, by index of the value.
    mutating func fill(_ block: Int, _ graph: Graph, _ entries: [Int: Int]) throws {
        let levels = Levels(graph)
        var slots = entries
        /// The slot of a value, a new one where it has none.
        func slot(_ value: Value) -> Int {
            if let slot = slots[value.index] { return slot }
            slots[value.index] = newSlot()
            return slots[value.index] ?? 0
        }
        // What leaves its level: read by items, by other levels, or by the outside.
        var leaves: [Int: [Value]] = [:]
        var known: Set<Int> = Set(entries.keys)
        func leave(_ value: Value) {
            guard known.insert(value.index).inserted else { return }
            if let producer = graph.producer(of: value), Self.isCut(producer, graph), !Self.isMadeAnew(value, graph) { return }
            let level = graph.fact(value).content.map { levels.level(of: $0) } ?? levels.values[value.index]
            leaves[level, default: []].append(value)
        }
        for (node, level) in zip(graph.nodes, levels.nodes) {
            let isCut = Self.isCut(node, graph)
            for case let operand? in node.operands {
                if isCut || (!Self.isMadeAnew(operand, graph) && levels.values[operand.index] < level) { leave(operand) }
            }
        }
        for value in graph.results { leave(value) }
        for level in 0..<max(levels.count, (leaves.keys.max() ?? 0) + 1) {
            if let values = leaves[level] {
                let piece = try Piece(graph, levels, level, computing: values)
                try append(piece, to: block, operands: piece.reads.map(slot), results: values.map(slot))
            }
            for (node, at) in zip(graph.nodes, levels.nodes) where at == level && Self.isCut(node, graph) {
                try located(node.name.isEmpty ? node.op.name : "\(node.op.name) \(node.name)") {
                    var item = Schedule.Item()
                    item.name = name(
                        node.name.isEmpty ? "\(node.op.name) \(graph.name(of: node.results[0]) ?? "")" : "\(node.op.name) \(node.name)")
                    item.operands = node.operands.map { $0.map(slot) ?? -1 }
                    item.results = node.results.map { Self.isMadeAnew($0, graph) ? newSlot() : slot($0) }
                    for (result, place) in zip(node.results, item.results) {
                        item.bindings += bindings(graph.type(result), slot: place) { levels.symbols[$0] == level + 1 }
                    }
                    try complete(&item, node, graph)
                    schedule.blocks[block].items.append(item)
                }
            }
        }
        schedule.blocks[block].results = graph.results.map(slot)
    }
}
