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
    static func body(
        _ graph: connx_graph, _ node: SourceNode, in body: BodyImporter, entries: [TensorType] = [], names: [String?] = [],
        prepare: (BodyImporter, [Value]) throws -> Void = { _, _ in }, first: (BodyImporter, [Value]) throws -> [Value] = { _, _ in [] }
    ) throws -> Body {
        var builder = GraphBuilder(name: graph.name, foldLimit: GraphBuilder.usualFoldLimit)
        builder.reserveSymbols(of: body.site.builder)
        let site = GraphSite(builder)
        site.isBody = true
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
        try prepare(scope, values)
        let results = try scope.importNodes(graph.nodes, outputs: graph.outputs.map(\.name))
        let outputs: [Value?] = try first(scope, values) + results
        for (index, value) in outputs.enumerated() {
            guard let value else { throw DLCError("output \(index) of a graph is absent") }
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
        let (a, b) = (try self.body(then, node, in: body), try self.body(otherwise, node, in: body))
        return try body.site.builder.add(
            If(then: a.graph, otherwise: b.graph), [condition] + a.captured + b.captured, name: node.name,
            resultNames: resultNames(node, in: body))
    }

    static func resultNames(_ node: SourceNode, in body: BodyImporter) -> [String?] {
        node.outputs.map { $0.isEmpty ? nil : body.finalName($0) }
    }

    /// `loop` whose end is known at run time, or that goes round too often to be unrolled.
    /// - Parameters:
    ///   - formal: what the body calls the round, the condition and the values that it carries.
    static func importRounds(
        _ graph: connx_graph, count: Value?, condition: Value?, initial: [Value], formal: [String?], _ node: SourceNode,
        in body: BodyImporter, prepare: (BodyImporter, [Value]) throws -> Void = { _, _ in },
        first: (BodyImporter, [Value]) throws -> [Value] = { _, _ in [] }
    ) throws -> [Value] {
        var types = initial.map { body.site.builder.fact($0).type }
        let heads = [TensorType(.int64, []), TensorType(.bool, [])]
        // What a round changes is a symbol in the next attempt, until nothing else changes.
        for _ in 0..<32 {
            let attempt = try self.body(graph, node, in: body, entries: heads + types, names: formal, prepare: prepare, first: first)
            var isSettled = true
            for (index, port) in attempt.graph.outputs.dropFirst().prefix(initial.count).enumerated() {
                let next = attempt.graph.type(port.value)
                guard next.element == types[index].element, next.rank == types[index].rank else {
                    throw DLCError(
                        "value \(index) that the loop carries is \(types[index]) in one round and \(next) in the next; its rank must stay")
                }
                for axis in next.shape.indices where next.shape[axis] != types[index].shape[axis] {
                    if types[index].shape[axis].symbol?.hasPrefix("carried") == true { continue }
                    types[index].shape[axis] = Dim(symbol: body.site.builder.newSymbol("carried"))
                    isSettled = false
                }
            }
            if isSettled {
                let operands = [count, condition] + initial + attempt.captured
                return try body.site.builder.add(
                    Loop(body: attempt.graph, carried: initial.count), operands, name: node.name, resultNames: resultNames(node, in: body))
            }
        }
        throw DLCError("the shapes that the loop carries do not settle")
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
#endif
