#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// Control flow that stays for the run, because data decide it: graphs as attributes of `if` and `loop`.
extension ControlFlow {
    /// A graph of its own, and the values outside that it reads, in the order of its further inputs.
    struct Body {
        var graph: Graph
        var captured: [Value]
    }

    /// Imports a body into a graph of its own.
    /// - Parameters:
    ///   - entries: types of its first inputs.
    ///   - names: what the body calls them; nil where it does not read one.
    ///   - prepare: gives names to further values before nodes are read.
    ///   - first: outputs before those of the body.
    ///   - last: what becomes of the body's outputs.
    ///   - optionals: outputs that are put into optionals, because values beside them are.
    static func body(
        _ graph: connx_graph, _ node: SourceNode, in body: BodyImporter, entries: [TensorType] = [], names: [String?] = [],
        prepare: (BodyImporter, [Value]) throws -> Void = { _, _ in }, first: (BodyImporter, [Value]) throws -> [Value] = { _, _ in [] },
        last: (BodyImporter, [Value], [Value?]) throws -> [Value?] = { $2 }, optionals: Set<Int> = []
    ) throws -> Body {
        var builder = GraphBuilder(name: graph.name, foldLimit: GraphBuilder.usualFoldLimit)
        builder.reserveSymbols(of: body.site.builder)
        let site = GraphSite(builder, in: body.site)
        let scope = try BodyImporter(
            body.context, site: site, parent: body, opsets: body.opsets, prefix: body.prefix, bindings: body.bindings,
            enclosing: body.enclosing + [node.key])
        try scope.readInitializers(of: graph)
        let values = try entries.enumerated().map { index, type in
            let name = names[index].map { $0.isEmpty ? "entry\(index)" : $0 } ?? "entry\(index)"
            let value = try site.builder.input(name, type)
            if let known = names[index] { scope.values[known] = .some(value) }
            return value
        }
        site.round = values.first
        try prepare(scope, values)
        let results = try last(scope, values, scope.importNodes(graph.nodes, outputs: graph.outputs.map(\.name)))
        let outputs: [Value?] = try first(scope, values) + results
        for (index, value) in outputs.enumerated() {
            guard var value else { throw DLCError("output \(index) of a graph is absent") }
            if optionals.contains(index) { value = try site.builder.add1(MakeOptional(), [value]) }
            try site.builder.output("result.\(index)", value)
        }
        body.site.builder.reserveSymbols(of: site.builder)
        return Body(graph: site.builder.graph.withConstantsAtFirstUse(), captured: site.captured)
    }

    /// `if` on a condition that is known at run time.
    static func importBranches(
        _ condition: Value, then: connx_graph, otherwise: connx_graph, _ node: SourceNode, in body: BodyImporter
    ) throws -> [Value?] {
        guard then.inputs.isEmpty, otherwise.inputs.isEmpty else { throw DLCError("a branch of If has inputs") }
        var (a, b) = (try self.body(then, node, in: body), try self.body(otherwise, node, in: body))
        let kinds = zip(a.graph.outputs, b.graph.outputs).map { ($0.isOptional(in: a.graph), $1.isOptional(in: b.graph)) }
        func places(_ isMeant: (Bool, Bool) -> Bool) -> Set<Int> { Set(kinds.indices.filter { isMeant(kinds[$0].0, kinds[$0].1) }) }
        let (left, right) = (places { !$0 && $1 }, places { $0 && !$1 })
        if !left.isEmpty { a = try self.body(then, node, in: body, optionals: left) }
        if !right.isEmpty { b = try self.body(otherwise, node, in: body, optionals: right) }
        for (x, y) in zip(a.graph.outputs, b.graph.outputs).map({ (a.graph.type($0.value), b.graph.type($1.value)) })
        where x.container == nil && y.container == nil && x.element == y.element && x.rank != y.rank {
            let error = DLCError("the branches give \(x) and \(y); expected one element type and rank")
            throw RanksDiffer(condition: condition, then: then, otherwise: otherwise, error: error)
        }
        return try body.site.builder.add(
            If(then: a.graph, otherwise: b.graph), [condition] + a.captured + b.captured, name: node.name,
            resultNames: resultNames(node, in: body))
    }

    /// Why branches are no `if`: a result has one rank in the one and another in the other.
    struct RanksDiffer: Error, @unchecked Sendable {
        let condition: Value
        let then: connx_graph
        let otherwise: connx_graph
        /// What there is to say where nothing helps.
        let error: DLCError
    }

    /// `if` whose branches give different ranks, and whose readers take either: what reads the results stands in both branches.
    /// - Parameters:
    ///   - readers: the nodes that read the results, directly or not, in order.
    ///   - outputs: names of what is read outside of them.
    /// - Throws: where a reader does not take a rank, or where a rank differs after them as well.
    static func importBranches(
        _ node: SourceNode, followedBy readers: [SourceNode], outputs: [String], in body: BodyImporter, _ ranks: RanksDiffer
    ) throws -> [Value?] {
        if outputs.contains(where: node.outputs.contains) { throw ranks.error }
        func branch(_ graph: connx_graph) throws -> Body {
            try self.body(
                graph, node, in: body,
                last: { scope, _, results in
                    for (name, result) in zip(node.outputs, results) where !name.isEmpty { scope.values[name] = .some(result) }
                    return try scope.importNodes(readers.map(\.handle), outputs: outputs)
                })
        }
        let (a, b) = (try branch(ranks.then), try branch(ranks.otherwise))
        return try body.site.builder.add(
            If(then: a.graph, otherwise: b.graph), [ranks.condition] + a.captured + b.captured, name: node.name,
            resultNames: outputs.map { body.finalName($0) })
    }

    static func resultNames(_ node: SourceNode, in body: BodyImporter) -> [String?] {
        node.outputs.map { $0.isEmpty ? nil : body.finalName($0) }
    }

    /// `loop` whose end is known at run time, or that goes round too often to be unrolled.
    /// - Parameters:
    ///   - formal: what the body calls the round, the condition and the values that it carries.
    ///   - resultNames: those of the node where left out.
    static func importRounds(
        _ graph: connx_graph, count: Value?, condition: Value?, initial: [Value], formal: [String?], _ node: SourceNode,
        in body: BodyImporter, resultNames: [String?]? = nil, prepare: (BodyImporter, [Value]) throws -> Void = { _, _ in },
        first: (BodyImporter, [Value]) throws -> [Value] = { _, _ in [] },
        last: (BodyImporter, [Value], [Value?]) throws -> [Value?] = { $2 }
    ) throws -> [Value] {
        var types = initial.map { body.site.builder.fact($0).type }
        let heads = [TensorType(.int64, []), TensorType(.bool, [])]
        var varying: Set<String> = []
        var optionals: Set<Int> = []
        var isDeclared = false
        // What a round changes is a symbol in the next attempt, until nothing else changes.
        for _ in 0..<32 {
            let before = Snapshot(body)
            let attempt: Body
            do {
                attempt = try self.body(
                    graph, node, in: body, entries: heads + types, names: formal, prepare: prepare, first: first, last: last,
                    optionals: optionals)
            } catch {
                // A sequence that is empty at first says nothing of its tensors; the body's declaration may.
                guard !isDeclared, try declare(&types, graph) else { throw error }
                isDeclared = true
                before.restore()
                continue
            }
            var isSettled = true
            for (index, port) in attempt.graph.outputs.dropFirst().prefix(initial.count).enumerated() {
                let next = attempt.graph.type(port.value)
                if next.container != nil || types[index].container != nil {
                    guard let both = types[index].joined(with: next) else {
                        throw DLCError("value \(index) that the loop carries is \(types[index]) in one round and \(next) in the next")
                    }
                    isSettled = isSettled && both == types[index]
                    types[index] = both
                    if both.container?.kind.isOptional == true, next.container?.kind.isOptional != true {
                        isSettled = false
                        optionals.insert(1 + index)
                    }
                    continue
                }
                guard next.element == types[index].element, next.rank == types[index].rank else {
                    throw DLCError(
                        "value \(index) that the loop carries is \(types[index]) in one round and \(next) in the next; its rank must stay")
                }
                for axis in next.shape.indices where next.shape[axis] != types[index].shape[axis] {
                    if let symbol = types[index].shape[axis].symbol, varying.contains(symbol) { continue }
                    let symbol = body.site.builder.newSymbol("carried")
                    varying.insert(symbol)
                    types[index].shape[axis] = Dim(symbol: symbol)
                    isSettled = false
                }
            }
            if isSettled {
                let operands = [count, condition] + initial + attempt.captured
                return try body.site.builder.add(
                    Loop(body: attempt.graph, carried: initial.count), operands, name: node.name,
                    resultNames: resultNames ?? self.resultNames(node, in: body))
            }
        }
        throw DLCError("the shapes that the loop carries do not settle")
    }

    /// Takes what a body's inputs declare of the tensors in sequences that are empty at first. False where that is nothing.
    private static func declare(_ types: inout [TensorType], _ graph: connx_graph) throws -> Bool {
        var isKnown = false
        for (index, info) in graph.inputs.dropFirst(2).prefix(types.count).enumerated() where types[index].container?.elements == Container.Elements.none {
            guard let declared = try TypeReader.container(info.type), declared.element == types[index].element,
                case .shape(let extents)? = declared.container?.elements
            else { continue }
            // The extents are a remark, their number is what can be known by nothing else.
            types[index].container?.elements = .shape(extents.map { _ in nil })
            isKnown = true
        }
        return isKnown
    }

    /// Tries an import; nothing of it stays where it fails.
    static func attempt<R>(in body: BodyImporter, _ import: () throws -> R) -> R? {
        let before = Snapshot(body)
        do { return try `import`() } catch {
            before.restore()
            return nil
        }
    }

    /// What an import may change, of a body and those around it.
    struct Snapshot {
        private let scopes: [(BodyImporter, [String: Value?])]
        private let sites: [(GraphSite, GraphBuilder, [Value])]

        init(_ body: BodyImporter) {
            let all = Array(sequence(first: body, next: \.parent))
            scopes = all.map { ($0, $0.values) }
            sites = all.map { ($0.site, $0.site.builder, $0.site.captured) }
        }

        func restore() {
            for (scope, values) in scopes { scope.values = values }
            for (site, builder, captured) in sites { (site.builder, site.captured) = (builder, captured) }
        }
    }
}

extension Graph.Port {
    fileprivate func isOptional(in graph: Graph) -> Bool { graph.type(value).container?.kind.isOptional == true }
}
#endif
