import DLCGraph
import DLCONNX
import DLCOps
import Testing

/// States in ONNX files: an input and an output that the metadata pair.
@Suite struct StateExportTests {
    /// s' = s + x, n' = n + 1, t stays, u' and an output are one value.
    private static func graph() throws -> Graph {
        var builder = GraphBuilder(name: "states")
        builder.setMetadata("labels", "one")
        let x = try builder.input("x", TensorType(.float32, [2]))
        let s = try builder.state("s", TensorType(.float32, [2]), initial: Tensor([0.5, -1] as [Float], shape: [2]))
        let n = try builder.state("n", TensorType(.uint64, []), initial: Tensor([UInt64.max] as [UInt64], shape: []))
        let t = try builder.state("t", TensorType(.float16, [3, 65_536]), initial: Tensor(filling: 0.1, type: .float16, shape: []))
        _ = try builder.state("u", TensorType(.float32, [2]))
        let sum = try builder.add1(Binary(.add), [s, x])
        try builder.next("s", sum)
        try builder.next("n", builder.add1(Binary(.add), [n, builder.constant(try Tensor([1] as [UInt64], shape: []))]))
        try builder.next("u", sum)
        try builder.output("next_s", builder.add1(Unary(.neg), [sum]))
        try builder.output("sum", sum)
        try builder.output("t'", builder.add1(Slice(starts: [0, 0], sizes: [3, 1], steps: [1, 1]), [t]))
        return builder.graph
    }

    @Test func exportedStatesAreStatesAgain() throws {
        let graph = try Self.graph()
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/model.onnx")
            let again = try importONNX(path: folder + "/model.onnx")
            #expect(again.metadata == ["labels": "one"])
            #expect(again.inputs.map(\.name) == ["x"] && again.outputs.map(\.name) == ["next_s", "sum", "t'"])
            #expect(again.states.map(\.name) == ["s", "n", "t", "u"])
            #expect(try again.initialStates() == graph.initialStates())
            #expect(again.states[2].initial.rank == 0)
            try exportONNX(again, to: folder + "/again.onnx")
            #expect(try importONNX(path: folder + "/again.onnx").text() == again.text())
            let x = try Tensor([3, 4] as [Float], shape: [2])
            var (first, second) = try (graph.initialStates(), again.initialStates())
            for _ in 0..<2 {
                #expect(try Interpreter.run(graph, ["x": x], states: &first) == Interpreter.run(again, ["x": x], states: &second))
                #expect(first == second)
            }
        }
    }

    @Test func metadataThatDoNotFitAreRefused() throws {
        for (pair, message) in [
            ("z", "state s is computed by output z, which the model does not have"),
            ("y", "state s is f32[2], its next value is f32[2, 1]"),
        ] {
            let text = "<ir_version: 8, opset_import: [\"\": 17], metadata_props: [\"state.s\": \"\(pair)\"]>\n"
                + "g (float[2] s) => (float[2, 1] y) <int64[1] axes = {1}> { y = Unsqueeze(s, axes) }"
            let error = #expect(throws: DLCError.self) { try importONNX(text: text) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }
}
