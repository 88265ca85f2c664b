/// Rebuilds a graph: one forward sweep in which a rule sees each node with operands that are already rewritten.
///
/// Every graph that is made from another by way of the builder is made by this loop, so types are inferred anew, equal
/// nodes merge, and symbols keep their names. A replacement must have the types of what it replaces: the element type,
/// the rank, and every extent as the same expression. One that has not is refused.
public struct Rewriter {
    public var builder: GraphBuilder
    /// The graph before.
    public let old: Graph
    private let oldUses: [Int]
    private var replacement: [Value?]
    private var uses: [Int: Int] = [:]
    private var symbols = RewrittenSymbols()
    /// How many nodes the rule replaced.
    public private(set) var changes = 0

    /// A rule returns the values that stand for the node's results, or nil to keep the node.
    /// The node has rewritten operands and the old graph's results.
    public typealias Rule = (inout Rewriter, Node) throws -> [Value]?

    /// Told why a node was kept although the rule wanted to replace it.
    public typealias Declined = (DLCError) -> Void

    public init(_ graph: Graph, foldLimit: Int = 0) {
        builder = GraphBuilder(like: graph, foldLimit: foldLimit)
        old = graph
        oldUses = graph.useCounts()
        replacement = [Value?](repeating: nil, count: graph.valueCount)
    }

    public func fact(_ value: Value) -> Fact { builder.fact(value) }
    public func shape(_ value: Value) -> Shape { builder.shape(value) }
    public func constant(_ value: Value?) -> Tensor? { value.flatMap { builder.constant($0) } }

    /// The type that a replacement of one of the node's results must have.
    /// - Throws: where an extent is more than an expression may be.
    public func resultType(_ node: Node, _ index: Int = 0) throws -> TensorType { try symbols.renamed(old.type(node.results[index])) }

    /// The node in the new graph that computes a value.
    public func producer(of value: Value?) -> Node? { value.flatMap { builder.producer(of: $0) } }

    /// The producer where it is an `Op` and its result has no other reader, so that it may be absorbed.
    public func solelyUsed<Op: Operator>(_ value: Value?, as _: Op.Type) -> (op: Op, node: Node)? {
        guard let value, useCount(value) == 1, let node = producer(of: value), let op = node.op as? Op else { return nil }
        return (op, node)
    }

    /// The producer where it is an `Op`, whoever else reads the result.
    public func produced<Op: Operator>(_ value: Value?, by _: Op.Type) -> (op: Op, node: Node)? {
        guard let value, let node = producer(of: value), let op = node.op as? Op else { return nil }
        return (op, node)
    }

    /// Reads in the old graph of everything that became this value.
    public func useCount(_ value: Value) -> Int { uses[value.index] ?? 0 }

    public mutating func add(_ op: any Operator, _ operands: [Value?], name: String = "") throws -> [Value] {
        try builder.add(op, operands, name: name)
    }

    public mutating func add1(_ op: any Operator, _ operands: [Value?], name: String = "") throws -> Value {
        try builder.add1(op, operands, name: name)
    }

    public mutating func constant(_ tensor: Tensor) -> Value { builder.constant(tensor) }

    /// What a value of the old graph has become.
    /// - Throws: where the sweep has not come to it yet.
    public func mapped(_ value: Value) throws -> Value {
        guard let new = replacement[value.index] else { throw DLCError("a value is read before it is computed") }
        return new
    }

    /// Rebuilds the graph.
    /// - Parameters:
    ///   - inputs: other types for the inputs; nil for the old ones. Symbols that stood alone in them are replaced throughout.
    ///   - constants: what inputs of these names become.
    ///   - states: what a state is called, and the operator without operands in its place; nil where it stays.
    ///   - change: what becomes of each operator before the rule sees it.
    ///   - declined: called where the rule throws or its replacement is refused, and the node is kept; where it is nil, the
    ///     error is thrown.
    public mutating func sweep(
        inputs: [TensorType]? = nil, constants: [String: Tensor] = [:],
        states: (Graph.State) -> (name: String, op: (any Operator)?) = { ($0.name, nil) },
        operators change: (any Operator) throws -> any Operator = { $0 }, declined: Declined? = nil, _ rule: Rule
    ) throws {
        let types = old.inputs.map { old.type($0.value) }
        symbols.settle(inputs: types, as: inputs ?? types)
        for (port, type) in zip(old.inputs, inputs ?? types) {
            let constant = constants[port.name].map { builder.constant($0, name: port.name) }
            map([port.value], to: [try constant ?? builder.input(port.name, type)])
        }
        for state in old.states {
            let (name, op) = states(state)
            let value = try op.map { try builder.add1($0, [], resultName: name) }
            map([state.value], to: [try value ?? builder.state(name, old.type(state.value), initial: state.initial)])
        }
        for node in old.nodes {
            var node = node
            node.operands = try node.operands.map { try $0.map { try mapped($0) } }
            node.op = try change(symbols.renamed(node.op))
            if let results = try replaced(node, by: rule, declined) {
                changes += 1
                map(node.results, to: results)
            } else {
                map(node.results, to: try kept(node))
            }
        }
        for port in old.outputs { try builder.output(port.name, try mapped(port.value)) }
        for state in old.states {
            let (name, op) = states(state)
            if op == nil { try builder.next(name, try mapped(state.next)) }
        }
    }

    /// What the rule makes of a node, checked.
    private mutating func replaced(_ node: Node, by rule: Rule, _ declined: Declined?) throws -> [Value]? {
        do {
            return try located(node.name.isEmpty ? node.op.name : "\(node.op.name) \(node.name)") {
                guard let results = try rule(&self, node) else { return nil }
                try check(results, for: node)
                return results
            }
        } catch let error as DLCError {
            guard let declined else { throw error }
            declined(error)
            return nil
        }
    }

    private func check(_ results: [Value], for node: Node) throws {
        guard results.count == node.results.count else {
            throw DLCError("the rule gives \(results.count) values for \(node.results.count) results")
        }
        var inferred = try InferredTypes(node.op, node.operands.map { $0.map { fact($0) } }, recorded: builder.claims)
        for (index, value) in results.enumerated() where !inferred.matches(builder.graph.type(value), at: index) {
            throw DLCError("the rule gives \(builder.graph.type(value)) for a result of type \(inferred.types[index])")
        }
    }

    private mutating func kept(_ node: Node) throws -> [Value] {
        let names = node.results.map { old.name(of: $0) }
        if let constant = node.op as? Constant { return [builder.constant(constant.value, name: names[0])] }
        return try builder.add(
            node.op, node.operands, name: node.name, resultNames: names,
            symbols: symbols.introduced(by: node.results.map { old.type($0) }, of: node.op))
    }

    private mutating func map(_ results: [Value], to values: [Value]) {
        for (result, value) in zip(results, values) {
            replacement[result.index] = value
            uses[value.index, default: 0] += oldUses[result.index]
            builder.suggestName(old.name(of: result), for: value)
            symbols.settle(old.type(result), as: builder.graph.type(value))
        }
    }
}

extension Graph {
    /// The graph after a sweep of `rule` and the removal of what is dead, and how many nodes the rule replaced.
    /// - Parameter declined: called where the rule throws or its replacement has another type, and the node is kept.
    /// - Throws: without `declined`, what the rule throws and which replacement has another type than the node.
    public func rewritten(
        foldLimit: Int = 0, declined: Rewriter.Declined? = nil, by rule: Rewriter.Rule
    ) throws -> (graph: Graph, changes: Int) {
        var rewriter = Rewriter(self, foldLimit: foldLimit)
        try rewriter.sweep(declined: declined, rule)
        return (rewriter.builder.graph.withoutDeadNodes(), rewriter.changes)
    }

    /// The same graph with inputs of other types. Symbols that stood alone in them are replaced throughout.
    /// - Parameter constants: what inputs of these names become.
    /// - Throws: what inference reports about the nodes, and where a constraint cannot hold.
    public func retyped(_ inputs: [TensorType], constants: [String: Tensor] = [:], foldLimit: Int = 0) throws -> Graph {
        guard inputs.count == self.inputs.count else { throw DLCError("expects \(self.inputs.count) operands, found \(inputs.count)") }
        var values: [String: Dim] = [:]
        for (port, type) in zip(self.inputs, inputs) {
            for (old, new) in zip(shape(port.value), type.shape) {
                if let symbol = old.symbol, values[symbol] == nil { values[symbol] = new }
            }
        }
        var rewriter = Rewriter(self, foldLimit: foldLimit)
        try rewriter.builder.requireAgain(constraints) { try $0.substituting(values) }
        try rewriter.sweep(inputs: inputs, constants: constants) { _, _ in nil }
        return rewriter.builder.graph
    }
}
