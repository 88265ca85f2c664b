import DLCGraph
import DLCOps
import DLCRuntime

/// Makes a schedule of a graph in which data decide extents, or what runs.
///
///     %p = non_zero(%x)                            piece 0:  what %x needs
///     %y = gather(%t, %p)                 →        non_zero
///     %z = if(%c, %y) {then: …, else: …}           piece 1:  %y, %c, over the extent that non_zero has found
///                                                  if %c: …
///
/// A block's nodes are cut into levels: what computes an extent that is not known before, or runs other blocks, ends one, and what
/// reads the extent or the result begins the next. All other nodes of a level are one piece, a graph that goes through the passes
/// like any other: extents that are known when it begins are symbols of its inputs. Values whose elements are known as extents are
/// made anew in each piece that reads them. Bodies of control flow are blocks inside blocks.
public struct Scheduling {
    let options: CompileOptions
    var image: PlanImage
    var schedule = Schedule()
    private var symbolIndexes: [String: Int] = [:]
    private var nameIndexes: [String: Int] = [:]

    /// Whether a graph needs a schedule.
    public static func isNeeded(_ graph: Graph) -> Bool {
        graph.nodes.contains { isCut($0, graph) } || (graph.inputs + graph.outputs).contains { graph.type($0.value).container != nil }
    }

    /// - Parameter graph: canonical.
    /// - Throws: where an operator has no kernel for its types, naming the node.
    public static func plan(_ graph: Graph, _ options: CompileOptions) throws -> PlanImage {
        var options = options
        options.memory = nil
        var scheduling = Scheduling(options, name: graph.name)
        try scheduling.run(graph)
        return scheduling.image
    }

    private init(_ options: CompileOptions, name: String) {
        self.options = options
        image = PlanImage(plan: Plan(name: name, target: options.target))
    }

    private mutating func run(_ graph: Graph) throws {
        // Outputs of the whole lie in slots; their ports name what is there for certain.
        let place = Plan.Location.constant(image.add(try Tensor([0 as UInt8], shape: [1])))
        var slots: [Int: Int] = [:]
        for value in graph.inputs.map(\.value) + graph.states.map(\.value) { slots[value.index] = newSlot() }
        let main = newBlock()
        try fill(main, graph, slots)
        try checkSymbols(graph)
        for state in graph.states { try image.add(state, graph.type(state.value)) }
        let schedule = schedule
        image.update { plan in
            plan.metadata = graph.metadata
            plan.constraints = graph.constraints.filter { !$0.symbols.contains(where: graph.isFromData) }
            plan.settled = graph.settled
            for (index, port) in graph.inputs.enumerated() {
                let type = graph.type(port.value)
                plan.inputs.append(
                    Plan.Port(
                        name: port.name, type: type.element, shape: type.shape, declared: graph.declaredShapes[port.name],
                        container: type.container, location: .input(index)))
            }
            for port in graph.outputs {
                let type = graph.type(port.value)
                plan.outputs.append(
                    Plan.Port(name: port.name, type: type.element, shape: type.shape, container: type.container, location: place))
            }
            plan.schedule = schedule
        }
    }

    /// Every extent that a piece is told must be an input's or be found by an item.
    private func checkSymbols(_ graph: Graph) throws {
        var found = Set(graph.inputs.flatMap { graph.shape($0.value).flatMap(\.symbols) })
        for block in schedule.blocks {
            for binding in block.bindings + block.items.flatMap(\.bindings) { found.insert(schedule.symbols[binding.symbol]) }
        }
        for item in schedule.blocks.flatMap(\.items) {
            for symbol in item.symbols where !found.contains(schedule.symbols[symbol]) {
                throw DLCError("extent \(schedule.symbols[symbol]) is determined by no input and no node", at: [schedule.names[item.name]])
            }
        }
    }

    // MARK: Parts of the schedule

    mutating func newSlot() -> Int {
        schedule.slots += 1
        return schedule.slots - 1
    }

    mutating func newBlock() -> Int {
        schedule.blocks.append(Schedule.Block())
        return schedule.blocks.count - 1
    }

    mutating func symbol(_ name: String) -> Int {
        if let index = symbolIndexes[name] { return index }
        symbolIndexes[name] = schedule.symbols.count
        schedule.symbols.append(name)
        return schedule.symbols.count - 1
    }

    mutating func name(_ text: String) -> Int {
        if let index = nameIndexes[text] { return index }
        nameIndexes[text] = schedule.names.count
        schedule.names.append(text)
        return schedule.names.count - 1
    }

    /// Bindings of the symbols that stand alone in a type and are met for the first time.
    mutating func bindings(_ type: TensorType, slot: Int, _ isNew: (String) -> Bool) -> [Schedule.Binding] {
        type.shape.enumerated().compactMap { axis, dim in
            guard let name = dim.symbol, isNew(name) else { return nil }
            return Schedule.Binding { binding in
                binding.symbol = symbol(name)
                binding.slot = slot
                binding.axis = axis
            }
        }
    }
}
