import DLCGraph
import DLCONNX
import Testing

/// `If` on shapes whose branches differ in type: the branch that readers can take, and a constraint.
@Suite struct BranchTests {
    private func graph(_ inputs: String, _ rest: String, opset: Int = 17) throws -> Graph {
        try importONNX(
            text: model(
                "g (float[1, 4, L] x\(inputs)) => (float[A, B] y) <int64 i = {2}, int64 one = {1}, int64[1] ax = {2}> "
                    + "{ s = Shape(x) n = Gather(s, i) c = Equal(n, one) v = If(c) <"
                    + "then_branch = a () => (float[P, Q] t) { t = Squeeze(x, ax) }, "
                    + "else_branch = b () => (float[P, Q, R] e) { e = Identity(x) }> \(rest) }", opset: opset))
    }

    @Test func anExtentIsSeldomTheOneThatIsAskedFor() throws {
        let graph = try importONNX(
            text: model(
                "g (float[1, 4, L] x) => (float[A, B, C] y) <int64 i = {2}, int64 one = {1}, int64[1] ax = {2}> "
                    + "{ s = Shape(x) n = Gather(s, i) c = Equal(n, one) y = If(c) <"
                    + "then_branch = a () => (float[P, Q] t) { t = Squeeze(x, ax) }, "
                    + "else_branch = b () => (float[P, Q, R] e) { e = Identity(x) }> }"))
        #expect(graph.type(graph.outputs[0].value).description == "f32[1, 4, L]")
        #expect(graph.constraints.count == 1)
        #expect(try Interpreter.run(graph, ["x": Tensor.random(seed: 1, shape: [1, 4, 5])])["y"]?.shape == [1, 4, 5])
        #expect(throws: DLCError.self) { try Interpreter.run(graph, ["x": Tensor.random(seed: 1, shape: [1, 4, 1])]) }
    }

    @Test func readersDecide() throws {
        let graph = try graph(", float[2, 4] z", "y = Concat<axis = 0>(v, z)")
        #expect(graph.type(graph.outputs[0].value).description == "f32[3, 4]")
        let z = try Tensor.random(seed: 2, shape: [2, 4])
        #expect(try Interpreter.run(graph, ["x": Tensor.random(seed: 1, shape: [1, 4, 1]), "z": z])["y"]?.shape == [3, 4])
        #expect(throws: DLCError.self) { try Interpreter.run(graph, ["x": Tensor.random(seed: 1, shape: [1, 4, 2]), "z": z]) }
    }

    @Test func theFirstErrorIsReportedWhereNoBranchServes() throws {
        #expect(throws: DLCError.self) { try graph(", float[2, 4, 4, 4] z", "y = Concat<axis = 0>(v, z)") }
    }
}
