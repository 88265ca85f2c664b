import DLCGraph
import DLCOps
import Testing

/// Parts of graphs as graphs of their own.
@Suite struct PartTests {
    /// `y = x + h`, `z = w · label`; `h` becomes `x`, `k` becomes what is read of `h`.
    private func graph() throws -> (builder: GraphBuilder, y: Value, z: Value, size: Value) {
        var builder = GraphBuilder(name: "whole")
        let (n, m) = (Dim(symbol: "N"), Dim(symbol: "M"))
        let x = try builder.input("x", TensorType(.float32, [2, 3]))
        let label = try builder.input("label", TensorType(.float32, [n, 3]))
        let w = try builder.input("w", TensorType(.float32, [m, 3]))
        let h = try builder.state("h", TensorType(.float32, [2, 3]))
        let k = try builder.state("k", TensorType(.float32, [2, 3]))
        try builder.next("h", x)
        try builder.next("k", builder.add1(Binary(.mul), [k, h]))
        let y = try builder.add1(Binary(.add), [x, h])
        let z = try builder.add1(Concat(axis: 1), [w, label])
        let size = try builder.add1(Fill(shape: [n], value: Tensor(filling: 1, type: .float32, shape: [])), [])
        try builder.output("y", y)
        try builder.output("z", z)
        return (builder, y, z, size)
    }

    @Test func aPartHasWhatItNeeds() throws {
        let (builder, y, z, size) = try graph()
        #expect(!builder.graph.constraints.isEmpty)
        let sum = try builder.graph.part(computing: [("sum", y)]) { "own.\($0)" }
        try sum.verify()
        #expect(sum.inputs.map(\.name) == ["x"] && sum.states.map(\.name) == ["own.h"] && sum.outputs.map(\.name) == ["sum"])
        #expect(sum.nodes.count == 1 && sum.constraints.isEmpty)
        let product = try builder.graph.part(computing: [("z", z)])
        try product.verify()
        #expect(
            product.inputs.map(\.name) == ["label", "w"] && product.states.isEmpty
                && product.constraints.count == builder.graph.constraints.count)
        // An extent is asked of the first input that has it.
        let ones = try builder.graph.part(computing: [("ones", size)])
        #expect(ones.inputs.map(\.name) == ["label"])
        #expect(try builder.graph.part(computing: [("k", builder.graph.states[1].value)]).states.map(\.name) == ["h", "k"])
    }

    @Test func whatNothingReadsCanGo() throws {
        let (builder, _, _, _) = try graph()
        let less = try builder.graph.withoutStates { $0 == "k" }
        try less.verify()
        #expect(less.states.map(\.name) == ["h"] && less.nodes.count == builder.graph.nodes.count - 2)
        #expect(try less.withoutUnread(inputs: ["x", "w"]).inputs.map(\.name) == ["x", "label", "w"])
        let read = try builder.graph.part(computing: [("y", builder.graph.outputs[0].value), ("label", builder.graph.inputs[1].value)])
        #expect(try read.withoutUnread(inputs: ["label"]).inputs.map(\.name) == ["x", "label"])
    }

    @Test func statesBecomeConstants() throws {
        let (builder, y, _, _) = try graph()
        let part = try builder.graph.part(computing: [("y", y)])
        let ones = Constant(try Tensor(filling: 1, type: .float32, shape: [2, 3]))
        let fixed = try part.replacingStates { _ in ("h", ones) }
        try fixed.verify()
        #expect(fixed.states.isEmpty)
        let x = try Tensor(doubles: [1, 2, 3, 4, 5, 6], type: .float32, shape: [2, 3])
        #expect(try Interpreter.run(fixed, ["x": x])["y"]?.doubles() == [2, 3, 4, 5, 6, 7])
        #expect(try part.replacingStates { ("other." + $0.name, nil) }.states.map(\.name) == ["other.h"])
    }
}
