#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// `SequenceMap`: a graph applied to the tensors of sequences, those at one position together. Its results are sequences.
extension ControlFlow {
    static func importSequenceMap(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        let (formal, outputs) = (graph.inputs.map(\.name), graph.outputs.map(\.name))
        guard !node.inputs.isEmpty, formal.count == node.inputs.count, outputs.count >= node.outputs.count, !outputs.isEmpty else {
            throw DLCError(
                "the body of SequenceMap has \(formal.count) inputs and \(outputs.count) outputs, "
                    + "the node \(node.inputs.count) and \(node.outputs.count)")
        }
        let operands = try node.inputs.map { name in
            guard let value = try body.value(name) else { throw DLCError("input '\(name)' is absent") }
            return value
        }
        func isSequence(_ value: Value) -> Bool { body.site.builder.fact(value).type.container?.kind == .sequence }
        guard isSequence(operands[0]) else {
            throw DLCError("the first input is \(body.site.builder.fact(operands[0]).type); expected a sequence")
        }
        if let results = attempt(in: body, { try mapped(graph, operands, node, in: body) }) { return results }
        let count = try body.site.builder.add1(SequenceLength(), [operands[0]])
        let initial = try graph.outputs.map { info in
            guard let element = try TypeReader.elementType(info) else { throw DLCError("output '\(info.name)' of the body declares no type") }
            return try body.site.builder.add1(MakeSequence(type: element), [])
        }
        return try importRounds(
            graph, count: count, condition: nil, initial: initial, formal: [String?](repeating: nil, count: 2 + initial.count), node,
            in: body,
            prepare: { scope, entries in
                for (index, value) in operands.enumerated() {
                    let fact = body.site.builder.fact(value)
                    let outer = try scope.captured(value, of: fact, "\(node.inputs[index]).mapped")
                    scope.values[formal[index]] = .some(
                        fact.type.container?.kind == .sequence
                            ? try scope.site.builder.add1(SequenceAt(), [outer, entries[0]], name: node.name) : outer)
                }
            }, first: { [$1[1]] },
            last: { scope, entries, results in
                try results.enumerated().map { index, result in
                    guard let result else { throw DLCError("output \(index) of the body is absent") }
                    return try scope.site.builder.add1(SequenceInsert(), [entries[2 + index], result], name: node.name)
                }
            })
    }

    /// The body once for each position.
    /// - Throws: where the structure of a sequence is not known, or there are many tensors.
    private static func mapped(_ graph: connx_graph, _ operands: [Value], _ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let known = try operands.map { value -> [Value]? in
            guard body.site.builder.fact(value).type.container?.kind == .sequence else { return nil }
            guard let tensors = body.site.builder.knownSequence(value) else { throw DLCError("the length of a sequence is not known") }
            return tensors
        }
        let count = known[0]?.count ?? 0
        guard count > 0, count <= 64, known.allSatisfy({ $0.map { $0.count >= count } ?? true }) else {
            throw DLCError("\(count) copies of a body are not made")
        }
        var results = [[Value]](repeating: [], count: graph.outputs.count)
        for position in 0..<count {
            let scope = try scope(graph, node, in: body, prefix: "\(node.name)[\(position)]/")
            for (index, info) in graph.inputs.enumerated() { scope.values[info.name] = .some(known[index]?[position] ?? operands[index]) }
            for (index, value) in try scope.importNodes(graph.nodes, outputs: graph.outputs.map(\.name)).enumerated() {
                guard let value else { throw DLCError("output \(index) of the body is absent") }
                results[index].append(value)
            }
        }
        return try results.map { try body.site.builder.add1(MakeSequence(), $0, name: node.name) }
    }
}
#endif
