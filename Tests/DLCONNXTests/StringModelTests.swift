import DLC
import DLCGraph
import DLCONNX
import DLCOps
import Testing

/// ONNX models over strings. What is expected was computed by ONNX Runtime (`Tools/judges/strings.py` compares more).
@Suite struct StringModelTests {
    private static func text(_ graph: String) -> String {
        "<ir_version: 9, opset_import: [\"\" : 21, \"ai.onnx.ml\" : 4]> \(graph)"
    }

    private func run(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        let computed = try Session(CompiledModel(Compiler.compile(graph)), threads: 2).run(inputs)
        #expect(try Interpreter.run(graph, inputs) == computed)
        return computed
    }

    @Test func labelsAreReplaced() throws {
        let graph = try importONNX(
            text: Self.text(
                """
                g (string[N] x) => (int64[N] a, string[N] b) {
                    a = ai.onnx.ml.LabelEncoder <keys_strings = ["cat", "a long label"], values_int64s = [7, 9], default_int64 = 0> (x)
                    b = ai.onnx.ml.LabelEncoder <keys_strings = ["cat"], values_strings = ["Katze, auf Deutsch"]> (x)
                }
                """))
        let outputs = try run(graph, ["x": Tensor(["a long label", "dog", "cat"], shape: [3])])
        #expect(try outputs["a"]?.array(of: Int64.self) == [9, 0, 7])
        #expect(try outputs["b"]?.array(of: String.self) == ["_Unused", "_Unused", "Katze, auf Deutsch"])
    }

    @Test func gramsOfRowsOfAnyLengthAreCounted() throws {
        let graph = try importONNX(
            text: Self.text(
                """
                g (string[C] x) => (float[4] y) {
                    y = TfIdfVectorizer <mode = "TF", min_gram_length = 1, max_gram_length = 2, max_skip_count = 1, pool_strings = ["a", "b", "a", "b", "b", "b"],
                        ngram_counts = [0, 2], ngram_indexes = [0, 1, 2, 3]> (x)
                }
                """))
        for (words, counts) in [("a b b", [1, 2, 2, 1]), ("a", [1, 0, 0, 0]), ("", [0, 0, 0, 0]), ("c a c b", [1, 1, 1, 0])] as [(String, [Float])] {
            let x = words.split(separator: " ").map(String.init)
            #expect(try run(graph, ["x": Tensor(x, shape: [x.count])])["y"]?.array(of: Float.self) == counts, "\(words)")
        }
    }

    @Test func partsAreAnExtentThatDataDecide() throws {
        let graph = try importONNX(
            text: Self.text(
                """
                g (string[N] x) => (string[M] y, int64[2] n) {
                    p, c = StringSplit <delimiter = ","> (x)
                    n = Shape(p)
                    f = Flatten <axis = 0> (p)
                    s = Squeeze(f)
                    y = StringNormalizer <case_change_action = "UPPER", is_case_sensitive = 0, stopwords = ["", "b"]> (s)
                }
                """))
        let outputs = try run(graph, ["x": Tensor(["a,b,and a long part", "B"], shape: [2])])
        #expect(try outputs["y"]?.array(of: String.self) == ["A", "AND A LONG PART"])
        #expect(try outputs["n"]?.array(of: Int64.self) == [2, 3])
    }

    @Test func exportedStringsAreTheSame() throws {
        let graph = try importONNX(
            text: Self.text(
                """
                g (string[N] x, int64[N] i) => (bool[N] e, string[N] s, bool[N] m, float[N] f) {
                    t = Constant <value_strings = ["3.5", "4", "a label that is long"]> ()
                    g = Gather(t, i)
                    e = Equal(x, g)
                    s = StringConcat(x, g)
                    m = RegexFullMatch <pattern = "[0-9](.[0-9])?"> (g)
                    z = Constant <value_string = "0"> ()
                    n = Where(m, g, z)
                    f = Cast <to = 1> (n)
                }
                """))
        let inputs = try ["x": Tensor(["3.5", "", "x"], shape: [3]), "i": Tensor([0 as Int64, 2, 1], shape: [3])]
        let outputs = try run(graph, inputs)
        #expect(try outputs["f"]?.array(of: Float.self) == [3.5, 0, 4])
        #expect(try outputs["m"]?.array(of: Bool.self) == [true, false, true])
        #expect(try outputs["s"]?.array(of: String.self) == ["3.53.5", "a label that is long", "x4"])
        let refusal = #expect(throws: DLCError.self) { try withFolder { try exportONNX(graph, opset: 17, to: $0 + "/m.onnx") } }
        #expect(refusal?.message.hasSuffix("; opset 20 can say all of the model") == true)
        try withFolder { folder in
            try exportONNX(graph, to: folder + "/m.onnx")
            let again = try importONNX(path: folder + "/m.onnx")
            #expect(again.text() == graph.text())
            #expect(try run(again, inputs) == outputs)
        }
    }

    @Test func numbersThatAreNoneNameTheString() throws {
        let graph = try importONNX(text: Self.text("g (string[N] x) => (uint8[N] y) { y = Cast <to = 2> (x) }"))
        let session = try Session(CompiledModel(Compiler.compile(graph)))
        #expect(try session.run(["x": Tensor(["255", " 7.9"], shape: [2])])["y"]?.array(of: UInt8.self) == [255, 7])
        for text in ["256", "-1", "one", "", "nan"] {
            let error = #expect(throws: DLCError.self) { try session.run(["x": Tensor(["1", text], shape: [2])]) }
            #expect(error?.description.contains("string 1") ?? false)
        }
    }

    @Test(arguments: [
        "g (string[N] x) => (string[N] y) { y = Relu(x) }", "g (string[N] x) => (string[N] y) { y = Add(x, x) }",
        "g (string[N] x, float[N] z) => (bool[N] y) { y = Equal(x, z) }", "g (string[N] x) => (string[N] y) { y = RegexFullMatch <pattern = \"(\"> (x) }",
        "g (float[N] x) => (string[N] y) { y = StringConcat(x, x) }", "g (string[2, N] x) => (string[2, N] y) { y = StringNormalizer(x) }",
        "g (string[N] x) => (float[N] y) { y = Softmax(x) }", "g (string[N] x) => (int64[N] y) { y = ArgMax(x) }",
        "g (string[N] x) => (string[N] y) { y = Cast <to = 8> (z) }", "g (string[N] x) => (string y) { y = ReduceMax(x) }",
        "g (string[N] x) => (int64[N] y) { y = BitCast <to = 7> (x) }", "g (string[N] x) => (string[N] y) { y = CumSum(x, x) }",
    ])
    func whatStringsDoNotGoThroughIsAnError(_ graph: String) {
        #expect(throws: DLCError.self) { try importONNX(text: Self.text(graph)) }
    }
}
