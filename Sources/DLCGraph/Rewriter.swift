/// Rebuilds a graph: one forward sweep in which a rule sees each node with operands that are already rewritten.
public struct Rewriter {
    public var builder: GraphBuilder
    /// The graph before.
    public let old: Graph
    private let oldUses: [Int]
    private var replacement: [Value?]
    private var uses: [Int: Int] = [:]
    /// How many nodes the rule replaced.
    public private(set) var changes = 0

    /// A rule returns the values that stand for the node's results, or nil to keep the node.
    /// The node has rewritten operands and the old graph's results.
    public typealias Rule = (inout Rewriter, Node) throws -> [Value]?

    init(_ graph: Graph, foldLimit: Int) {
        builder = GraphBuilder(like: graph, foldLimit: foldLimit)
        old = graph
        oldUses = graph.useCounts()
        replacement = [Value?](repeating: nil, count: graph.valueCount)
    }

    public func fact(_ value: Value) -> Fact { builder.fact(value) }
    public func shape(_ value: Value) -> Shape { builder.shape(value) }
    public func constant(_ value: Value?) -> Tensor? { value.flatMap { builder.constant($0) } }

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

    mutating func map(_ value: Value, to new: Value) {
        replacement[value.index] = new
        uses[new.index, default: 0] += oldUses[value.index]
        builder.suggestName(old.name(of: value), for: new)
    }

    func mapped(_ value: Value) throws -> Value {
        guard let new = replacement[value.index] else { throw DLCError("a value is read before it is computed") }
        return new
    }

    mutating func sweep(_ rule: Rule) throws {
        for port in old.inputs { map(port.value, to: try builder.input(port.name, old.type(port.value))) }
        for node in old.nodes {
            var node = node
            node.operands = try node.operands.map { try $0.map { try mapped($0) } }
            if let results = try rule(&self, node) {
                guard results.count == node.results.count else {
                    throw DLCError("a rule gave \(results.count) values for \(node.results.count) results of \(node.op.name)")
                }
                changes += 1
                for (result, value) in zip(node.results, results) { map(result, to: value) }
            } else {
                let names = node.results.map { old.name(of: $0) }
                let results = node.op is Constant
                    ? [builder.constant((node.op as? Constant)?.value ?? Constant.empty, name: names[0])]
                    : try builder.add(node.op, node.operands, name: node.name, resultNames: names)
                for (result, value) in zip(node.results, results) { map(result, to: value) }
            }
        }
        for port in old.outputs { try builder.output(port.name, try mapped(port.value)) }
    }
}

extension Constant {
    static var empty: Tensor { definition.prototype.attribute("value").flatMap(Tensor.init(attributeValue:)).unsafelyUnwrapped }
}

extension Graph {
    /// The graph after a sweep of `rule` and the removal of what is dead, and how many nodes the rule replaced.
    /// - Throws: what the rule throws, or what inference reports about the nodes it makes.
    public func rewritten(foldLimit: Int = 0, by rule: Rewriter.Rule) throws -> (graph: Graph, changes: Int) {
        var rewriter = Rewriter(self, foldLimit: foldLimit)
        try rewriter.sweep(rule)
        return (rewriter.builder.graph.withoutDeadNodes(), rewriter.changes)
    }

    /// The graph without nodes whose results nobody reads. Inputs stay.
    public func withoutDeadNodes() -> Graph {
        var isLive = [Bool](repeating: false, count: values.count)
        for port in outputs { isLive[port.value.index] = true }
        for node in nodes.reversed() where node.results.contains(where: { isLive[$0.index] }) {
            for case let operand? in node.operands { isLive[operand.index] = true }
        }
        var result = Graph(name: name, stage: stage)
        result.symbolOrigins = symbolOrigins
        result.metadata = metadata
        var renumbered = [Value](repeating: Value(0), count: values.count)
        func keep(_ value: Value, producer: Int?) {
            var record = values[value.index]
            record.producer = producer
            renumbered[value.index] = Value(result.values.count)
            result.values.append(record)
        }
        for port in inputs {
            keep(port.value, producer: nil)
            result.inputs.append(Port(name: port.name, value: renumbered[port.value.index]))
        }
        for node in nodes where node.results.contains(where: { isLive[$0.index] }) {
            for value in node.results { keep(value, producer: result.nodes.count) }
            var copy = node
            copy.operands = node.operands.map { $0.map { renumbered[$0.index] } }
            copy.results = node.results.map { renumbered[$0.index] }
            result.nodes.append(copy)
        }
        result.outputs = outputs.map { Port(name: $0.name, value: renumbered[$0.value.index]) }
        return result
    }

    /// The same nodes in another order, which must be topological.
    public func reordered(_ order: [Int]) throws -> Graph {
        var builder = GraphBuilder(like: self)
        var map = [Value?](repeating: nil, count: values.count)
        for port in inputs { map[port.value.index] = try builder.input(port.name, type(port.value)) }
        for index in order {
            let node = nodes[index]
            let names = node.results.map { name(of: $0) }
            let results: [Value]
            if let constant = node.op as? Constant {
                results = [builder.constant(constant.value, name: names[0])]
            } else {
                results = try builder.add(node.op, node.operands.map { $0.flatMap { map[$0.index] } }, name: node.name, resultNames: names)
            }
            for (old, new) in zip(node.results, results) { map[old.index] = new }
        }
        for port in outputs {
            guard let value = map[port.value.index] else { throw DLCError("the order leaves out output \(port.name)") }
            try builder.output(port.name, value)
        }
        return builder.graph
    }
}
