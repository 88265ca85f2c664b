@testable import DLCModel
import DLCOps
import DLCPasses
import Testing

/// A training of `a.dlm` among files that are given as text.
func trained(_ files: [String: String], settings: [String: String] = [:]) throws -> Training {
    try Training.load("a.dlm", settings: settings) { path in
        guard let text = files[path] else { throw DLCError("there is no file \(path)") }
        return text
    }
}

/// Runs the step or the evaluation of a training with the operators' definitions.
struct OracleTraining {
    let step: Graph
    let evaluation: Graph
    let shared: [String]
    var states: [String: Tensor]

    init(_ training: Training, seed: UInt64 = 0, values: [String: Tensor] = [:]) throws {
        let drawn = training.step.drawn(seed: seed)
        step = try [differentiate].run(training.step.graph(seed: seed) { try values[$0.name] ?? drawn($0) }, .strict)
        evaluation = try [differentiate].run(training.evaluation.graph { try values[$0.name] ?? drawn($0) }, .strict)
        shared = training.shared
        states = try step.initialStates()
    }

    @discardableResult mutating func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        try Interpreter.run(step, inputs, states: &states)
    }

    func evaluate(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        var own = try evaluation.initialStates()
        for name in shared { own[name] = states[name] }
        return try Interpreter.run(evaluation, inputs, states: &own)
    }

    func state(_ name: String) throws -> [Double] { try #require(states[name]).doubles() }
}

@Suite struct TrainingTests {
    private static let line = """
        model Line(x: f32[N, 1]) { return y: x.dense(1, name: "fc") }

        /// Fits a line.
        training Fit(x: f32[N, 1], target: f32[N, 1], rate = 0.1) {
            y = Line(x)
            loss = y.meanSquaredError(target)
            minimize loss, by: sgd(rate)
            return loss: loss
        }
        """

    @Test func gradientDescentFitsALine() throws {
        let training = try trained(["a.dlm": Self.line])
        #expect(training.step.parameters == training.evaluation.parameters)
        #expect(training.trained == ["fc.weight", "fc.bias"] && training.rates == ["training.rate"] && training.frozen == [])
        var run = try OracleTraining(training)
        let x = try Tensor([-1, 0, 1, 2] as [Float], shape: [4, 1])
        let target = try Tensor([-1, 1, 3, 5] as [Float], shape: [4, 1])
        for _ in 0..<100 { try run.run(["x": x, "target": target]) }
        #expect(abs(try run.state("fc.weight")[0] - 2) < 1e-2)
        #expect(abs(try run.state("fc.bias")[0] - 1) < 1e-2)
        #expect(try run.evaluate(["x": x, "target": target])["loss"]?.doubles()[0] ?? 1 < 1e-4)
        #expect(try run.state(Training.key) == [0, 100])
    }

    @Test func whatIsBuiltInSwiftIsTheSame() throws {
        let training = try Training("Fit") { builder in
            let x = try builder.input("x", .float32, [Dim(symbol: "N"), 1])
            let target = try builder.input("target", .float32, [Dim(symbol: "N"), 1])
            let loss = try x.dense(1, name: "fc").meanSquaredError(target)
            try builder.minimize(loss, by: SGD(rate: 0.1))
            try builder.output("loss", loss)
        }
        let written = try trained(["a.dlm": Self.line])
        #expect(training.step.graph.text() == written.step.graph.text())
        #expect(training.evaluation.graph.text() == written.evaluation.graph.text())
    }

    /// The trainings of the repository's models, and one with every form that errors speak of.
    @Test(arguments: [
        "autoencoder", "char_gru", "char_lstm", "dcgan", "dqn", "gpt2", "lenet5", "mlp", "resnet18", "transformer", "unet", "vae",
    ])
    func shippedTrainingsAreBuilt(name: String) throws {
        let path = SyntaxFiles.folder.appending(path: "../../../Models/\(name).dlm").standardized.path()
        let small = ["gpt2": ["layers": "1", "width": "16", "heads": "2"], "transformer": ["layers": "1", "width": "16", "heads": "2"]]
        let training = try Training.load(path, settings: small[name] ?? [:])
        #expect(training.step.graph.outputs.map(\.name) == training.evaluation.graph.outputs.map(\.name))
        #expect(!training.trained.isEmpty && training.evaluation.graph.nodes.allSatisfy { !($0.op is Random) && !($0.op is Gradient) })
        // A training sees what its model is made of: names fit weight files of the model.
        #expect(Set(training.evaluation.parameters.map(\.name)).isSubset(of: training.step.parameters.map(\.name)))
    }

    // MARK: Random numbers

    private static func drawing(_ expression: String, _ shape: String = "f32[200, 30]") -> String {
        "training T(x: \(shape)) {\n    y = \(expression)\n    minimize (y * parameter([1], name: \"p\")).sum(), by: sgd(0)\n    return y: y\n}"
    }

    @Test func dropoutKeepsTheMeanAndFollowsTheKey() throws {
        var run = try OracleTraining(trained(["a.dlm": Self.drawing("x.dropout(0.25)")]), seed: 7)
        let x = try Tensor(filling: 1, type: .float32, shape: [200, 30])
        let start = run
        let first = try #require(run.run(["x": x])["y"]).doubles()
        let second = try #require(run.run(["x": x])["y"]).doubles()
        #expect(Set(first.map { ($0 * 3).rounded() }) == [0, 4])
        #expect(abs(first.reduce(0, +) / 6000 - 1) < 0.03)
        #expect(first != second)
        var again = start
        #expect(try #require(again.run(["x": x])["y"]).doubles() == first)
        // A restart with the key as it was goes on as the run would have.
        again = start
        again.states[Training.key] = try Tensor([7, 1] as [Int64], shape: [2])
        #expect(try #require(again.run(["x": x])["y"]).doubles() == second)
        var other = try OracleTraining(trained(["a.dlm": Self.drawing("x.dropout(0.25)")]), seed: 8)
        #expect(try #require(other.run(["x": x])["y"]).doubles() != first)
        #expect(try run.evaluate(["x": x])["y"]?.doubles() == x.doubles())
    }

    @Test func placesThatDrawHaveStreamsOfTheirOwn() throws {
        var run = try OracleTraining(trained(["a.dlm": Self.drawing("x.randomUniform() - x.randomUniform()")]))
        let y = try #require(run.run(["x": Tensor(filling: 1, type: .float32, shape: [200, 30])])["y"]).doubles()
        #expect(y.allSatisfy { abs($0) < 1 } && abs(y.reduce(0, +) / 6000) < 0.02 && y.contains { abs($0) > 0.5 })
    }

    @Test(arguments: [
        ("x.spatialDropout(0.5)", 40), ("x.stochasticDepth(0.5)", 20),
    ]) func wholePartsAreDropped(expression: String, parts: Int) throws {
        var run = try OracleTraining(trained(["a.dlm": Self.drawing(expression, "f32[20, 2, 3, 3]")]))
        let y = try #require(run.run(["x": Tensor(filling: 1, type: .float32, shape: [20, 2, 3, 3])])["y"]).doubles()
        let length = y.count / parts
        for part in 0..<parts { #expect(Set(y[part * length..<(part + 1) * length]).count == 1) }
        #expect(Set(y) == [0, 2])
    }

    @Test func noiseIsDrawnInTheStepOnly() throws {
        var run = try OracleTraining(trained(["a.dlm": Self.drawing("x.gaussianNoise(0.5) + x.randomNormal(mean: 2, deviation: 0)")]))
        let x = try Tensor(filling: 1, type: .float32, shape: [200, 30])
        let y = try #require(run.run(["x": x])["y"]).doubles()
        let mean = y.reduce(0, +) / 6000
        #expect(abs(mean - 3) < 0.03)
        let variance = y.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 6000
        #expect(abs(variance - 0.25) < 0.02)
        #expect(try run.evaluate(["x": x])["y"]?.doubles() == [Double](repeating: 3, count: 6000))
    }

    @Test func imagesAreChangedOneByOne() throws {
        let image = try Tensor(doubles: (0..<300).map { Double($0 % 25) }, type: .float32, shape: [12, 1, 5, 5])
        let whole = (0..<25).map { Double($0) }
        func images(_ expression: String) throws -> (step: [[Double]], evaluation: [[Double]]) {
            var run = try OracleTraining(trained(["a.dlm": Self.drawing(expression, "f32[12, 1, 5, 5]")]))
            func parts(_ tensor: Tensor?) throws -> [[Double]] {
                let values = try #require(tensor).doubles()
                let count = values.count / 12
                return (0..<12).map { Array(values[$0 * count..<($0 + 1) * count]) }
            }
            return try (parts(run.run(["x": image])["y"]), parts(run.evaluate(["x": image])["y"]))
        }
        func moved(_ down: Int, _ right: Int, _ size: Int = 5) -> [Double] {
            (0..<size * size).map { place in
                let (row, column) = (place / size + down, place % size + right)
                return 0..<5 ~= row && 0..<5 ~= column ? Double(row * 5 + column) : 0
            }
        }
        let shifts = try images("x.randomShift(1)")
        #expect(shifts.evaluation.allSatisfy { $0 == whole })
        #expect(shifts.step.allSatisfy { image in (-1...1).contains { down in (-1...1).contains { moved(down, $0) == image } } })
        #expect(Set(shifts.step).count > 3)
        let flips = try images("x.randomFlip()")
        let mirrored = (0..<25).map { (place: Int) -> Double in Double(place - 2 * (place % 5) + 4) }
        #expect(flips.evaluation.allSatisfy { $0 == whole } && Set(flips.step) == [whole, mirrored])
        let crops = try images("x.randomCrop(3, padding: 1)")
        #expect(crops.evaluation.allSatisfy { $0 == moved(1, 1, 3) })
        #expect(crops.step.allSatisfy { image in (-1...3).contains { down in (-1...3).contains { moved(down, $0, 3) == image } } })
        #expect(Set(crops.step).count > 4)
        let still = try images("x.randomRotation(0)")
        #expect(still.step.allSatisfy { zip($0, whole).allSatisfy { abs($0 - $1) < 1e-4 } })
        let turned = try images("x.randomRotation(30)")
        // The middle stays, the corners come from outside or are mixed.
        #expect(turned.step.allSatisfy { abs($0[12] - 12) < 1e-3 } && turned.step.contains { abs($0[24] - 24) > 1 })
    }

    // MARK: Statistics

    @Test func batchNormIsPyTorchs() throws {
        let text = """
            training T(x: f64[2, 2, 2, 2]) {
                y = x.batchNorm(name: "bn")
                minimize y.sum(), by: sgd(0)
                return y: y
            }
            """
        var run = try OracleTraining(trained(["a.dlm": text]))
        let values = (0..<16).map { Double($0 * 7 % 11) / 4 }
        let y = try #require(run.run(["x": Tensor(doubles: values, type: .float64, shape: [2, 2, 2, 2])])["y"]).doubles()
        try run.run(["x": Tensor(doubles: values.map { $0 * 2 + 1 }, type: .float64, shape: [2, 2, 2, 2])])
        func isNear(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } && a.count == b.count }
        #expect(isNear(y, TrainingFigures.normalised))
        #expect(isNear(try run.state("bn.running_mean"), TrainingFigures.runningMean))
        #expect(isNear(try run.state("bn.running_var"), TrainingFigures.runningVariance))
        // Frozen, it is as at inference.
        let frozen = text.replacing("    y = x", with: "    freeze \"bn.running_*\"\n    y = x")
        var kept = try OracleTraining(trained(["a.dlm": frozen]))
        let plain = try #require(kept.run(["x": Tensor(doubles: values, type: .float64, shape: [2, 2, 2, 2])])["y"]).doubles()
        #expect(isNear(plain, values.map { $0 / 1.00001.squareRoot() }))
        #expect(try kept.state("bn.running_mean") == [0, 0])
    }

    @Test func aLayerAppliedTwiceMovesItsStatisticsTwice() throws {
        let text = """
            training T(a: f32[4, 2], b: f32[4, 2]) {
                norm = batchNorm(name: "bn", momentum: 0.5)
                y = norm(a) + norm(b)
                minimize y.sum(), by: sgd(0)
                return y: y
            }
            """
        var run = try OracleTraining(trained(["a.dlm": text]))
        try run.run(["a": Tensor(filling: 4, type: .float32, shape: [4, 2]), "b": Tensor(filling: 8, type: .float32, shape: [4, 2])])
        #expect(try run.state("bn.running_mean") == [5, 5])
    }

    // MARK: Several networks

    @Test func twoNetworksLearnAgainstEachOther() throws {
        let text = """
            import "nets.dlm"

            training GAN(real: f32[8, 1]) {
                made = G(real.randomNormal(), name: "generator")
                d = D(name: "discriminator")
                minimize d(real).binaryCrossEntropy(1) + d(made.stopGradient()).binaryCrossEntropy(0), by: sgd(0.5), over: "discriminator"
                minimize d(made).binaryCrossEntropy(1), by: sgd(0.25), over: "generator", name: "generator"
                return made: made
            }
            """
        let nets = """
            model G(z: f32[N, 1]) { return y: z * parameter([1], init: ones, name: "scale") + parameter([1], name: "shift") }

            model D(x: f32[N, 1]) { return logit: x * parameter([1], init: ones, name: "w") + parameter([1], name: "b") }
            """
        let training = try trained(["a.dlm": text, "nets.dlm": nets])
        #expect(training.trained == ["discriminator.w", "discriminator.b", "generator.scale", "generator.shift"])
        #expect(training.rates == ["training.rate", "training.rate.generator"])
        var run = try OracleTraining(training)
        let x = try Tensor(filling: 3, type: .float32, shape: [8, 1])
        let made = try #require(run.run(["real": x])["made"]).doubles()
        // By hand, at the old weights: the derivative of -log σ(a) is σ(a) - 1, of -log(1 - σ(a)) it is σ(a).
        func sigmoid(_ a: Double) -> Double { 1 / (1 + power(2.718281828459045, -a)) }
        let ofReal = (sigmoid(3) - 1)
        let w = 1 - 0.5 * (ofReal * 3 + made.reduce(0) { $0 + sigmoid($1) * $1 } / 8)
        let shift = -0.25 * made.reduce(0) { $0 + (sigmoid($1) - 1) } / 8
        #expect(abs(try run.state("discriminator.w")[0] - w) < 1e-5)
        #expect(abs(try run.state("generator.shift")[0] - shift) < 1e-6)
        #expect(try run.evaluate(["real": x])["made"]?.doubles() == [Double](repeating: try run.state("generator.shift")[0], count: 8))
    }

    @Test(arguments: [(", every: 2", [0.0, 1, 1, 1]), (", rate: 0.5", [1, 1, 1, 1])])
    func aNetworkFollowsAnother(options: String, moves: [Double]) throws {
        let text = """
            training Q(x: f32[4, 1]) {
                follow "target", of: "online"\(options)
                q = x.dense(1, bias: false, name: "online")
                minimize (q - x.dense(1, bias: false, name: "target") - 1).square().mean(), by: sgd(0.1)
                return q: q
            }
            """
        let training = try trained(["a.dlm": text])
        #expect(training.trained == ["online.weight"])
        var run = try OracleTraining(training)
        #expect(try run.state("target.weight") == run.state("online.weight"))
        let x = try Tensor([1, 2, 3, 4] as [Float], shape: [4, 1])
        for move in moves {
            let before = try run.state("target.weight")[0]
            try run.run(["x": x])
            let (now, online) = (try run.state("target.weight")[0], try run.state("online.weight")[0])
            if options.contains("rate") {
                #expect(abs(now - (before + online) / 2) < 1e-6)
            } else {
                #expect((now != before) == (move == 1 && now != before))
            }
            if options.contains("every"), try run.state(Training.key)[1].truncatingRemainder(dividingBy: 2) == 0 { #expect(now == online) }
        }
    }

    @Test func aModelInATrainingHasItsOwnNamesAndState() throws {
        let text = """
            import "rnn.dlm"

            training T(symbols: i64[1, T], labels: i64[1, T]) {
                logits = RNN(symbols, hidden: 4)
                loss = logits.transpose([0, 2, 1]).crossEntropy(labels)
                minimize loss, by: adam(0.01)
                return loss: loss
            }
            """
        let model = """
            model RNN(symbols: i64[batch, T], batch = 1, hidden = 8) {
                state h: f32[1, batch, hidden]
                y, last = symbols.embedding(5, 3).rnn(hidden, initial: h)
                next h = last
                return logits: y.dense(5, name: "output")
            }
            """
        let training = try trained(["a.dlm": text, "rnn.dlm": model])
        let plain = try Model.load("rnn.dlm", settings: ["hidden": "4"]) { _ in model }
        #expect(training.step.parameters.map(\.name) == plain.parameters.map(\.name))
        #expect(!training.shared.contains("evaluation.h") && training.evaluation.states.contains { $0.name == "evaluation.h" })
        var run = try OracleTraining(training)
        let symbols = try Tensor([0, 1, 2] as [Int64], shape: [1, 3])
        let losses = try (0..<40).map { _ in try #require(run.run(["symbols": symbols, "labels": symbols])["loss"]).doubles()[0] }
        #expect(losses[39] < losses[0] - 0.3)
        #expect(try run.state("h") != [0, 0, 0, 0])
    }

    // MARK: Gradients

    @Test func gradientsAreValuesThatHaveGradients() throws {
        let text = """
            training T(x: f64[3]) {
                w = parameter([3], init: ones, type: f64, name: "w")
                y = (w * x ** 3).sum()
                slope = gradient(of: y, at: x)
                both = gradient(of: y, at: [x, w])
                minimize (slope - 1).square().sum(), by: sgd(0.5)
                return slope: slope, w: both[1]
            }
            """
        var run = try OracleTraining(trained(["a.dlm": text]))
        let x = try Tensor([0.5, 1, 2] as [Double], shape: [3])
        let outputs = try run.run(["x": x])
        #expect(try outputs["slope"]?.doubles() == [0.75, 3, 12])
        #expect(try outputs["w"]?.doubles() == [0.125, 1, 8])
        // d/dw (3 w x² - 1)² = 2 (3 w x² - 1) · 3 x²
        let expected = [0.5, 1, 2].map { (x: Double) -> Double in
            let slope = 3 * x * x
            return 1 - 0.5 * 2 * (slope - 1) * slope
        }
        for (a, b) in zip(try run.state("w"), expected) { #expect(abs(a - b) < 1e-12) }
        #expect(try run.evaluate(["x": x])["slope"] != nil)
    }

    @Test func normsOfParametersArePartsOfALoss() throws {
        let text = """
            training T(x: f32[2, 2]) {
                y = x.dense(2, bias: false, name: "fc").dense(1, name: "out")
                minimize 0 * y.sum() + 0.5 * squaredNorm("*.weight") + norm1("fc"), by: sgd(0.5)
                return y: y
            }
            """
        var run = try OracleTraining(trained(["a.dlm": text]))
        let (fc, out, bias) = (try run.state("fc.weight"), try run.state("out.weight"), try run.state("out.bias"))
        try run.run(["x": Tensor(filling: 1, type: .float32, shape: [2, 2])])
        for (a, b) in zip(try run.state("fc.weight"), fc) { #expect(abs(a - (b - 0.5 * (b + (b > 0 ? 1 : -1)))) < 1e-6) }
        for (a, b) in zip(try run.state("out.weight"), out) { #expect(abs(a - b * 0.5) < 1e-6) }
        #expect(try run.state("out.bias") == bias)
    }

    @Test func weightsComeFromTheModelsFile() throws {
        let training = try trained(["a.dlm": Self.line.replacing("by: sgd(rate)", with: "by: sgd(rate), average: ema()")])
        let file = WeightFile(
            path: "w", [("fc.weight", try Tensor([3] as [Float], shape: [1, 1])), ("fc.bias", try Tensor([4] as [Float], shape: [1]))])
        let graph = try training.step.graph(values: training.step.weights(from: file))
        let states = try graph.initialStates()
        #expect(try states["fc.weight"]?.doubles() == [3] && states["training.average.fc.weight"]?.doubles() == [3])
        let evaluation = try training.evaluation.graph(values: training.evaluation.weights(from: file)).initialStates()
        #expect(try evaluation["training.average.fc.bias"]?.doubles() == [4] && evaluation.count == 2)
    }
}
