/// A part of a graph as a graph of its own.
extension Graph {
    /// What computes some values, which become the outputs: the nodes, states and inputs that they need, with what these states'
    /// next values need, and the inputs whose extents alone they need. Of constraints there are those of its own operators.
    /// - Parameter name: what a state is called in it.
    /// - Throws: where two states get one name.
    public func part(computing outputs: [(name: String, value: Value)], states name: (String) -> String = { $0 }) throws -> Graph {
        let isLive = live(from: outputs.map(\.value))
        let order = nodes.indices.filter { nodes[$0].results.contains { isLive[$0.index] } }
        var part = self
        part.outputs = outputs.map { Port(name: $0.name, value: $0.value) }
        part.states = states.filter { isLive[$0.value.index] }
        for index in part.states.indices { part.states[index].name = name(part.states[index].name) }
        let entries = part.inputs.map(\.value) + part.states.map(\.value)
        let read = try symbols(of: order, and: entries.filter { isLive[$0.index] })
        var bound: Set<String> = []
        part.inputs = inputs.filter { isLive[$0.value.index] }
        for port in part.inputs { bound.formUnion(shape(port.value).flatMap(\.symbols)) }
        // An extent is best known from an input that has it as it is.
        for isPlain in [true, false] {
            for port in inputs where !isLive[port.value.index] {
                let symbols = shape(port.value).flatMap { isPlain ? $0.symbol.map { [$0] } ?? [] : Array($0.symbols) }
                if !read.subtracting(bound).isDisjoint(with: symbols), !part.inputs.contains(where: { $0.name == port.name }) {
                    part.inputs.append(port)
                    bound.formUnion(symbols)
                }
            }
        }
        part.inputs = inputs.filter { port in part.inputs.contains { $0.name == port.name } }
        part.constraints = []
        part.symbolOrigins = symbolOrigins.filter { isFromData($0.key) }
        part.declaredShapes = declaredShapes.filter { shape in part.inputs.contains { $0.name == shape.key } }
        var rewriter = Rewriter(part.keeping(order))
        try rewriter.sweep { _, _ in nil }
        return rewriter.builder.graph
    }

    /// Which values some need, by index.
    package func live(from values: [Value]) -> [Bool] {
        var isLive = [Bool](repeating: false, count: self.values.count)
        let next = Dictionary(states.map { ($0.value.index, $0.next) }) { first, _ in first }
        var open = values
        while let value = open.popLast() {
            if isLive[value.index] { continue }
            isLive[value.index] = true
            if let producer = producer(of: value) { open += producer.operands.compactMap(\.self) }
            if let state = next[value.index] { open.append(state) }
        }
        return isLive
    }

    /// The symbols that nodes and entries speak of and data do not bring.
    private func symbols(of order: [Int], and entries: [Value]) throws -> Set<String> {
        var symbols = Set(entries.flatMap { shape($0).flatMap(\.symbols) })
        for index in order {
            _ = try nodes[index].op.mappingDimensions { dim in
                symbols.formUnion(dim.symbols)
                return dim
            }
            symbols.formUnion(nodes[index].results.flatMap { shape($0).flatMap(\.symbols) })
        }
        return symbols.filter { !isFromData($0) }
    }

    /// The graph without some of its states, and what only they need, with all constraints of its operators.
    public func withoutStates(_ isGone: (String) -> Bool) throws -> Graph {
        var result = self
        result.states.removeAll { isGone($0.name) }
        var rewriter = Rewriter(result.withoutDeadNodes())
        try rewriter.sweep { _, _ in nil }
        return rewriter.builder.graph
    }

    /// The graph without those of some inputs that nothing reads and whose extents nothing speaks of that the other inputs do not know.
    public func withoutUnread(inputs names: Set<String>) throws -> Graph {
        let isLive = live(from: results)
        var result = self
        result.inputs.removeAll { names.contains($0.name) && !isLive[$0.value.index] }
        if result.inputs.count == inputs.count { return self }
        let order = nodes.indices.filter { nodes[$0].results.contains { isLive[$0.index] } }
        let bound = Set(result.inputs.flatMap { shape($0.value).flatMap(\.symbols) })
        guard try symbols(of: order, and: (result.inputs.map(\.value) + states.map(\.value))).isSubset(of: bound) else { return self }
        result.constraints = constraints.filter { $0.symbols.allSatisfy { bound.contains($0) || isFromData($0) } }
        result.symbolOrigins = symbolOrigins.filter { isFromData($0.key) }
        var rewriter = Rewriter(result.keeping(order))
        try rewriter.sweep { _, _ in nil }
        return rewriter.builder.graph
    }

    /// Whether only data determine a symbol.
    public func isFromData(_ symbol: String) -> Bool { symbolOrigins[symbol]?.hasPrefix(GraphBuilder.dataOrigin) ?? false }

    /// The graph in which operators without operands stand for some of its states, under the states' names.
    /// - Parameter change: what a state is called, and the operator in its place; nil where it stays.
    public func replacingStates(_ change: (State) -> (name: String, op: (any Operator)?)) throws -> Graph {
        var rewriter = Rewriter(self)
        try rewriter.sweep(states: change) { _, _ in nil }
        return rewriter.builder.graph
    }
}
