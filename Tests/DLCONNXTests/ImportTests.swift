import DLCGraph
import DLCONNX
import Testing

/// A model in ONNX's text syntax around a graph.
func model(_ graph: String, opset: Int = 17, functions: String = "") -> String {
    "<ir_version: 8, opset_import: [\"\" : \(opset), \"f\" : 1]> \(graph) \(functions)"
}

/// The operators of a graph in order, without constants.
func operators(_ graph: Graph) -> [String] {
    graph.nodes.map(\.op.name).filter { $0 != "constant" }
}

/// The message of the error that importing the text gives.
func importError(_ text: String) -> String {
    do {
        _ = try importONNX(text: text)
        return "no error"
    } catch {
        return "\(error)"
    }
}

@Suite struct ImportTests {
    @Test func namesOfInputsOutputsAndValuesAreKept() throws {
        let graph = try importONNX(
            text: model("main (float[N, 3] image) => (float[N, 3] scores) { hidden = Relu(image) scores = Tanh(hidden) }"))
        #expect(graph.name == "main")
        #expect(graph.inputs.map(\.name) == ["image"])
        #expect(graph.outputs.map(\.name) == ["scores"])
        #expect(graph.nodes.map { graph.name(of: $0.results[0]) } == ["hidden", "scores"])
        #expect(graph.type(graph.outputs[0].value) == TensorType(.float32, [Dim(symbol: "N"), 3]))
    }

    @Test func unsortedNodesAreSorted() throws {
        let graph = try importONNX(
            text: model("g (float[2] x) => (float[2] y) { y = Tanh(b) b = Abs(a) a = Relu(x) }"))
        #expect(operators(graph) == ["relu", "abs", "tanh"])
    }

    @Test func unknownExtentsBecomeSymbolsNamedAfterTheInput() throws {
        let graph = try importONNX(text: model("g (float[?, 3] x) => (float[?, 3] y) { y = Relu(x) }"))
        #expect(graph.shape(graph.outputs[0].value) == [Dim(symbol: "x.0"), 3])
    }

    /// An input that declares no shape is read where somebody knows how many dimensions it has.
    @Test func anInputWithoutAShapeTakesTheRankThatIsKnown() throws {
        let text = model("g (float[] x) => (float[] y) { y = Relu(x) }")
        #expect(importError(text).contains("has no shape"))
        var settings = InputSettings()
        settings.ranks = ["x": 2]
        #expect(try importONNX(text: text, settings).type(importONNX(text: text, settings).outputs[0].value).rank == 2)
        settings = InputSettings()
        settings.shapes = ["x": [3, 4]]
        let graph = try importONNX(text: text, settings)
        #expect(graph.type(graph.outputs[0].value) == TensorType(.float32, [3, 4]))
    }

    /// The gaps of dilated windows are not among what SAME_UPPER fills up, where windows pool: the counts are ONNX Runtime's.
    @Test func poolingFillsUpAsThoughWindowsHadNoGaps() throws {
        let attributes = "auto_pad: string = \"SAME_UPPER\", dilations: ints = [2, 2], kernel_shape: ints = [3, 2], strides: ints = [2, 1]"
        let graph = try importONNX(text: model("g (float[1, 2, 9, 8] x) => (float[1, 2, P, Q] y) { y = MaxPool <\(attributes)> (x) }"))
        #expect(graph.type(graph.outputs[0].value) == TensorType(.float32, [1, 2, 4, 7]))
    }

    @Test func determinantsAreOfAnySize() throws {
        let graph = try importONNX(text: model("g (float[a, b, c] x) => (float[d] y) { y = Det(x) }"))
        // Of the identity, of a matrix whose rows must be exchanged, and of a singular one; twice the identity of 6 rows.
        let three = try Tensor(
            [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 1, 3, 0, 0, 1, 1, 1, 1, 2, 3, 2, 4, 6, 0, 0, 1] as [Float], shape: [3, 3, 3])
        #expect(try Interpreter.run(graph, ["x": three])["y"]?.doubles() == [1, -3, 0])
        let six = try Tensor((0..<36).map { $0 % 7 == 0 ? 2 : 0 } as [Float], shape: [1, 6, 6])
        #expect(try Interpreter.run(graph, ["x": six])["y"]?.doubles() == [64])
        #expect(throws: DLCError.self) { try Interpreter.run(graph, ["x": Tensor.random(seed: 1, shape: [1, 2, 3])]) }
    }

    @Test func functionsAreInlinedWithTheirAttributes() throws {
        let functions = """
            <opset_import: ["" : 17, "f" : 1], domain: "f"> Twice <slope> (a) => (b)
            { t = Relu(a) b = LeakyRelu <alpha : float = @slope> (t) }
            """
        let graph = try importONNX(
            text: model(
                "g (float[2] x) => (float[2] y) { u = f.Twice <slope = 0.25> (x) y = f.Twice <slope = 0.5> (u) }", functions: functions))
        #expect(operators(graph) == ["relu", "leaky_relu", "relu", "leaky_relu"])
        let slopes = graph.nodes.compactMap { $0.op.attribute("alpha") }
        #expect(slopes == [.float(0.25), .float(0.5)])
        #expect(graph.outputs.map(\.name) == ["y"])
    }

    @Test func operatorsThatONNXDefinesByOthersAreExpanded() throws {
        let graph = try importONNX(text: model("g (float[N] x) => (float[N] y) { y = Celu <alpha = 2.0> (x) }"))
        #expect(operators(graph) == ["div", "elu", "mul"] || operators(graph) == ["celu"])
        #expect(graph.outputs.map(\.name) == ["y"])
    }

    @Test func conditionalOnAConstantTakesOneBranch() throws {
        let graph = try importONNX(
            text: model(
                """
                g (float[2] x) => (float[2] y) {
                    c = Constant <value = bool {0}> ()
                    y = If (c) <
                        then_branch = a () => (float[2] p) { p = Relu(x) },
                        else_branch = b () => (float[2] q) { q = Tanh(x) }
                    >
                }
                """))
        #expect(operators(graph) == ["tanh"])
    }

    @Test func conditionalOnDataGivesWhatTheBranchTakenGives() throws {
        let graph = try importONNX(
            text: model(
                """
                g (float[2] x, bool[1] c) => (float[2] y) {
                    y = If (c) <
                        then_branch = a () => (float[2] p) { p = Relu(x) },
                        else_branch = b () => (float[2] q) { q = Neg(x) }
                    >
                }
                """))
        let x = try Tensor([-1, 2] as [Float], shape: [2])
        for (condition, expected) in [(true, [0, 2] as [Float]), (false, [1, -2])] {
            let c = try Tensor([condition], shape: [1])
            let results = try Interpreter.run(graph, ["x": x, "c": c])
            #expect(try results["y"]?.array(of: Float.self) == expected)
        }
    }

    @Test func inputsCanBeGivenShapesAndValues() throws {
        let source = try importONNX(text: model("g (float[N] x, float[N] w) => (float[N] y) { y = Add(x, w) }"))
        try withFolder { folder in
            let path = folder + "/model.onnx"
            try exportONNX(source, to: path)
            let w = try Tensor([1, 2] as [Float], shape: [2])
            func settings(_ shapes: [String: [Int]], dims: [String: Int] = [:], constants: [String: Tensor] = [:]) -> InputSettings {
                var settings = InputSettings()
                (settings.shapes, settings.dims, settings.constants) = (shapes, dims, constants)
                return settings
            }
            let graph = try importONNX(path: path, settings(["x": [2]], constants: ["w": w]))
            #expect(graph.inputs.map(\.name) == ["x"])
            #expect(graph.type(graph.outputs[0].value) == TensorType(.float32, [2]))
            // One symbol has one extent in all inputs, whichever way it is settled.
            for settled in [settings(["x": [2]]), settings([:], dims: ["N": 2])] {
                let graph = try importONNX(path: path, settled)
                #expect(graph.inputs.map { graph.type($0.value) } == [TensorType(.float32, [2]), TensorType(.float32, [2])])
            }
            let wrong = [
                settings(["x": [2, 2]]), settings(["z": [2]]), settings([:], dims: ["M": 2]), settings(["x": [2]], dims: ["N": 3]),
                settings(["x": [2], "w": [3]]), settings(["x": [3]], constants: ["w": w]),
                settings([:], constants: ["w": try w.converted(to: .float64)]), settings(["x": [1 << 62]]),
            ]
            for settled in wrong { #expect(throws: DLCError.self) { try importONNX(path: path, settled) } }
        }
    }

    @Test func everyUnsupportedOperatorIsReportedAtOnce() {
        let message = importError(
            model("g (float[2] x) => (float[2] y) { a = Frobnicate(x) y = f.Magic(a) }"))
        #expect(message.contains("Frobnicate"))
        #expect(message.contains("Magic of domain f"))
    }

    @Test func cyclesAreReportedByTheirNodes() {
        let message = importError(model("g (float[2] x) => (float[2] y) { a = Add(x, b) b = Relu(a) y = Relu(b) }"))
        #expect(message.contains("cycle"))
        #expect(message.contains("'a' (Add)") && message.contains("'b' (Relu)"))
    }

    @Test func aDeclaredOutputThatContradictsIsAnError() {
        // A wrong shape is a remark: ONNX Runtime takes such files too.
        #expect(importError(model("g (float[2] x) => (float[3] y) { y = Relu(x) }")) == "no error")
        #expect(importError(model("g (float[2] x) => (float[2, 1] y) { y = Relu(x) }")) == "no error")
        #expect(importError(model("g (float[2] x) => (int64[2] y) { y = Relu(x) }")).contains("declared i64"))
    }

    @Test func aFunctionThatCallsItselfIsAnError() {
        let functions = #"<opset_import: ["" : 17, "f" : 1], domain: "f"> F (a) => (b) { b = f.F(a) }"#
        #expect(importError(model("g (float[2] x) => (float[2] y) { y = f.F(x) }", functions: functions)).contains("calls itself"))
    }
}
