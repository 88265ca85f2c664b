import AllocationCounter
import DLC
import Foundation
import Testing

/// Sessions of models that keep state.
@Suite(.serialized) struct StateTests {
    /// h' = tanh(x · w + h · u), y = 2 h', n' = n + 1, and a and b change places. h is 0 at first, n is 5, a [1, 2], b 3.
    private static func graph() throws -> Graph {
        var builder = GraphBuilder(name: "recurrent")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        let h = try builder.state("h", TensorType(.float32, [2, 4]))
        let n = try builder.state("n", TensorType(.int64, []), initial: Tensor([5] as [Int64], shape: []))
        let a = try builder.state("a", TensorType(.float32, [2]), initial: Tensor([1, 2] as [Float], shape: [2]))
        let b = try builder.state("b", TensorType(.float32, [2]), initial: Tensor([3] as [Float], shape: []))
        let sum = try builder.add1(Reduce(.sum, axes: [0], keepDims: true), [x])
        let w = builder.constant(try Tensor.random(seed: 1, shape: [3, 4]))
        let u = builder.constant(try Tensor.random(seed: 2, shape: [4, 4]))
        let inner = try builder.add1(Binary(.add), [builder.add1(MatMul(), [sum, w]), builder.add1(MatMul(), [h, u])])
        let next = try builder.add1(Unary(.tanh), [inner])
        try builder.output("y", try builder.add1(Binary(.add), [next, next]))
        try builder.output("before", h)
        try builder.next("h", next)
        try builder.next("n", try builder.add1(Binary(.add), [n, builder.constant(try Tensor([1] as [Int64], shape: []))]))
        try builder.next("a", b)
        try builder.next("b", a)
        return builder.graph
    }

    private static func session(threads: Int = 1) throws -> Session {
        try Session(CompiledModel(Compiler.compile(graph())), threads: threads)
    }

    @Test func runsGoOnFromEachOther() throws {
        let graph = try Self.graph()
        let session = try Self.session()
        #expect(session.model.inputs.map(\.name) == ["x"])
        #expect(session.model.outputs.map(\.name) == ["y", "before"])
        #expect(session.model.states.map(\.name) == ["h", "n", "a", "b"])
        var states = try graph.initialStates()
        for (name, value) in states { #expect(try session.state(name) == value, "\(name) at first") }
        // Shapes change in between, states do not.
        for (step, rows) in [1, 2, 1, 5].enumerated() {
            let x = try Tensor.random(seed: UInt64(10 + step), shape: [rows, 3])
            let before = states["h"]
            let expected = try Interpreter.run(graph, ["x": x], states: &states)
            let found = try session.run(["x": x])
            #expect(try near(found["y"], expected["y"]))
            #expect(try near(found["before"], before))
            for (name, value) in states { #expect(try near(session.state(name), value), "\(name) after step \(step)") }
        }
        #expect(try session.state("n").integers() == [9])
        session.resetState()
        for (name, value) in try graph.initialStates() { #expect(try session.state(name) == value, "\(name) after the reset") }
    }

    /// What is given to a session before its first run is not overwritten by initial values.
    @Test func aStateCanBeSetBeforeTheFirstRun() throws {
        let session = try Self.session()
        try session.setState("n", Tensor([-1] as [Int64], shape: []))
        _ = try session.run(["x": Tensor.random(seed: 1, shape: [3, 3])])
        #expect(try session.state("n").integers() == [0])
        #expect(try session.state("a").doubles() == [3, 3] && session.state("b").doubles() == [1, 2])
    }

    @Test func aStateCanBeSavedAndSet() throws {
        let x = try Tensor.random(seed: 3, shape: [1, 3])
        let first = try Self.session(threads: 2)
        _ = try first.run(["x": x])
        let saved = try first.state("h")
        let expected = try first.run(["x": x])
        let second = try Session(first.model, threads: 1)
        try second.setState("h", saved)
        #expect(try second.run(["x": x]) == expected)
        #expect(try first.state("n").integers() == [7] && second.state("n").integers() == [6])
    }

    @Test func wrongStatesAreNamed() throws {
        let session = try Self.session()
        let cases: [(String, [Int], String)] = [
            ("g", [2, 4], "there is no state g; the model keeps h: f32[2, 4], n: i64[], a: f32[2], b: f32[2]"),
            ("h", [4, 2], "state h expects f32[2, 4], found f32[4, 2]"),
        ]
        for (name, shape, message) in cases {
            let error = #expect(throws: DLCError.self) { try session.setState(name, Tensor(filling: 0, type: .float32, shape: shape)) }
            #expect(error?.description == message)
        }
    }

    @Test func laterRunsAllocateNothing() throws {
        let session = try Self.session()
        try session.setInput(0, Tensor.random(seed: 5, shape: [1, 3]))
        try session.run()
        let before = allocation_count()
        guard before >= 0 else { return }
        for _ in 0..<3 { try session.run() }
        #expect(allocation_count() - before == 0)
    }

    @Test func damagedFilesAreRefused() throws {
        let writer = try #require(try Compiler.compile(Self.graph()).plan.steps.firstIndex(where: \.writesState))
        let cases: [(change: (inout Plan) -> Void, message: String)] = [
            ({ $0.states[0].initial = 99 }, "state h: its initial value is constant 99"),
            ({ $0.states[0].shape = [1, 1] }, "reaches outside its memory"),
            ({ $0.states[0].shape = [1 << 30, 1 << 29] }, "the states need"),
            ({ $0.states[0].shape = [1 << 40, 1 << 40] }, "overflow"),
            ({ $0.states[1].initial = $0.states[0].initial }, "state n: its initial value has 4"),
            ({ $0.steps[writer].results[0]?.location = .state(4) }, "the plan refers to state(4)"),
            ({ $0.steps[writer].results[0]?.offset = 99 }, "reaches outside its memory"),
            ({ $0.outputs[0].location = .state(0) }, "output y lies in a state"),
            (
                { plan in
                    var step = plan.steps[0]
                    step.kernel = GatherKernel()
                    step.results = []
                    plan.steps.append(step)
                }, "can fail after step"
            ),
        ]
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-state-\(UUID().uuidString).dlc").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let x = try Tensor(filling: 1, type: .float32, shape: [1, 3])
        for (change, message) in cases {
            var image = try Compiler.compile(Self.graph())
            image.update { change(&$0) }
            try PlanFile.write(image, to: path)
            let error = #expect(throws: DLCError.self) { try Session(CompiledModel(contentsOf: path), threads: 1).run(["x": x]) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }

    /// Whether two tensors are within 1e-5 of the largest magnitude, or of 1.
    private func near(_ a: Tensor?, _ b: Tensor?) throws -> Bool {
        let (a, b) = (try #require(a), try #require(b))
        let (x, y) = (try a.doubles(), try b.doubles())
        let largest = max(1, y.map(abs).max() ?? 0)
        return a.type == b.type && a.shape == b.shape && zip(x, y).allSatisfy { abs($0 - $1) <= 1e-5 * largest }
    }
}
