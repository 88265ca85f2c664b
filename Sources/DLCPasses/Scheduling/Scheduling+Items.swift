import DLCGraph
import DLCOps
import DLCRuntime

extension Scheduling {
    /// Says what an item does that stands for a node.
    mutating func complete(_ item: inout Schedule.Item, _ node: Node, _ graph: Graph) throws {
        switch node.op {
        case let op as If:
            item.kind = .branch
            var captured = Array(zip(node.operands, item.operands))[1...]
            item.operands = [item.operands[0]]
            for body in op.bodies {
                let (own, rest) = (captured.prefix(body.inputs.count), captured.dropFirst(body.inputs.count))
                captured = rest
                item.blocks.append(try append(body, entries: [], varying: [], captured: Array(own), graph))
            }
        case let op as Loop:
            item.kind = .loop
            while item.operands.count < 2 + op.carried { item.operands.append(-1) }
            let entries = (0..<2 + op.carried).map { _ in newSlot() }
            let captured = Array(zip(node.operands, item.operands))[(2 + op.carried)...]
            item.operands = Array(item.operands[..<(2 + op.carried)])
            let initial = node.operands.dropFirst(2).prefix(op.carried).map { $0.map { graph.type($0) } ?? TensorType(.bool, []) }
            item.blocks = [try append(op.body, entries: entries, varying: op.varying(initial), captured: Array(captured), graph)]
            let rows = op.body.outputs[(1 + op.carried)...].map { op.body.type($0.value) }
            item.parameters = [op.carried] + rows.map { Int($0.element.rawValue) }
            // Rows that there are none of have no extents but those that are known.
            item.shapes = rows.map { row in row.shape.map { $0.constant == nil ? 0 : $0 } }
        case let op as any ScheduledOperator:
            let computed = try op.item(node, graph)
            (item.kind, item.parameters) = (computed.kind, computed.parameters + computed.texts.map { name($0) })
        default: throw DLCError("has no place in a schedule")
        }
    }

    /// A block for a body.
    /// - Parameters:
    ///   - entries: slots that whoever runs the block fills: its first inputs.
    ///   - varying: symbols of values that a loop carries whose extents change from round to round.
    ///   - captured: what its other inputs are, and where they lie.
    private mutating func append(
        _ body: Graph, entries: [Int], varying: Set<String>, captured: [(Value?, Int)], _ graph: Graph
    ) throws -> Int {
        guard body.states.isEmpty else {
            throw DLCError("draws random numbers or keeps a state inside of control flow, which is not supported")
        }
        let block = newBlock()
        // What has turned out to be constant since is constant in the body as well.
        var constants: [String: Tensor] = [:]
        for (port, (value, _)) in zip(body.inputs.dropFirst(entries.count), captured) {
            constants[port.name] = value.flatMap { graph.constant($0) }
        }
        let places = Dictionary(
            zip(body.inputs.map(\.name), entries + captured.map(\.1)), uniquingKeysWith: { first, _ in first })
        var graph =
            constants.isEmpty
            ? body : try body.retyped(body.inputs.map { body.type($0.value) }, constants: constants, foldLimit: GraphBuilder.usualFoldLimit)
        // Symbols of graphs around it must stay what they are there; each piece settles its own.
        graph = try Pipelines.canonical.filter { $0.name != unifyExtents.name }.run(graph, options.passes)
        var slots: [Int: Int] = [:]
        for port in graph.inputs {
            guard let slot = places[port.name] else { throw DLCError("input \(port.name) of a body is given by nobody") }
            slots[port.value.index] = slot
        }
        schedule.blocks[block].entries = entries
        // Extents that change from round to round.
        let carried = Set(body.inputs.prefix(entries.count).map(\.name))
        for port in graph.inputs where carried.contains(port.name) {
            let place = slots[port.value.index] ?? 0
            let found = bindings(graph.type(port.value), slot: place, varying.contains)
            schedule.blocks[block].bindings += found
        }
        try fill(block, graph, slots)
        return block
    }
}
