import Foundation
@testable import DLCModel
import DLCOps
import DLCPasses
import Testing

/// What trainings predict, and the networks that they leave.
@Suite struct PredictionTests {
    private static let text = """
        model Net(pixels: f32[N, 4], classes = 3) {
            metadata "labels": ["cat", "dog", "a, b"], "pixels.mean": [0.5, 0.25], "logits.note": "scores"
            return logits: pixels.dense(5, name: "hidden").batchNorm(name: "norm").relu().dropout(0.5).dense(classes, name: "head")
        }

        training Learn(image: f32[N, 4], label: i64[M]) {
            logits = Net(image)
            loss = logits.crossEntropy(label)
            minimize loss, by: adam(0.1), average: ema(0.5)
            predict probabilities: logits.softmax(axis: 1), top: logits.argmax(axis: 1)
            return loss: loss
        }
        """

    private func predict(_ model: Model, _ inputs: [String: Tensor], states: [String: Tensor]) throws -> (
        outputs: [String: Tensor], states: [String: Tensor]
    ) {
        let graph = try [differentiate].run(model.graph(), .strict)
        try graph.verify()
        var own = try graph.initialStates()
        for (name, tensor) in states where own[name] != nil { own[name] = tensor }
        return (try Interpreter.run(graph, inputs, states: &own), own)
    }

    private func inputs(_ count: Int) throws -> [String: Tensor] {
        ["image": try Tensor.random(seed: 3, shape: [count, 4]), "label": try Tensor((0..<count).map { Int64($0 % 3) }, shape: [count])]
    }

    @Test func whatIsNotReadIsNotAskedFor() throws {
        let training = try trained(["a.dlm": Self.text])
        let prediction = try #require(training.prediction)
        #expect(prediction.graph.inputs.map(\.name) == ["image"] && prediction.graph.outputs.map(\.name) == ["probabilities", "top"])
        #expect(prediction.graph.constraints.isEmpty && !training.evaluation.graph.constraints.isEmpty)
        #expect(training.step.graph.outputs.map(\.name) == ["loss"])
        // Averages are read where there are some; statistics have none.
        #expect(Set(prediction.states.map(\.name)) == Set(training.evaluation.states.map(\.name)))
        #expect(
            prediction.states.contains { $0.name == "training.average.head.weight" }
                && prediction.states.contains { $0.name == "norm.running_mean" })
    }

    @Test func predictionsAreTheEvaluations() throws {
        let training = try trained(["a.dlm": Self.text])
        var run = try OracleTraining(training)
        let inputs = try inputs(6)
        for _ in 0..<3 { try run.run(inputs) }
        let prediction = try predict(#require(training.prediction), ["image": inputs["image"].unsafelyUnwrapped], states: run.states)
        // The mean of -log p of the labels is the loss.
        let rows = try #require(prediction.outputs["probabilities"]).doubles()
        let loss = try run.evaluate(inputs)["loss"]?.doubles()[0]
        var expected = 0.0
        for row in 0..<6 { expected -= log(rows[3 * row + row % 3]) / 6 }
        #expect(abs(try #require(loss) - expected) < 1e-5)
        // The plain network computes the same from constants.
        let network = try training.network(states: run.states)
        #expect(network.states.isEmpty)
        let plain = try Interpreter.run(network, ["image": inputs["image"].unsafelyUnwrapped])
        #expect(plain == prediction.outputs)
        #expect(throws: DLCError.self) { try training.network(states: ["head.weight": Tensor(filling: 0, type: .float32, shape: [3, 5])]) }
    }

    @Test func aNetworkTakesWeightsFromFilesOfAllStates() throws {
        let training = try trained(["a.dlm": Self.text])
        var run = try OracleTraining(training)
        try run.run(inputs(6))
        let network = try training.network()
        let file = WeightFile(path: "all", run.states.map { (name: $0.key, tensor: $0.value) })
        var warnings: [String] = []
        let values = try network.weights(from: file) { warnings.append($0) }
        #expect(warnings == [])
        for parameter in network.parameters {
            let isAveraged = parameter.role == .weight
            #expect(try values(parameter) == run.states[(isAveraged ? "training.average." : "") + parameter.name])
        }
        // Of weights alone it takes these.
        let weights = WeightFile(
            path: "w", network.parameters.compactMap { parameter in run.states[parameter.name].map { (name: parameter.name, tensor: $0) } })
        #expect(try network.weights(from: weights)(network.parameters[0]) == run.states[network.parameters[0].name])
    }

    @Test(arguments: [
        "autoencoder", "char_gru", "char_lstm", "dcgan", "dqn", "gpt2", "lenet5", "mlp", "resnet18", "transformer", "unet", "vae",
    ])
    func predictingChangesNothingOfTheStep(name: String) throws {
        let folder = SyntaxFiles.folder.appending(path: "../../../Models").standardized.path() + "/"
        let small =
            ["gpt2": ["layers": "1", "width": "16", "heads": "2"], "transformer": ["layers": "1", "width": "16", "heads": "2"]][name] ?? [:]
        let read = { (path: String) in try ModelFolder(folder).text(of: path) }
        let with = try Training.load("\(name).dlm", settings: small, read: read)
        let without = try Training.load("\(name).dlm", settings: small) { path in
            try read(path).split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("    predict ") }.joined(
                separator: "\n")
        }
        #expect(without.prediction == nil && with.trained == without.trained)
        #expect(with.step.graph.text() == without.step.graph.withoutDeadNodes().text())
        #expect(with.evaluation.graph.text() == without.evaluation.graph.withoutDeadNodes().text())
        let prediction = try #require(with.prediction)
        try prediction.graph.verify()
        #expect(!prediction.graph.inputs.contains { ["label", "target", "reward"].contains($0.name) } || name == "transformer")
        try with.network().graph().verify()
    }

    @Test func aGeneratorDrawsAnewInEveryRun() throws {
        let text = """
            training GAN(real: f32[N, 2]) {
                generate = Generator(name: "generator")
                made = generate(fill([real.shape[0], 3], 0).randomNormal())
                loss = (made.mean(axes: 0) - real.mean(axes: 0)).square().sum()
                minimize loss, by: sgd(0.1)
                predict made: generate(fill([5, 3], 0).randomNormal()), kept: made.dropout(0.5).mean()
                return loss: loss
            }

            model Generator(noise: f32[N, 3]) {
                return y: noise.dropout(0.5).dense(2).batchNorm()
            }
            """
        let training = try trained(["a.dlm": text.replacing(", kept: made.dropout(0.5).mean()", with: "")])
        let prediction = try #require(training.prediction)
        #expect(prediction.graph.inputs.isEmpty && prediction.graph.nodes.filter { $0.op is Random }.count == 1)
        #expect(
            !training.step.states.contains { $0.name.hasPrefix("predict.") }
                && !training.evaluation.states.contains { $0.name.hasPrefix("predict.") })
        let first = try predict(prediction, [:], states: [:])
        let second = try predict(prediction, [:], states: first.states)
        #expect(try first.states["predict.key"]?.doubles() == [0, 1])
        #expect(first.outputs["made"] != second.outputs["made"])
        #expect(try predict(prediction, [:], states: [:]).outputs == first.outputs)
        // The plain network draws too. Its key is a state.
        let network = try training.network()
        #expect(network.states.map(\.name) == ["predict.key"])
        #expect(try network.graph(seed: 7).initialStates()["predict.key"]?.doubles() == [7, 0])
        // What else is random is as in evaluation; what it is drawn for asks for its input.
        #expect(try trained(["a.dlm": text]).prediction?.graph.inputs.map(\.name) == ["real"])
    }

    @Test func whatOnlyThePredictionReadsIsAskedByItAlone() throws {
        let text = """
            training T(x: f32[N, 2], code: f32[M, 3], other: f32[K, 2]) {
                decode = Decoder()
                loss = decode(x.dense(3)).meanSquaredError(x)
                minimize loss, by: sgd(0.1)
                predict made: decode(code), same: decode(fill([other.shape[0], 3], 1))
                return loss: loss
            }

            model Decoder(code: f32[N, 3]) {
                return y: code.dense(2, name: "decoder")
            }
            """
        let training = try trained(["a.dlm": text])
        #expect(training.prediction?.graph.inputs.map(\.name) == ["code", "other"])
        for graph in [training.step.graph, training.evaluation.graph] {
            try graph.verify()
            #expect(graph.inputs.map(\.name) == ["x"] && graph.constraints.isEmpty)
        }
        // An extent that the step speaks of is known from somewhere.
        let extent = try trained([
            "a.dlm": text.replacing("meanSquaredError(x)", with: "meanSquaredError(x) + fill([code.shape[0]], 0).sum()")
        ])
        #expect(extent.step.graph.inputs.map(\.name) == ["x", "code", "other"])
    }

    @Test func extentsThatTheStepIsSetToStayOpen() throws {
        let training = try trained(["a.dlm": Self.text], settings: ["N": "6", "M": "6"])
        #expect(training.step.graph.shape(training.step.graph.inputs[0].value) == [6, 4])
        let prediction = try #require(training.prediction)
        #expect(prediction.graph.shape(prediction.graph.inputs[0].value) == [Dim(symbol: "N"), 4])
        // A state must know how many there are.
        let text = """
            model Memory(x: f32[N, 2]) {
                state h: f32[N, 2]
                next h = h + x
                return y: (h + x).dense(1)
            }
            training Learn(x: f32[N, 2]) {
                y = Memory(x)
                minimize y.sum(), by: sgd(0.1)
                predict y: y
                return y: y
            }
            """
        let settled = try #require(trained(["a.dlm": text], settings: ["N": "3"]).prediction)
        #expect(settled.graph.shape(settled.graph.inputs[0].value) == [3, 2])
    }

    @Test func aMemoryOfTheNetworkIsItsOwn() throws {
        let text = """
            model Memory(x: f32[1, 2]) {
                state h: f32[1, 2] = 2
                next h = h + x
                return y: h.dense(1, bias: false, name: "fc")
            }
            training Learn(x: f32[1, 2]) {
                y = Memory(x)
                minimize y.sum(), by: sgd(0.1)
                predict y: y, z: Memory(x, name: "other")
                return y: y
            }
            """
        // A second application has a memory of its own.
        let both = try trained(["a.dlm": text])
        #expect(both.prediction?.states.map(\.name) == ["predict.h", "fc.weight", "predict.other.h", "other.fc.weight"])
        #expect(both.step.states.filter { $0.name.hasSuffix("h") }.map(\.name) == ["h"])
        let training = try trained(["a.dlm": text.replacing(", z: Memory(x, name: \"other\")", with: "")])
        #expect(training.prediction?.states.map(\.name) == ["predict.h", "fc.weight"])
        let network = try training.network()
        #expect(network.states.map(\.name) == ["h"] && network.parameters.map(\.name) == ["fc.weight"])
        let graph = try training.network(states: [
            "fc.weight": Tensor([1, 10] as [Float], shape: [1, 2]), "h": Tensor([7, 7] as [Float], shape: [1, 2]),
        ])
        var states = try graph.initialStates()
        let x = try Tensor([1, 0] as [Float], shape: [1, 2])
        #expect(try Interpreter.run(graph, ["x": x], states: &states)["y"]?.doubles() == [22])
        #expect(try Interpreter.run(graph, ["x": x], states: &states)["y"]?.doubles() == [23])
    }

    @Test func whatAModelSaysOfItselfTravels() throws {
        let training = try trained(["a.dlm": Self.text])
        let said = ["labels": "cat\ndog\na, b", "image.mean": "0.5,0.25", "logits.note": "scores"]
        #expect(
            training.step.graph.metadata == said && training.evaluation.graph.metadata == said
                && training.prediction?.graph.metadata == said)
        // Of an image that is computed nothing is known; the training has the last word.
        let other = Self.text.replacing("Net(image)", with: "Net(image * 2)").replacing(
            "    logits = ", with: "    metadata \"labels\": \"x\", \"label.note\": 3\n    logits = ")
        let changed = try trained(["a.dlm": other])
        #expect(changed.step.graph.metadata == ["labels": "x", "label.note": "3", "logits.note": "scores"])
        #expect(changed.prediction?.graph.metadata == ["labels": "x", "logits.note": "scores"])
        #expect(
            try Model.load("a.dlm") { _ in Self.text }.graph.metadata == [
                "labels": "cat\ndog\na, b", "pixels.mean": "0.5,0.25", "logits.note": "scores",
            ])
    }

    @Test func whatIsBuiltInSwiftIsTheSame() throws {
        let written = try trained([
            "a.dlm": """
            training Fit(x: f32[N, 1], target: f32[N, 1]) {
                y = x.dense(1, name: "fc")
                minimize y.meanSquaredError(target), by: sgd(0.1)
                metadata "y.unit": "m"
                predict y: y, noisy: y + y.randomUniform()
                return loss: y.meanSquaredError(target)
            }
            """
        ])
        let built = try Training("Fit") { builder in
            let x = try builder.input("x", .float32, [Dim(symbol: "N"), 1])
            let target = try builder.input("target", .float32, [Dim(symbol: "N"), 1])
            let y = try x.dense(1, name: "fc")
            try builder.minimize(y.meanSquaredError(target), by: SGD(rate: 0.1))
            builder.metadata("y.unit", "m")
            try builder.predict { ["y": y, "noisy": try y + y.randomUniform()] }
            try builder.output("loss", y.meanSquaredError(target))
        }
        #expect(built.prediction?.graph.text() == written.prediction?.graph.text())
        #expect(built.step.graph.text() == written.step.graph.text())
        #expect(throws: DLCError.self) {
            try Training("T") { builder in
                let y = try builder.input("x", .float32, [2]).dense(1)
                try builder.minimize(y.sum(), by: SGD())
                try builder.predict { ["y": y] }
                try builder.predict { ["z": y] }
                try builder.output("y", y)
            }
        }
    }
}
