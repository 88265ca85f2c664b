#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// Control flow: resolved when the model is built where that can be, else operators that hold graphs.
///
/// - `If` with a condition that is known when the model is built: the branch taken, inlined.
/// - `If` on shapes that bounds do not settle, whose branches give different types: the branch that readers can take.
/// - `If` on data between values that are there anyway: a `Where` for each result.
/// - `Loop` and `Scan` with a small number of rounds and conditions known when the model is built: unrolled.
/// - `If` whose branches give different ranks: what reads them becomes a part of both branches.
/// - `SequenceMap`: a copy of its body for each tensor where the sequences' structure is known, else a `loop`.
/// - All others: `if` and `loop` (`ControlFlow+Bodies`).
enum ControlFlow {
    static let operators: Set<OperatorKey> = [conditional, loop, scan, sequenceMap]

    private static let conditional = OperatorKey(domain: "", opType: "If")
    private static let loop = OperatorKey(domain: "", opType: "Loop")
    private static let scan = OperatorKey(domain: "", opType: "Scan")
    private static let sequenceMap = OperatorKey(domain: "", opType: "SequenceMap")

    /// The results where the node is control flow, else nil.
    static func importNode(_ node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        switch node.key {
        case conditional: try importIf(node, in: body)
        case loop: try importLoop(node, in: body)
        case scan: try importScan(node, in: body)
        case sequenceMap: try importSequenceMap(node, in: body)
        default: nil
        }
    }

    private static func importIf(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let then = try graph("then_branch", of: node)
        let otherwise = try graph("else_branch", of: node)
        guard node.inputs.count == 1, let condition = try single(node.inputs[0], in: body) else {
            throw DLCError("If expects one condition")
        }
        if let isTrue = try knownCondition(condition, in: body) {
            return try inline(isTrue ? then : otherwise, node, in: body)
        }
        if let truth = body.site.builder.fact(condition).content?.first, body.site.builder.fact(condition).content?.count == 1 {
            if let results = attempt(in: body, { try selected(condition, then, otherwise, node, in: body, isArithmetic: true) }) {
                return results
            }
            // What data decide is not known before the run, and what a body sees may differ from round to round.
            if body.site.isBody || truth.symbols.contains(where: body.site.builder.graph.isFromData) {
                let before = Snapshot(body)
                do { return try importBranches(condition, then: then, otherwise: otherwise, node, in: body) } catch {
                    before.restore()
                    let error = (error as? RanksDiffer)?.error ?? error
                    // Where both can be, their ranks differ, and readers say which is meant.
                    guard case .results = tried(then, node, in: body), case .results = tried(otherwise, node, in: body) else { throw error }
                }
            }
            if let results = try importChoice(truth, then: then, otherwise: otherwise, node, in: body) { return results }
        }
        if isPlain(then), isPlain(otherwise),
            let results = attempt(in: body, { try selected(condition, then, otherwise, node, in: body) })
        {
            return results
        }
        return try importBranches(condition, then: then, otherwise: otherwise, node, in: body)
    }

    /// Both branches, and a `Where` for each result.
    /// - Parameter isArithmetic: whether only extents may be computed in them.
    /// - Throws: where the branches give different types.
    private static func selected(
        _ condition: Value, _ then: connx_graph, _ otherwise: connx_graph, _ node: SourceNode, in body: BodyImporter,
        isArithmetic: Bool = false
    ) throws -> [Value?] {
        guard let select = body.context.mapping(OperatorKey(domain: "", opType: "Where")) else { throw DLCError("there is no Where") }
        let (thenResults, elseResults) = (try inline(then, node, in: body), try inline(otherwise, node, in: body))
        return try zip(thenResults, elseResults).enumerated().map { index, pair in
            guard let a = pair.0, let b = pair.1 else { throw DLCError("a branch has an absent output") }
            if a == b { return a }
            let facts = (body.site.builder.fact(a), body.site.builder.fact(b))
            guard facts.0.type == facts.1.type, body.site.builder.shape(condition).count <= facts.0.rank,
                !isArithmetic || (facts.0.elements != nil && facts.1.elements != nil)
            else { throw DLCError("the branches give \(facts.0.type) and \(facts.1.type)") }
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

    /// A condition or a count, which must have one element where only a run says how many it has.
    static func single(_ name: String, in body: BodyImporter) throws -> Value? {
        guard let value = try body.value(name) else { return nil }
        return try body.site.builder.shape(value).constants == nil ? body.site.builder.add1(Reshape(shape: []), [value]) : value
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
