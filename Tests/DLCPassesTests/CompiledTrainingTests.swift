import DLC
import DLCModel
import DLCPasses
import DLCRuntime
import Foundation
import Testing

/// Trainings compiled for this processor.
@Suite struct CompiledTrainingTests {
    private static let text = """
        model Net(image: f32[N, 1, 8, 8]) {
            x = image.conv(8, kernel: 3, padding: 1, bias: false).batchNorm().relu()
            y = x.conv(8, kernel: 3, padding: 1).batchNorm()
            x = (x + y).relu().maxPool(2).conv(12, kernel: 3, stride: 2, padding: 1).relu().flatten().dropout(0.25)
            return logits: x.dense(5)
        }

        training Learn(image: f32[N, 1, 8, 8], label: i64[N]) {
            loss = Net(image).crossEntropy(label)
            minimize loss, by: adam(1e-2)
            return loss: loss
        }
        """

    /// Backpropagation through the steps of a run, whose states go on in the next.
    private static let reader = """
        model Reader(x: f32[2, 3, 4]) {
            state h: f32[1, 2, 5]
            state c: f32[1, 2, 5]
            y, last, cell = x.lstm(5, initial: h, cell: c)
            next h = last
            next c = cell
            return logits: y.dense(3)
        }

        training Learn(x: f32[2, 3, 4], label: i64[6]) {
            loss = Reader(x).reshape([6, 3]).crossEntropy(label)
            minimize loss, by: adam(1e-2)
            return loss: loss
        }
        """

    private static func training(_ text: String, batch: Int?) throws -> Training {
        try inFile(text) { try Compiler.training($0, options(batch)) }
    }

    private static func options(_ batch: Int?) -> ModelOptions {
        var options = ModelOptions()
        options.seed = 7
        if let batch { options.settings["N"] = "\(batch)" }
        return options
    }

    private static func inFile<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("net.dlm").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try body(path)
    }

    private static func compiled(_ text: String = text, batch: Int? = nil) throws -> (model: CompiledModel, graphs: Compiler.TrainingGraphs)
    {
        try inFile(text) { path in
            (try CompiledModel(Compiler.compileTraining(path, options(batch))), try Compiler.trainingGraphs(path, options(batch)))
        }
    }

    private static func batch(_ step: Int, of count: Int = 6) throws -> [String: Tensor] {
        [
            "image": try Tensor.random(seed: UInt64(step), shape: [count, 1, 8, 8]),
            "label": try Tensor((0..<count).map { Int64(($0 * 7 + step) % 5) }, shape: [count]),
        ]
    }

    private static func states(_ session: Session) throws -> [String: Tensor] {
        try Dictionary(uniqueKeysWithValues: session.model.states.map { ($0.name, try session.state($0.name)) })
    }

    @Test func aStepIsWhatTheDefinitionsCompute() throws {
        for batch in [nil, 6] {
            let (model, graphs) = try Self.compiled(batch: batch)
            let session = try Session(model, threads: 2)
            let step = try [differentiate].run(graphs.step)
            var states = try step.initialStates()
            for index in 0..<3 {
                let inputs = try Self.batch(index)
                let expected = try Interpreter.run(step, inputs, states: &states)
                let found = try session.run(inputs)
                let (a, b) = (try #require(found["loss"]).doubles()[0], try #require(expected["loss"]).doubles()[0])
                #expect(abs(a - b) <= 2e-5 * abs(b), "step \(index): \(a) for \(b)")
            }
            #expect(try session.state("training.key").integers() == [7, 3])
        }
    }

    /// What is behind the network in the order of its layers comes first on the way back.
    @Test func aWeightIsUpdatedBeforeTheGradientsOfEarlierLayers() throws {
        var options = Self.options(6)
        options.training = "Learn"
        let plan = try Self.inFile(Self.text) { try Compiler.compileTraining($0, options, CompileOptions()) }.plan
        let updates = plan.steps.indices.filter { index in
            plan.steps[index].results.contains { result in
                guard case .state(let state)? = result?.location else { return false }
                return plan.states[state].name == "dense.weight"
            }
        }
        let gradients = plan.steps.indices.filter { plan.steps[$0].kernel is ConvolutionWeightsKernel }
        #expect(plan.states.contains { $0.name == "dense.weight" } && updates.count == 1 && gradients.count == 3)
        #expect(try #require(updates.first) < #require(gradients.last))
    }

    @Test func fiftyStepsHaveTheSameBitsForAnyNumberOfThreads() throws {
        let (model, _) = try Self.compiled()
        var known: [String: Tensor]?
        for threads in 1...3 {
            let session = try Session(model, threads: threads)
            for index in 0..<50 { _ = try session.run(Self.batch(index)) }
            let states = try Self.states(session)
            #expect(known == nil || known == states)
            known = states
        }
    }

    @Test func aTrainingGoesOnFromItsStatesAsIfItHadNotStopped() throws {
        let (model, _) = try Self.compiled()
        let whole = try Session(model)
        for index in 0..<20 { _ = try whole.run(Self.batch(index)) }
        let first = try Session(model)
        for index in 0..<10 { _ = try first.run(Self.batch(index)) }
        let second = try Session(model)
        for (name, tensor) in try Self.states(first) { try second.setState(name, tensor) }
        for index in 10..<20 { _ = try second.run(Self.batch(index)) }
        #expect(try Self.states(second) == Self.states(whole))
    }

    @Test func theEvaluationReadsTheStatesOfTheStep() throws {
        let (model, _) = try Self.compiled()
        let step = try Session(model)
        let evaluation = try Session(model.program(Compiler.evaluation), sharing: step)
        let inputs = try Self.batch(0, of: 20)
        let before = try #require(evaluation.run(inputs)["loss"]).doubles()[0]
        #expect(try #require(evaluation.run(inputs)["loss"]).doubles()[0] == before)
        for _ in 0..<60 { _ = try step.run(inputs) }
        #expect(try #require(evaluation.run(inputs)["loss"]).doubles()[0] < before / 2)
        // It has moved nothing.
        #expect(try step.state("training.key").integers() == [7, 60])
        step.resetState()
        #expect(try #require(evaluation.run(inputs)["loss"]).doubles()[0] == before)
        #expect(throws: DLCError.self) { try model.program("predict") }
    }

    /// A training that predicts: the program of its plan and the plain network, which has the weights as constants, give the same.
    @Test func whatATrainingPredictsIsTheNetworkThatItLeaves() throws {
        let text = Self.text.replacing("    return loss: loss", with: "    predict probabilities: Nothing()\n    return loss: loss")
            .replacing("loss = Net(image)", with: "logits = Net(image)\n    loss = logits").replacing(
                "Nothing()", with: "logits.softmax(axis: 1)")
        for batch in [nil, 6] {
            let (model, _) = try Self.compiled(text, batch: batch)
            #expect(model.programs == [Compiler.evaluation, Compiler.prediction])
            let step = try Session(model)
            let predict = try Session(model.program(Compiler.prediction), sharing: step)
            #expect(predict.model.inputs.map(\.name) == ["image"])
            for index in 0..<5 { _ = try step.run(Self.batch(index)) }
            let image = try #require(Self.batch(9, of: 1)["image"])
            let found = try #require(try predict.run(["image": image])["probabilities"])
            let training = try Self.training(text, batch: batch)
            let plain = try Session(CompiledModel(Compiler.compile(training.network(states: Self.states(step)))))
            let expected = try #require(try plain.run(["image": image])["probabilities"])
            for (a, b) in zip(try found.doubles(), try expected.doubles()) { #expect(abs(a - b) < 1e-5) }
            #expect(try abs(found.doubles().reduce(0, +) - 1) < 1e-5)
            // Batch norms are folded into the convolutions, and nothing is packed in a run.
            #expect(plain.model.plan.states.isEmpty)
            #expect(plain.model.plan.steps.count < predict.model.plan.steps.count)
            #expect(!plain.model.plan.steps.contains { $0.kernelName == "pack" })
        }
    }

    /// An app's training, which needs the runtime alone.
    @Test func aTrainingSessionKeepsItsStatesInFiles() throws {
        let text = Self.text.replacing("adam(1e-2)", with: "adam(1e-2), average: ema(0.5)").replacing(
            "loss = Net(image)", with: "logits = Net(image)\n    loss = logits"
        )
        .replacing("    return loss: loss", with: "    predict probabilities: logits.softmax(axis: 1)\n    return loss: loss")
        let (model, _) = try Self.compiled(text)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (states, weights) = (folder.appendingPathComponent("s.safetensors").path, folder.appendingPathComponent("w.safetensors").path)
        let training = try TrainingSession(model, threads: 2)
        let (batch, image) = (try Self.batch(0), ["image": try Self.batch(0)["image"].unsafelyUnwrapped])
        let first = try training.predict(image)
        for _ in 0..<5 { try training.step(batch) }
        let learned = try (training.predict(image), training.evaluate(batch))
        #expect(learned.0 != first)
        try training.saveStates(to: states)
        try training.saveWeights(to: weights)
        let going = try (training.step(batch), training.step(batch), training.predict(image))
        training.reset()
        #expect(try training.predict(image) == first)
        try training.loadStates(from: states)
        #expect(try training.predict(image) == learned.0 && training.evaluate(batch) == learned.1)
        #expect(try training.step(batch) == going.0 && training.step(batch) == going.1 && training.predict(image) == going.2)
        // Weights alone predict the same. They are what the compiler takes for weights of the network.
        let other = try TrainingSession(model)
        try other.loadWeights(from: weights)
        #expect(try other.predict(image) == learned.0)
        try other.loadWeights(from: states)
        #expect(try other.predict(image) == learned.0)
        let file = try Safetensors(contentsOf: weights)
        #expect(Set(file.entries.map(\.name)) == Set(try Self.training(text, batch: nil).step.parameters.map(\.name)))
        // A file that does not fit changes nothing.
        #expect(throws: DLCError.self) { try other.loadStates(from: weights) }
        let wrong = folder.appendingPathComponent("x.safetensors").path
        try Safetensors.write([.init(name: "dense.bias", type: .float32, shape: [4])], to: wrong) { _ in
            try Tensor(filling: 0, type: .float32, shape: [4])
        }
        #expect(throws: DLCError.self) { try other.loadWeights(from: wrong) }
        #expect(throws: DLCError.self) { try other.loadStates(from: wrong) }
        #expect(try other.predict(image) == learned.0)
        #expect(throws: DLCError.self) { try TrainingSession(model.program(Compiler.evaluation)) }
    }

    @Test func statesOfTheModelGoOnFromRunToRun() throws {
        let (model, graphs) = try Self.compiled(Self.reader)
        let plan = model.plan
        // Both programs begin with the same bytes, so that a file of them is valid.
        _ = try Plan(table: plan.table(), target: plan.target, constantBytes: plan.constants.map { $0.offset + $0.bytes }.max() ?? 0)
        let step = try [differentiate].run(graphs.step)
        var states = try step.initialStates()
        let session = try Session(model, threads: 2)
        for index in 0..<4 {
            let inputs = [
                "x": try Tensor.random(seed: UInt64(index), shape: [2, 3, 4]),
                "label": try Tensor((0..<6).map { Int64(($0 + index) % 3) }, shape: [6]),
            ]
            let expected = try #require(try Interpreter.run(step, inputs, states: &states)["loss"]).doubles()[0]
            let found = try #require(try session.run(inputs)["loss"]).doubles()[0]
            #expect(abs(found - expected) <= 2e-5 * abs(expected), "step \(index): \(found) for \(expected)")
        }
        #expect(plan.steps.contains { $0.kernelName == "recurrent_gradient" && $0.operands[12] != nil })
    }

    @Test func aFileHoldsBothPrograms() throws {
        let (model, _) = try Self.compiled()
        #expect(model.programs == [Compiler.evaluation])
        #expect(model.plan.flushesDenormals)
        #expect(try !model.program(Compiler.evaluation).plan.flushesDenormals)
    }
}
