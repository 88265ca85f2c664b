import AllocationCounter
import DLC
import Foundation
import Testing

/// Sessions of models that keep state.
@Suite(.serialized) struct StateTests {
    /// h' = tanh(x · w + h · u), y = 2 h', n' = n + 1, and a and b change places.
    private static func graph() throws -> Graph {
        var builder = GraphBuilder(name: "recurrent")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        let h = try builder.input("h", TensorType(.float32, [2, 4]))
        let n = try builder.input("n", TensorType(.int64, []))
        let a = try builder.input("a", TensorType(.float32, [2]))
        let b = try builder.input("b", TensorType(.float32, [2]))
        let sum = try builder.add1(Reduce(.sum, axes: [0], keepDims: true), [x])
        let w = builder.constant(try Tensor.random(seed: 1, shape: [3, 4]))
        let u = builder.constant(try Tensor.random(seed: 2, shape: [4, 4]))
        let inner = try builder.add1(Binary(.add), [builder.add1(MatMul(), [sum, w]), builder.add1(MatMul(), [h, u])])
        let next = try builder.add1(Unary(.tanh), [inner])
        try builder.output("y", try builder.add1(Binary(.add), [next, next]))
        try builder.output("before", h)
        try builder.output("next_h", next)
        try builder.output("count", try builder.add1(Binary(.add), [n, builder.constant(try Tensor([1] as [Int64], shape: []))]))
        try builder.output("next_a", b)
        try builder.output("next_b", a)
        for (state, output) in [("h", "next_h"), ("n", "count"), ("a", "next_a"), ("b", "next_b")] {
            builder.setMetadata(Graph.stateKey(state), output)
        }
        return builder.graph
    }

    private static func session(threads: Int = 1) throws -> Session { try Session(CompiledModel(Compiler.compile(graph())), threads: threads) }

    @Test func runsGoOnFromEachOther() throws {
        let graph = try Self.graph()
        let session = try Self.session()
        #expect(session.model.inputs.map(\.name) == ["x"])
        #expect(session.model.outputs.map(\.name) == ["y", "before"])
        #expect(session.model.states.map(\.name) == ["h", "n", "a", "b"])
        try session.setState("a", Tensor([1, 2] as [Float], shape: [2]))
        var states = try [
            "h": Tensor(filling: 0, type: .float32, shape: [2, 4]), "n": Tensor(filling: 0, type: .int64, shape: []),
            "a": session.state("a"), "b": Tensor(filling: 0, type: .float32, shape: [2]),
        ]
        // Shapes change in between, states do not.
        for (step, rows) in [1, 2, 1, 5].enumerated() {
            let x = try Tensor.random(seed: UInt64(10 + step), shape: [rows, 3])
            let expected = try Interpreter.run(graph, states.merging(["x": x]) { $1 })
            let found = try session.run(["x": x])
            #expect(try near(found["y"], expected["y"]))
            #expect(try near(found["before"], states["h"]))
            for state in try graph.states() { states[state.input.name] = expected[state.output.name] }
            for (name, value) in states { #expect(try near(session.state(name), value), "\(name) after step \(step)") }
        }
        #expect(try session.state("n").integers() == [4])
        session.resetState()
        #expect(try session.state("n").integers() == [0])
        #expect(try session.state("h").doubles().allSatisfy { $0 == 0 })
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
        #expect(try first.state("n").integers() == [2] && second.state("n").integers() == [1])
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

    @Test func aRunThatFailsLeavesTheStates() throws {
        var builder = GraphBuilder(name: "table")
        let index = try builder.input("index", TensorType(.int64, [1]))
        let n = try builder.input("n", TensorType(.float32, [2]))
        let table = builder.constant(try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
        let row = try builder.add1(Gather(axis: 0), [table, index])
        try builder.output("sum", try builder.add1(Binary(.add), [n, builder.add1(Reshape(shape: [2]), [row])]))
        builder.setMetadata(Graph.stateKey("n"), "sum")
        let session = try Session(CompiledModel(Compiler.compile(builder.graph)), threads: 1)
        _ = try session.run(["index": Tensor([1] as [Int64], shape: [1])])
        #expect(throws: DLCError.self) { try session.run(["index": Tensor([7] as [Int64], shape: [1])]) }
        #expect(try session.state("n").doubles() == [3, 4])
        _ = try session.run(["index": Tensor([0] as [Int64], shape: [1])])
        #expect(try session.state("n").doubles() == [4, 6])
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

    @Test func aPairThatDoesNotFitIsRefused() throws {
        for (output, message) in [("nothing", "which the model does not have"), ("next_a", "is f32[2, 4], its next value, output next_a, is f32[2]")] {
            var graph = try Self.graph()
            graph.metadata[Graph.stateKey("h")] = output
            let error = #expect(throws: DLCError.self) { try Compiler.compile(graph) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }

    @Test func damagedFilesAreRefused() throws {
        let cases: [(change: (inout Plan.State) -> Void, message: String)] = [
            ({ $0.next = .buffer(99) }, "the plan refers to buffer(99)"), ({ $0.next = .state(4) }, "the plan refers to state(4)"),
            ({ $0.shape = [2, 5] }, "state h: the shapes do not fit together"), ({ $0.shape = [1 << 30, 1 << 29] }, "state h"),
            ({ $0.shape = [1 << 40, 1 << 40] }, "overflow"),
        ]
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-state-\(UUID().uuidString).dlc").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let x = try Tensor(filling: 1, type: .float32, shape: [1, 3])
        for (change, message) in cases {
            var image = try Compiler.compile(Self.graph())
            image.update { change(&$0.states[0]) }
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
