#if ONNX
internal import CONNX
internal import DLCGraph

/// Control flow that the importer resolves, because a compiled graph has none.
///
/// - `If` with a condition that is known when the model is built: the branch taken, inlined.
/// - `If` on data, whose branches give the same types: both branches and a `Where` for each result.
/// - `Loop` with a number of iterations and conditions known when the model is built: unrolled.
enum ControlFlow {
    static let operators: Set<OperatorKey> = [conditional, loop]

    private static let conditional = OperatorKey(domain: "", opType: "If")
    private static let loop = OperatorKey(domain: "", opType: "Loop")

    /// The results where the node is control flow, else nil.
    static func importNode(_ node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        switch node.key {
        case conditional: try importIf(node, in: body)
        case loop: try importLoop(node, in: body)
        default: nil
        }
    }

    // MARK: If

    private static func importIf(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let then = try graph("then_branch", of: node)
        let otherwise = try graph("else_branch", of: node)
        guard node.inputs.count == 1, let condition = try body.value(node.inputs[0]) else {
            throw DLCError("If expects one condition")
        }
        if let isTrue = try knownCondition(condition, in: body) {
            return try inline(isTrue ? then : otherwise, node, in: body)
        }
        guard let select = body.context.mapping(OperatorKey(domain: "", opType: "Where")) else {
            throw DLCError("If on data needs the operator Where")
        }
        let thenResults = try inline(then, node, in: body)
        let elseResults = try inline(otherwise, node, in: body)
        guard thenResults.count == elseResults.count else {
            throw DLCError("the branches have \(thenResults.count) and \(elseResults.count) outputs")
        }
        return try zip(thenResults, elseResults).map { a, b in
            guard let a, let b else { throw DLCError("a branch has an absent output") }
            if a == b { return a }
            let types = (body.site.builder.fact(a).type, body.site.builder.fact(b).type)
            guard types.0 == types.1, body.site.builder.shape(condition).count <= max(types.0.rank, 0) else {
                throw DLCError(
                    "the condition depends on data, and the branches give \(types.0) and \(types.1); "
                        + "only branches with equal types are supported")
            }
            return try body.read(select, node, operands: [condition, a, b], attributes: [:]).first
        }
    }

    private static func inline(_ graph: connx_graph, _ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        guard graph.inputs.isEmpty else { throw DLCError("a branch of If has inputs") }
        let outputs = graph.outputs.map(\.name)
        guard outputs.count >= node.outputs.count else {
            throw DLCError("a branch has \(outputs.count) outputs, the node has \(node.outputs.count)")
        }
        let scope = try scope(graph, node, in: body, renaming: zip(outputs, node.outputs))
        return try scope.importNodes(graph.nodes, outputs: outputs)
    }

    // MARK: Loop

    /// The most iterations that are unrolled.
    private static let iterationLimit = 1024

    private static func importLoop(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        let carried = node.inputs.count - 2
        guard carried >= 0, formal.count == carried + 2, outputs.count >= carried + 1, outputs.count - 1 >= node.outputs.count
        else {
            throw DLCError(
                "the body of Loop has \(formal.count) inputs and \(outputs.count) outputs, "
                    + "the node \(node.inputs.count) and \(node.outputs.count)")
        }
        let limit = try node.inputs[0].isEmpty ? nil : body.value(node.inputs[0]).map { try iterations($0, in: body) }
        var condition = try node.inputs[1].isEmpty ? nil : body.value(node.inputs[1])
        var state = try node.inputs[2...].map { try body.value($0) }
        var scanned = [[Value]](repeating: [], count: outputs.count - 1 - carried)
        var iteration = 0
        while iteration < limit ?? .max, try condition.map({ try known($0, in: body) }) ?? true {
            guard iteration < iterationLimit else { throw DLCError("Loop runs more than \(iterationLimit) times") }
            let scope = try scope(graph, node, in: body, prefix: "\(node.name)[\(iteration)]/")
            scope.values[formal[0]] = .some(body.site.builder.constant(try Tensor([Int64(iteration)], shape: [])))
            let isTrue = try Tensor([true], shape: [])
            scope.values[formal[1]] = .some(condition ?? body.site.builder.constant(isTrue))
            for (name, value) in zip(formal[2...], state) { scope.values[name] = .some(value) }
            let results = try scope.importNodes(graph.nodes, outputs: outputs)
            condition = results[0]
            state = Array(results[1..<1 + carried])
            for (index, value) in results[(1 + carried)...].enumerated() {
                guard let value else { throw DLCError("a scanned output is absent") }
                scanned[index].append(value)
            }
            iteration += 1
        }
        return state + (try scanned.map { try stacked($0, node, in: body) })
    }

    private static func known(_ condition: Value, in body: BodyImporter) throws -> Bool {
        guard let isTrue = try knownCondition(condition, in: body) else {
            throw DLCError("Loop whose condition depends on data is not supported")
        }
        return isTrue
    }

    private static func iterations(_ value: Value, in body: BodyImporter) throws -> Int {
        guard let count = body.site.builder.fact(value).content?.first?.constant else {
            throw DLCError("Loop whose number of iterations depends on data is not supported")
        }
        return count
    }

    /// The iterations' values along a new first axis.
    private static func stacked(_ values: [Value], _ node: SourceNode, in body: BodyImporter) throws -> Value? {
        guard !values.isEmpty else { throw DLCError("Loop scans an output in zero iterations, which is not supported") }
        let axis = body.site.builder.constant(try Tensor([0] as [Int64], shape: [1]))
        guard let unsqueeze = body.context.mapping(OperatorKey(domain: "", opType: "Unsqueeze")),
            let concat = body.context.mapping(OperatorKey(domain: "", opType: "Concat"))
        else { throw DLCError("Loop with scanned outputs needs the operators Unsqueeze and Concat") }
        let opset = body.opsets[""] ?? 1
        let rows = try values.map { value in
            try opset < 13
                ? body.read(unsqueeze, node, operands: [value], attributes: ["axes": .ints([0])]).first
                : body.read(unsqueeze, node, operands: [value, axis], attributes: [:]).first
        }
        return try body.read(concat, node, operands: rows, attributes: ["axis": .int(0)]).first
    }

    // MARK: Shared

    private static func graph(_ name: String, of node: SourceNode) throws -> connx_graph {
        guard let graph = node.handle.attributes.first(where: { $0.name == name })?.graphs.first else {
            throw DLCError("attribute '\(name)' must be a graph")
        }
        return graph
    }

    /// A scope inside `body` with the graph's initializers.
    private static func scope(
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

    private static func knownCondition(_ value: Value, in body: BodyImporter) throws -> Bool? {
        let fact = body.site.builder.fact(value)
        guard fact.element == .bool else { throw DLCError("the condition is \(fact.type), not a bool") }
        if let constant = fact.constant, constant.count == 1 { return try constant.integers()[0] != 0 }
        guard let content = fact.content, content.count == 1, let number = content[0].constant else { return nil }
        return number != 0
    }
}
#endif
