import DLC
import Testing

/// States are written in place, after everything that can fail and after everybody who reads the old value.
@Suite struct StateCommitTests {
    private func vector(_ values: [Float]) throws -> Tensor { try Tensor(values, shape: [values.count]) }

    /// Runs a model against the oracle for a few steps; the plan's copies of states are counted.
    private func compare(_ graph: Graph, _ inputs: [String: Tensor] = [:], copies: Int, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let model = try CompiledModel(Compiler.compile(graph))
        #expect(
            model.plan.steps.count { $0.kernel is CopyKernel } == copies, "\(model.plan.steps.map(\.summary))",
            sourceLocation: sourceLocation)
        for threads in 1...2 {
            let session = try Session(model, threads: threads)
            var states = try graph.initialStates()
            for run in 0..<3 {
                let expected = try Interpreter.run(graph, inputs, states: &states)
                #expect(try session.run(inputs) == expected, "run \(run)", sourceLocation: sourceLocation)
                for (name, value) in states {
                    #expect(try session.state(name) == value, "\(name), run \(run)", sourceLocation: sourceLocation)
                }
            }
        }
    }

    @Test func anElementwiseUpdateIsInPlace() throws {
        var builder = GraphBuilder()
        let x = try builder.input("x", TensorType(.float32, [4]))
        let s = try builder.state("s", TensorType(.float32, [4]), initial: vector([1, 2, 3, 4]))
        try builder.next("s", builder.add1(Binary(.add), [s, x]))
        try builder.output("y", builder.add1(Unary(.neg), [s]))
        try compare(builder.graph, ["x": vector([0.5, -1, 2, 8])], copies: 0)
    }

    @Test func anUpdateOfATransposedStateIsNotInPlace() throws {
        var builder = GraphBuilder()
        let s = try builder.state("s", TensorType(.float32, [2, 2]), initial: Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
        let turned = try builder.add1(Transpose([1, 0]), [s])
        try builder.next("s", builder.add1(Binary(.sub), [s, turned]))
        try compare(builder.graph, copies: 1)
    }

    /// The next value is the state's own elements in another order.
    @Test(arguments: [
        Transpose([1, 0]) as any Operator, Slice(starts: [1, 0], sizes: [2, 2], steps: [-1, 1]),
        Slice(starts: [0, 1], sizes: [2, 2], steps: [1, -1]),
    ]) func aViewOfAStateIsItsNextValue(view: any Operator) throws {
        var builder = GraphBuilder()
        let s = try builder.state("s", TensorType(.float32, [2, 2]), initial: Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
        let next = try builder.add1(view, [s])
        try builder.next("s", next)
        try builder.output("y", builder.add1(Unary(.neg), [s]))
        try compare(builder.graph, copies: 2)
    }

    @Test func aStateIsReadBeforeItIsWritten() throws {
        // y = next · s reads the old value after the step that makes the next one.
        var builder = GraphBuilder()
        let s = try builder.state("s", TensorType(.float32, [2, 2]), initial: Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
        let next = try builder.add1(Softmax(axis: 1), [s])
        try builder.next("s", next)
        try builder.output("y", builder.add1(Unary(.exp), [builder.add1(Transpose([1, 0]), [builder.add1(Binary(.add), [next, s])])]))
        let graph = builder.graph
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        var states = try graph.initialStates()
        for _ in 0..<3 {
            let expected = try Interpreter.run(graph, [:], states: &states)
            let found = try session.run([:])
            for (a, b) in zip(try #require(found["y"]).doubles(), try #require(expected["y"]).doubles()) {
                #expect(abs(a - b) < 1e-5 * abs(b))
            }
        }
    }

    @Test func statesChangePlaces() throws {
        for count in 1...4 {
            var builder = GraphBuilder()
            var values: [Value] = []
            for index in 0..<count {
                values.append(try builder.state("s\(index)", TensorType(.float32, [3]), initial: vector([Float(index), 7, -1])))
            }
            for index in 0..<count { try builder.next("s\(index)", values[(index + 1) % count]) }
            try builder.output("first", values[0])
            // One waits aside, unless there is one only, which stays.
            try compare(builder.graph, copies: 1 + (count == 1 ? 0 : count + 1))
        }
    }

    @Test func statesAreComputedFromEachOther() throws {
        // Fibonacci: b' = a + b, a' = b.
        var builder = GraphBuilder()
        let a = try builder.state("a", TensorType(.int64, [1]), initial: Tensor([1] as [Int64], shape: []))
        let b = try builder.state("b", TensorType(.int64, [1]), initial: Tensor([1] as [Int64], shape: []))
        try builder.next("a", b)
        try builder.next("b", builder.add1(Binary(.add), [a, b]))
        try compare(builder.graph, copies: 2)
    }

    @Test func statesShareANextValueThatIsAnOutputToo() throws {
        var builder = GraphBuilder()
        let a = try builder.state("a", TensorType(.float32, [2]), initial: vector([1, 2]))
        _ = try builder.state("b", TensorType(.float32, [2]))
        _ = try builder.state("constant", TensorType(.float32, [2]))
        _ = try builder.state("stays", TensorType(.float32, [2]), initial: vector([5, 6]))
        let next = try builder.add1(Binary(.add), [a, a])
        try builder.next("a", next)
        try builder.next("b", next)
        try builder.next("constant", builder.constant(vector([8, 9])))
        try compare(builder.graph, copies: 2)
        try builder.output("y", next)
        try compare(builder.graph, copies: 3)
    }

    /// s' = s + 1 comes first in the graph; the gather that can fail comes last.
    @Test func aRunThatFailsLeavesAllStates() throws {
        for dependent in [false, true] {
            var builder = GraphBuilder()
            let index = try builder.input("index", TensorType(.int64, [1]))
            let s = try builder.state("s", TensorType(.float32, [4]), initial: vector([1, 2, 3, 4]))
            let a = try builder.state("a", TensorType(.float32, [4]), initial: vector([9, 9, 9, 9]))
            let b = try builder.state("b", TensorType(.float32, [4]))
            let next = try builder.add1(Binary(.add), [s, builder.constant(vector([1, 1, 1, 1]))])
            try builder.next("s", next)
            try builder.next("a", b)
            try builder.next("b", a)
            try builder.output("y", builder.add1(Gather(axis: 0), [dependent ? next : builder.constant(vector([1, 2])), index]))
            let graph = builder.graph
            let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 2)
            var states = try graph.initialStates()
            for row in [1, 7, 0, -9, 1] {
                let index = try Tensor([Int64(row)], shape: [1])
                if row == 7 || row == -9 {
                    #expect(throws: DLCError.self) { try session.run(["index": index]) }
                    #expect(throws: DLCError.self) { try session.profile { _, _ in } }
                } else {
                    let expected = try Interpreter.run(graph, ["index": index], states: &states)
                    #expect(try session.run(["index": index]) == expected)
                }
                for (name, value) in states { #expect(try session.state(name) == value, "\(name) after \(row)") }
            }
        }
    }

    /// A decoder's keys, one row appended a run: in place, by either scatter, and only where the position is inside.
    @Test(arguments: [false, true]) func aRowOfAStateIsReplacedInPlace(byElements: Bool) throws {
        var builder = GraphBuilder()
        let x = try builder.input("x", TensorType(.float32, [1, 4]))
        let position = try builder.input("position", TensorType(.int64, [1, 1]))
        let keys = try builder.state("keys", TensorType(.float32, [8, 4]), initial: Tensor.random(seed: 1, shape: [8, 4]))
        let count = try builder.state("count", TensorType(.int64, [1]))
        let next: Value
        if byElements {
            let everywhere = try builder.add1(Expand(shape: [1, 4]), [position])
            next = try builder.add1(ScatterElements(axis: 0, reduction: .add), [keys, everywhere, x])
        } else {
            next = try builder.add1(ScatterND(), [keys, position, x])
        }
        try builder.next("keys", next)
        try builder.next("count", builder.add1(Binary(.add), [count, builder.constant(try Tensor([1] as [Int64], shape: [1]))]))
        try builder.output("scores", builder.add1(MatMul(), [x, builder.add1(Transpose([1, 0]), [next])]))
        let graph = builder.graph
        let model = try CompiledModel(Compiler.compile(graph))
        let scatter = try #require(model.plan.steps.first { $0.kernel is ScatterNDKernel || $0.kernel is ScatterElementsKernel })
        #expect(scatter.operands[0]?.location == .state(0) && scatter.results[0]?.location == .state(0))
        for threads in 1...2 {
            let session = try Session(model, threads: threads)
            var states = try graph.initialStates()
            for place in [3, 0, 8, -1, -9, 7, 3] {
                let inputs = try [
                    "x": Tensor.random(seed: UInt64(place + 20), shape: [1, 4]), "position": Tensor([Int64(place)], shape: [1, 1]),
                ]
                if place == 8 || place == -9 {
                    #expect(throws: DLCError.self) { try session.run(inputs) }
                } else {
                    let expected = try #require(Interpreter.run(graph, inputs, states: &states)["scores"]).doubles()
                    let found = try #require(session.run(inputs)["scores"]).doubles()
                    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5) }
                }
                for (name, value) in states { #expect(try session.state(name) == value, "\(name) after \(place)") }
            }
        }
    }

    /// The updates are the state itself, or the old value is needed later: then not in place.
    @Test func aScatterOfAStateIntoItselfIsRight() throws {
        var builder = GraphBuilder()
        let s = try builder.state("s", TensorType(.float32, [3]), initial: vector([1, 2, 3]))
        let t = try builder.state("t", TensorType(.float32, [3]), initial: vector([4, 5, 6]))
        let index = builder.constant(try Tensor([1, 2, 0] as [Int64], shape: [3]))
        try builder.next("s", builder.add1(ScatterElements(axis: 0), [s, index, s]))
        let turned = try builder.add1(ScatterElements(axis: 0), [t, index, builder.constant(vector([7, 8, 9]))])
        try builder.next("t", turned)
        try builder.output("y", builder.add1(Binary(.sub), [builder.add1(CumSum(), [turned]), t]))
        let graph = builder.graph
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        var states = try graph.initialStates()
        for _ in 0..<3 {
            #expect(try session.run([:]) == Interpreter.run(graph, [:], states: &states))
            for (name, value) in states { #expect(try session.state(name) == value, "\(name)") }
        }
    }

    @Test func textTellsStates() throws {
        var builder = GraphBuilder(name: "states")
        let x = try builder.input("x", TensorType(.float32, [2]))
        let h = try builder.state("h", TensorType(.float32, [2]), initial: vector([0.5, -.infinity]))
        _ = try builder.state("zero", TensorType(.uint64, [2, 3]))
        _ = try builder.state("n", TensorType(.int64, []), initial: Tensor([Int64.min], shape: []))
        _ = try builder.state("half", TensorType(.float16, [1_048_576]), initial: Tensor(filling: 0.25, type: .float16, shape: []))
        _ = try builder.state("empty", TensorType(.float32, [0]), initial: vector([]))
        try builder.next("h", builder.add1(Binary(.add), [h, x], resultName: "sum"))
        let text = builder.graph.text()
        #expect(text.contains("    state %h: f32[2] = (0.5, -inf) -> %sum\n"))
        #expect(text.contains("    state %half: f16[1048576] = (0.25...) -> %half\n"))
        let parsed = try GraphParser.parse(text, definitions: AllOps.definitions)
        #expect(parsed.text() == text)
        #expect(try parsed.initialStates() == builder.graph.initialStates())
        try parsed.verify()
        for (wrong, message) in [
            ("state %s: f32[N] = (0...) -> %s", "the extents of a state are numbers"), ("state %s: f32[2] = (0) -> %s", "holds 2 elements"),
            ("state %s: f32[2] = (0...) -> %t", "%t, the next value of state s, is never computed"),
            ("state %s: f32[2] = (0...) -> %x", "state s is f32[2], its next value is f32[3]"),
            ("state %x: f32[2] = (0...) -> %x", "defined twice"),
        ] {
            let error = #expect(throws: DLCError.self) {
                try GraphParser.parse("graph g(%x: f32[3]) -> (%x) {\n\(wrong)\n}", definitions: AllOps.definitions)
            }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }
}
