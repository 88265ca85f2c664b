#if ONNX
internal import CONNX
internal import DLCGraph

/// Control flow: resolved when the model is built where that can be, else operators that hold graphs.
///
/// - `If` with a condition that is known when the model is built: the branch taken, inlined.
/// - `If` on shapes that bounds do not settle, whose branches give different types: the branch that readers can take.
/// - `If` on data between values that are there anyway: a `Where` for each result.
/// - `Loop` and `Scan` with a small number of rounds and conditions known when the model is built: unrolled.
/// - All others: `if` and `loop` (`ControlFlow+Bodies`).
enum ControlFlow {
    static let operators: Set<OperatorKey> = [conditional, loop, scan]

    private static let conditional = OperatorKey(domain: "", opType: "If")
    private static let loop = OperatorKey(domain: "", opType: "Loop")
    private static let scan = OperatorKey(domain: "", opType: "Scan")

    /// The results where the node is control flow, else nil.
    static func importNode(_ node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        switch node.key {
        case conditional: try importIf(node, in: body)
        case loop: try importLoop(node, in: body)
        case scan: try importScan(node, in: body)
        default: nil
        }
    }

    private static func importIf(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let then = try graph("then_branch", of: node)
        let otherwise = try graph("else_branch", of: node)
        guard node.inputs.count == 1, let condition = try body.value(node.inputs[0]) else {
            throw DLCError("If expects one condition")
        }
        if let isTrue = try knownCondition(condition, in: body) {
            return try inline(isTrue ? then : otherwise, node, in: body)
        }
        var isBySize = false
        if let truth = body.site.builder.fact(condition).content?.first, body.site.builder.fact(condition).content?.count == 1 {
            let graph = body.site.builder.graph
            isBySize = !truth.symbols.contains(where: graph.isFromData)
            // What data decide is not known before the run, and what a body sees may differ from round to round.
            if !isBySize || body.site.isBody,
                let results = attempt(in: body, { try importBranches(condition, then: then, otherwise: otherwise, node, in: body) }) {
                return results
            }
            if let results = try importChoice(truth, then: then, otherwise: otherwise, node, in: body) { return results }
        }
        if !isPlain(then) || !isPlain(otherwise) { return try importBranches(condition, then: then, otherwise: otherwise, node, in: body) }
        guard let select = body.context.mapping(OperatorKey(domain: "", opType: "Where")) else {
            throw DLCError("If on data needs the operator Where")
        }
        let thenResults = try inline(then, node, in: body)
        let elseResults = try inline(otherwise, node, in: body)
        guard thenResults.count == elseResults.count else {
            throw DLCError("the branches have \(thenResults.count) and \(elseResults.count) outputs")
        }
        return try zip(thenResults, elseResults).enumerated().map { index, pair in
            let (a, b) = pair
            guard let a, let b else { throw DLCError("a branch has an absent output") }
            if a == b { return a }
            let types = (body.site.builder.fact(a).type, body.site.builder.fact(b).type)
            guard types.0 == types.1, body.site.builder.shape(condition).count <= types.0.rank else {
                throw DLCError(
                    "the condition depends on data, and the branches give \(types.0) and \(types.1); "
                        + "only branches with equal types are supported")
            }
            let name = index < node.outputs.count ? node.outputs[index] : ""
            return try body.read(select, node, operands: [condition, a, b], attributes: [:], outputs: [name]).first
        }
    }

    /// Whether a branch computes nothing.
    private static func isPlain(_ graph: connx_graph) -> Bool {
        graph.nodes.allSatisfy { ["Identity", "Constant"].contains(OperatorKey($0).opType) }
    }

    static func inline(_ graph: connx_graph, _ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        guard graph.inputs.isEmpty else { throw DLCError("a branch of If has inputs") }
        let outputs = graph.outputs.map(\.name)
        guard outputs.count >= node.outputs.count else {
            throw DLCError("a branch has \(outputs.count) outputs, the node has \(node.outputs.count)")
        }
        let scope = try scope(graph, node, in: body, renaming: zip(outputs, node.outputs))
        return try scope.importNodes(graph.nodes, outputs: outputs)
    }

    static func graph(_ name: String, of node: SourceNode) throws -> connx_graph {
        guard let graph = node.handle.attributes.first(where: { $0.name == name })?.graphs.first else {
            throw DLCError("attribute '\(name)' must be a graph")
        }
        return graph
    }

    /// A scope inside `body` with the graph's initializers.
    static func scope(
        _ graph: connx_graph, _ node: SourceNode, in body: BodyImporter, prefix: String = "",
        renaming: Zip2Sequence<[String], [String]> = zip([], [])
    ) throws -> BodyImporter {
        let renamed = renaming.filter { !$0.1.isEmpty }.map { ($0.0, body.finalName($0.1)) }
        let scope = try BodyImporter(
            body.context, site: body.site, parent: body, opsets: body.opsets, prefix: body.prefix + prefix,
            renamed: Dictionary(renamed) { first, _ in first }, bindings: body.bindings,
            enclosing: body.enclosing + [node.key])
        try scope.readInitializers(of: graph)
        return scope
    }

    static func knownCondition(_ value: Value, in body: BodyImporter) throws -> Bool? {
        let fact = body.site.builder.fact(value)
        guard fact.element == .bool else { throw DLCError("the condition is \(fact.type), not a bool") }
        if let constant = fact.constant, constant.count == 1 { return try constant.integers()[0] != 0 }
        guard let content = fact.content, content.count == 1, let number = content[0].constant else { return nil }
        return number != 0
    }
}
#endif
