import DLC

extension Check {
    /// An input as a state whose next value is an output of its type: the first run computes what it does with the input, the
    /// second with what the first left, and after a reset all is as at first.
    static func states(_ graph: Graph, _ test: FuzzCase, _ options: CompileOptions, _ oracle: StableOracle) -> Failure? {
        guard let run = test.runs.first, let (input, output) = pair(graph), let initial = run.inputs[input] else { return nil }
        var rest = run.inputs
        rest[input] = nil
        func failure(_ message: String) -> Failure { Failure(kind: .state, culprit: Culprit.lowered(graph, options), message: message) }
        do {
            let stateful = try test.sketch.stateful(input: input, next: output, initial: initial)
            guard try GraphParser.parse(stateful.text(), definitions: AllOps.definitions).text() == stateful.text() else {
                return failure("the text of the state \(input) reads back as another")
            }
            let session = try Session(CompiledModel(Compiler.compile(stateful, options)), threads: 2)
            let first = try session.run(rest)
            for name in oracle.outputs.keys.sorted() {
                if let fault = try oracle.fault(first[name], name) { return failure("state \(input), first run: \(fault)") }
            }
            guard try session.state(input) == first[output] else { return failure("state \(input) is not what output \(output) was") }
            var next = run
            next.inputs[input] = first[output]
            // What the first run leaves may be nothing that the graph computes with.
            if let right = try? StableOracle(graph, next, isExact: test.isExact) {
                let second = try session.run(rest)
                for name in right.outputs.keys.sorted() {
                    if let fault = try right.fault(second[name], name) { return failure("state \(input), second run: \(fault)") }
                }
            }
            session.resetState()
            let again = try session.run(rest)
            if let name = first.keys.sorted().first(where: { again[$0] != first[$0] }) { return failure("output \(name) after a reset") }
        } catch { return failure("state \(input): \(error)") }
        return nil
    }

    /// An input of settled extents and an output of its type that is computed.
    private static func pair(_ graph: Graph) -> (input: String, output: String)? {
        for input in graph.inputs where graph.shape(input.value).constants != nil {
            for output in graph.outputs
            where graph.type(output.value) == graph.type(input.value) && graph.producer(of: output.value) != nil {
                return (input.name, output.name)
            }
        }
        return nil
    }
}

extension Sketch {
    /// The graph with an input as a state that an output is the next value of.
    fileprivate func stateful(input name: String, next output: String, initial: Tensor) throws -> Graph {
        guard let next = outputs.first(where: { $0.name == output }) else { throw DLCError("there is no output \(output)") }
        var (builder, values) = try built(states: [name: initial])
        for port in outputs { if let value = values[port.id] { try builder.output(port.name, value) } }
        if let value = values[next.id] { try builder.next(name, value) }
        return builder.graph.withoutDeadNodes()
    }
}
