import DLC
import DLCGraph
import DLCONNX
import Foundation
import Testing

/// What `dlc export` writes: nothing more than the model needs, the same bytes when it is exported again, and opsets that know the types.
@Suite struct ExportedAgainTests {
    /// The files that exporting, and exporting what was exported, give.
    private func exports(_ text: String, opset: Int) throws -> (first: Data, second: Data, graph: Graph) {
        try withFolder { folder in
            var source = try importONNX(text: model(text, opset: opset))
            var files: [Data] = []
            for name in ["a", "b"] {
                let path = "\(folder)/\(name).onnx"
                try exportONNX(Compiler.respelled(Compiler.graph(source, at: .canonical)), to: path)
                files.append(try Data(contentsOf: URL(filePath: path)))
                source = try importONNX(path: path)
            }
            return (files[0], files[1], source)
        }
    }

    static let models = [
        // Positions of data are those that the model says, not what clamping makes of them.
        "g (float[20, 10, 5] x, int64[3] starts, int64[3] ends) => (float[a, b, c] y) { y = Slice(x, starts, ends) }",
        "g (float[6] x, int64[2] parts) => (float[a] y, float[b] z) { y, z = Split <axis = 0> (x, parts) }",
        "g (float[2, 8, 24] q, float[2, 8, 24] k, float[2, 8, 24] v) => (float[2, 8, 24] y) "
            + "{ y = Attention <q_num_heads = 3, kv_num_heads = 3> (q, k, v) }",
        "g (float[3, 4, 2, 2] x, float[4] s, float[4] b) => (float[3, 4, 2, 2] y) { y = GroupNormalization <num_groups = 2> (x, s, b) }",
        "g (float[3, 1, 2] x, float[1, 18, 2] w, float[1, 18, 6] r) => (float[3, 1, 1, 6] y, float[3, 1, 6] h) "
            + "{ y, h = GRU <hidden_size = 6, layout = 1> (x, w, r) }",
        "g (float[1, 6, 4] boxes, float[1, 2, 6] scores, int64[1] most, float[1] overlap, float score) => (int64[n, 3] rows) "
            + "{ rows = NonMaxSuppression(boxes, scores, most, overlap, score) }",
        "g (float[1, 6, 4] boxes, float[1, 2, 6] scores, float[1] overlap) => (int64[n, 3] rows) <int64[1] most = {3}> "
            + "{ rows = NonMaxSuppression <center_point_box = 1> (boxes, scores, most, overlap) }",
    ]

    @Test(arguments: models) func exportsOfExportsAreTheSame(text: String) throws {
        let (first, second, _) = try exports(text, opset: 23)
        #expect(first == second)
    }

    @Test func nothingIsWrittenThatNoOutputNeeds() throws {
        let graph = try exports(Self.models[0], opset: 17).graph
        #expect(operators(graph).filter { $0 != "numbers" } == ["slice"])
    }

    @Test(arguments: [
        ("g (bfloat16[1, 2, 4, 4] x, bfloat16[3, 2, 1, 1] w) => (bfloat16[1, 3, 4, 4] y) { y = Conv(x, w) }", 22),
        ("g (int32[4] x, int32[4] y) => (int32[4] z) { z = BitShift <direction = \"LEFT\"> (x, y) }", 28),
        ("g (float16[4] x) => (bool[4] y) { y = IsInf(x) }", 20),
        ("g (int8[4] x, float16 s) => (float16[4] y) { y = DequantizeLinear(x, s) }", 19),
    ]) func opsetsKnowTheTypes(text: String, least: Int) throws {
        let graph = try importONNX(text: model(text, opset: 28))
        try withFolder { folder in
            #expect(throws: DLCError.self) { try exportONNX(graph, opset: least - 1, to: folder + "/older.onnx") }
            try exportONNX(graph, to: folder + "/model.onnx")
            #expect(try outlineONNX(path: folder + "/model.onnx").opsets == ["\(least)"])
        }
    }

    @Test func aPlaceAmongKeysNeedsNoTable() throws {
        let text = "<ir_version: 8, opset_import: [\"\" : 17, \"ai.onnx.ml\" : 2]> g (string[3] x) => (int64[3] y) "
            + "{ y = ai.onnx.ml.LabelEncoder <keys_strings = [\"a\", \"b\"], values_int64s = [0, 1], default_int64 = 2> (x) }"
        let graph = try importONNX(text: text)
        #expect(operators(graph) == ["find"])
    }
}
