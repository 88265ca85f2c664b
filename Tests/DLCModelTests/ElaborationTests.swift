import DLCGraph
import Foundation
@testable import DLCModel
import Testing

@Suite struct ElaborationTests {
    private static let models = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models").standardized.path()

    @Test(arguments: [
        ("lenet5", 61_706), ("resnet18", 11_689_512), ("resnet50", 25_557_032), ("resnet152", 60_192_808), ("gpt2", 124_439_808),
    ]) func countsOfParametersAreThePublishedOnes(name: String, count: Int) throws {
        #expect(try Model.load("\(Self.models)/\(name).dlm").parameterCount == count)
    }

    @Test func modelFilesAndSwiftGiveTheSameParametersAndNodes() throws {
        for (file, model) in [
            ("resnet18", try BuilderModels.resNet(18)), ("resnet50", try BuilderModels.resNet(50)), ("gpt2", try BuilderModels.gpt2()),
        ] {
            let read = try Model.load("\(Self.models)/\(file).dlm")
            #expect(read.parameters == model.parameters)
            #expect(read.graph.nodes.map(\.op.name) == model.graph.nodes.map(\.op.name))
        }
    }

    @Test func parametersHaveTorchvisionsNames() throws {
        let names = try Model.load("\(Self.models)/resnet18.dlm").parameters.map(\.name)
        for name in [
            "conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.bn2.bias", "fc.weight",
        ] {
            #expect(names.contains(name))
        }
        // Without `num_batches_tracked`, of which inference knows nothing.
        #expect(names.count == 102)
    }

    @Test func unetGivesTheImagesExtents() throws {
        let graph = try Model.load("\(Self.models)/unet.dlm", settings: ["classes": "3", "width": "8"]).graph
        #expect(graph.type(graph.outputs[0].value).description == "f32[N, 3, 256, 256]")
    }

    /// The types of the outputs of a model with the given body.
    private func shape(_ body: String, _ others: String = "", settings: [String: String] = [:]) throws -> String {
        let graph = try elaborated(["a.dlm": "\(others)\nmodel M(x: f32[N, 4], n = 3) {\n\(body)\n}"], settings: settings).graph
        return graph.outputs.map { "\(graph.type($0.value))" }.joined(separator: " ")
    }

    @Test(arguments: [
        ("return x.dense(2 ** 3 - 7 ~/ 2)", "f32[N, 5]"),
        ("return x.dense(x.shape[1] * n)", "f32[N, 12]"),
        ("return x.dense(64 / 2)", "f32[N, 32]"),
        ("return x.dense(-7 % 5)", "f32[N, 3]"),
        ("return x.dense(max(1, min(9, 4)))", "f32[N, 4]"),
        ("return x.dense(n > 2 && n != 4 ? 7 : 8)", "f32[N, 7]"),
        ("widths = [5, 6, 7]\nreturn x.dense(widths[-1] + widths.count)", "f32[N, 10]"),
        ("for w in [5, 6][::-1] { x = x.dense(w) }\nreturn x", "f32[N, 5]"),
        ("for i in 1...3 { if i == 2 { x = x.dense(i) } else if i == 3 { x = x.dense(9) } }\nreturn x", "f32[N, 9]"),
        ("repeat n { x = concat(x, x, axis: 0) }\nreturn x", "f32[8*N, 4]"),
        ("return x.reshape([N * 2, 2])", "f32[2*N, 2]"),
        ("return x.reshape([2 * N / 2, 4])", "f32[N, 4]"),
        ("return x[:, 1:3]", "f32[N, 2]"),
        ("return x[0]", "f32[4]"),
        ("return x[:, -1]", "f32[N]"),
        ("return x[:, ::-2]", "f32[N, 2]"),
        ("return x[1:, 0]", "f32[N - 1]"),
        ("return x > 0", "bool[N, 4]"),
        ("return 2 * x + 1 - x / 3 @ tensor([[1.0], [2], [3], [4]])", "f32[N, 4]"),
        ("return fill([N, 2], 1)", "f32[N, 2]"),
        ("return first: x, second: x.dense(2)", "f32[N, 4] f32[N, 2]"),
        ("p = parameter([4], init: normal(0.02), name: \"p\")\nreturn x + p", "f32[N, 4]"),
        ("return where(x > 0, x, 0)", "f32[N, 4]"),
        ("return (x > 0).where(x, x * 2)", "f32[N, 4]"),
        ("return where(x > 0, -1e9, 0)", "f32[N, 4]"),
        ("return where(x > 0, 1, 0)", "i64[N, 4]"),
        ("return x.cast(i32) ~/ 3", "i32[N, 4]"),
        ("mask = none\nif mask == none { x = x.dense(2) }\nreturn x", "f32[N, 2]"),
    ]) func expressions(body: String, result: String) throws {
        #expect(try shape(body) == result)
    }

    /// Floor division as Python has it, for all signs and at the ends of a type.
    @Test func integersAreDividedDownwards() throws {
        let model = try Model.load("a.dlm") { _ in "model M(a: i32[N], b: i32[N], c: u8[2]) { return q: a ~/ b, u: c ~/ 2 }" }
        let (a, b): ([Int32], [Int32]) = ([7, -7, 7, -7, 6, -6, 0, .min, .max, .min], [2, 2, -2, -2, 3, 3, -5, 3, -1, 1])
        let inputs = try ["a": Tensor(a, shape: [10]), "b": Tensor(b, shape: [10]), "c": Tensor([255, 3] as [UInt8], shape: [2])]
        let results = try Interpreter.run(model.graph(seed: 0), inputs)
        #expect(try results["q"]?.integers() == [3, -4, -4, 3, 2, -2, 0, -715_827_883, -2_147_483_647, -2_147_483_648])
        #expect(try results["u"]?.integers() == [127, 1])
    }

    @Test func settingsReplaceDefaults() throws {
        #expect(try shape("return x.dense(n)", settings: ["n": "7"]) == "f32[N, 7]")
        let text =
            "model M(x: f32[1, 4], rate = 0.5, deep = false, widths = [1, 2], kind = \"a\") {\n"
            + "    for w in widths { x = x.dense(w) }\n    return deep && rate == 2 && kind == \"b\" ? x.dense(9) : x\n}"
        let graph = try elaborated(["a.dlm": text], settings: ["rate": "2", "deep": "true", "widths": "3,4,5", "kind": "b"]).graph
        #expect(graph.type(graph.outputs[0].value).description == "f32[1, 9]")
    }

    @Test func settingsSettleDimensions() throws {
        #expect(try shape("return concat(x, fill([N, 1], 1))", settings: ["N": "7"]) == "f32[7, 5]")
    }

    @Test func settingsAreSpelledAsInTheFile() throws {
        let text = """
            block twice(x) { return x + x }
            model M(x: f32[1, 4], n = 3, widths = [], act = relu, kind = "a", bias = none, start = zeros) {
                for w in widths { x = act(x).dense(w, bias: bias == none, init: start) }
                return kind == "b c" ? x.dense(n) : x
            }
            """
        let settings = [
            "n": "2 ** 3 + 1", "widths": "[4, 5]", "act": "twice", "kind": "\"b c\"", "bias": "false", "start": "normal(0.1)",
        ]
        let model = try elaborated(["a.dlm": text], settings: settings)
        #expect(model.graph.type(model.graph.outputs[0].value).description == "f32[1, 9]")
        #expect(model.parameters.map(\.name) == ["dense.weight", "dense2.weight", "dense3.weight", "dense3.bias"])
        #expect(model.parameters[0].initialiser == .normal(0.1))
        #expect(model.graph.nodes.contains { $0.op.name == "add" })
    }

    @Test func blocksReturnSeveralValuesAndTakeLayers() throws {
        let blocks = "block both(x, act = relu) { return first: act(x), second: x.dense(2) }"
        #expect(try shape("a, b = x.both(act: gelu)\nreturn a: a, b: b", blocks) == "f32[N, 4] f32[N, 2]")
        #expect(try shape("y = both(x)\nreturn y.second", blocks) == "f32[N, 2]")
    }

    private func names(_ text: String) throws -> [String] { try elaborated(["a.dlm": text]).parameters.map(\.name) }

    @Test func pathsFollowBlocks() throws {
        let text =
            "block f(x) { return x.dense(4).dense(4) }\nmodel M(x: f32[1, 4]) {\n return x.f().f().f(name: \"last\").dense(2, name: \"head.fc\")\n}"
        #expect(
            try names(text).filter { $0.hasSuffix("weight") } == [
                "f.dense.weight", "f.dense2.weight", "f2.dense.weight", "f2.dense2.weight", "last.dense.weight", "last.dense2.weight",
                "head.fc.weight",
            ])
    }

    @Test func layersAndBlocksAsValuesShareTheirWeights() throws {
        #expect(
            try names("model M(x: f32[1, 4]) {\n fc = dense(4, name: \"fc\")\n return fc(fc(x)) @ fc.weight\n}") == [
                "fc.weight", "fc.bias",
            ])
        let block = """
            block inner(x, width) { return x.dense(width, name: "b") + parameter([width], name: "p") }
            block tower(x, width) { return x.dense(width, name: "a").inner(width) }
            model M(x: f32[1, 4], y: f32[2, 4]) {
                t = tower(width: 4, name: "t")
                return a: t(x), b: t(y), c: t(t(x))
            }
            """
        #expect(try names(block) == ["t.a.weight", "t.a.bias", "t.inner.b.weight", "t.inner.b.bias", "t.inner.p"])
    }

    @Test func statesAreStatesOfTheGraph() throws {
        let text = """
            model M(x: f32[1, 4]) {
                state h: f32[1, 8]
                state runs: i64[] = -3
                state scale: f32[2] = tensor([0.5, 2], type: f32)
                next runs = runs + 1
                next scale = scale * 2
                y = tanh(x.dense(8) + h.dense(8))
                next h = y
                return y: y
            }
            """
        let model = try elaborated(["a.dlm": text])
        #expect(model.states.map(\.name) == ["h", "runs", "scale"])
        #expect(model.graph.inputs.map(\.name) == ["x"])
        #expect(model.graph.outputs.count == 1)
        #expect(try model.states[0].initial == Tensor([0] as [Float], shape: []))
        #expect(try model.states[1].initial == Tensor([-3] as [Int64], shape: []))
        #expect(try model.states[2].initial == Tensor([0.5, 2] as [Float], shape: [2]))
    }

    @Test func importsAreRelativeAndSeenOnce() throws {
        let model = try elaborated([
            "a.dlm": "import \"blocks/one.dlm\"\nimport \"blocks/two.dlm\"\nmodel M(x: f32[1, 4]) { return x.one().two() }",
            "blocks/one.dlm": "import \"../base.dlm\"\nblock one(x) { return x.base() }",
            "blocks/two.dlm": "import \"../base.dlm\"\nblock two(x) { return x.base() }",
            "base.dlm": "block base(x) { return x.dense(4) }",
        ])
        #expect(model.parameters.count == 4)
        // What a file imports is seen by that file alone.
        let errors = elaborationErrors([
            "a.dlm": "import \"b.dlm\"\nmodel M(x: f32[1, 4]) { return x.c() }", "b.dlm": "import \"c.dlm\"",
            "c.dlm": "block c(x) { return x }",
        ])
        #expect(errors.map(\.message) == ["no layer or block is called `c`"])
    }

    @Test func operatorsComputeAsNumPyDoes() throws {
        let text = "model M(x: f32[2, 2]) {\n return (x[::-1, :] ** 2 - 1) * tensor([1.0, 10])\n}"
        let graph = try elaborated(["a.dlm": text]).graph(seed: 0)
        let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        let results = try Interpreter.run(graph, ["x": x])
        #expect(try results["output"]?.doubles() == [8, 150, 0, 30])
    }
}
