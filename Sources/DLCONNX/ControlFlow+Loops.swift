#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

extension ControlFlow {
    /// The most iterations that are unrolled.
    static let iterationLimit = 1024

    /// The most nodes that unrolling makes.
    static let unrolledNodes = 4096

    static func importLoop(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        let carried = node.inputs.count - 2
        guard carried >= 0, formal.count == carried + 2, outputs.count > max(carried, node.outputs.count) else {
            throw DLCError(
                "the body of Loop has \(formal.count) inputs and \(outputs.count) outputs, "
                    + "the node \(node.inputs.count) and \(node.outputs.count)")
        }
        let count = try node.inputs[0].isEmpty ? nil : single(node.inputs[0], in: body)
        let condition = try node.inputs[1].isEmpty ? nil : single(node.inputs[1], in: body)
        let initial = try node.inputs[2...].map { try body.value($0) }
        if let results = attempt(in: body, { try unrolled(graph, count, condition, initial, node, in: body) }) { return results }
        let values = try initial.map { value in
            guard let value else { throw DLCError("a value that Loop carries is absent") }
            return value
        }
        // What every round gives back as it took it is read from around the loop, where more is known of it.
        let kept = keptValues(of: graph)
        func changing<T>(_ all: [T]) -> [T] { all.indices.filter { !kept.contains($0) }.map { all[$0] } }
        let (names, named): ([String?], [String?]) = (formal.map { $0 }, resultNames(node, in: body))
        var rest = try importRounds(
            graph, count: count, condition: condition, initial: changing(values), formal: names.prefix(2) + changing(Array(names[2...])),
            node, in: body, resultNames: changing(Array(named.prefix(carried))) + named.dropFirst(carried),
            prepare: { scope, _ in
                for index in kept.sorted() {
                    let (outer, name) = (values[index], formal[2 + index])
                    scope.values[name] = .some(try scope.captured(outer, of: body.site.builder.fact(outer), name))
                }
            }, last: { _, _, all in all.prefix(1) + changing(Array(all[1..<1 + carried])) + all[(1 + carried)...] })[...]
        let state = values.indices.map { kept.contains($0) ? values[$0] : rest.popFirst() }
        return state + Array(rest)
    }

    /// Which of the values that a loop carries are the same in all rounds: the body's output is its input, or an Identity of it.
    private static func keptValues(of graph: connx_graph) -> Set<Int> {
        let (formal, outputs) = (graph.inputs.map(\.name), graph.outputs.map(\.name))
        var sources: [String: String] = [:]
        for node in graph.nodes.map(SourceNode.init) where node.key == OperatorKey(domain: "", opType: "Identity") {
            if let output = node.outputs.first { sources[output] = node.inputs.first }
        }
        func isKept(_ index: Int) -> Bool {
            var name = outputs[1 + index]
            // Exporters write one or two.
            for _ in 0..<16 where name != formal[2 + index] {
                guard let source = sources[name] else { return false }
                name = source
            }
            return !name.isEmpty && name == formal[2 + index]
        }
        return Set((0..<formal.count - 2).filter(isKept))
    }

    /// The rounds one after another.
    /// - Throws: where not all is known when the model is built, or there are many.
    private static func unrolled(
        _ graph: connx_graph, _ count: Value?, _ initialCondition: Value?, _ initial: [Value?], _ node: SourceNode, in body: BodyImporter
    ) throws -> [Value?] {
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        let carried = initial.count
        let limit = try count.map { try iterations($0, in: body) }
        let most = min(iterationLimit, max(1, unrolledNodes / max(1, graph.nodes.count)))
        guard initialCondition != nil || limit.map({ $0 <= most }) ?? false else { throw DLCError("Loop runs more than \(most) times") }
        var (condition, state) = (initialCondition, initial)
        var scanned = [[Value]](repeating: [], count: outputs.count - 1 - carried)
        var iteration = 0
        while iteration < limit ?? .max, try condition.map({ try known($0, in: body) }) ?? true {
            guard iteration < most else { throw DLCError("Loop runs more than \(most) times") }
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
        return state + (try scanned.map { try stacked($0, axis: 0, node, in: body) })
    }

    private static func known(_ condition: Value, in body: BodyImporter) throws -> Bool {
        guard let isTrue = try knownCondition(condition, in: body) else { throw DLCError("the condition depends on data") }
        return isTrue
    }

    private static func iterations(_ value: Value, in body: BodyImporter) throws -> Int {
        guard let count = body.site.builder.fact(value).content?.first?.constant else {
            throw DLCError("the number of rounds depends on data")
        }
        return count
    }

    /// The iterations' values along a new axis.
    static func stacked(
        _ values: [Value], axis: Int, _ node: SourceNode, in body: BodyImporter
    ) throws -> Value? {
        guard let first = values.first else {
            throw DLCError("\(node.key) collects an output in zero iterations, which is not supported")
        }
        guard let unsqueeze = body.context.mapping(OperatorKey(domain: "", opType: "Unsqueeze")),
            let concat = body.context.mapping(OperatorKey(domain: "", opType: "Concat"))
        else { throw DLCError("\(node.key) with collected outputs needs the operators Unsqueeze and Concat") }
        let axis = try InferenceRules.axis(axis, rank: body.site.builder.shape(first).count + 1)
        let operand = body.site.builder.constant(try Tensor([Int64(axis)], shape: [1]))
        let rows = try values.map { value in
            try body.opsets[""] ?? 1 < 13
                ? body.read(unsqueeze, node, operands: [value], attributes: ["axes": .ints([axis])]).first
                : body.read(unsqueeze, node, operands: [value, operand], attributes: [:]).first
        }
        return try body.read(concat, node, operands: rows, attributes: ["axis": .int(axis)]).first
    }
}
#endif
