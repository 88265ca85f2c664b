@testable import DLCModel
import Testing

/// Optimisers, clipping and schedules do what PyTorch's do.
@Suite struct OptimiserTests {
    private static func tensor(_ values: [Double], _ shape: [Int]) throws -> Tensor {
        try Tensor(doubles: values, type: .float64, shape: shape)
    }

    /// Rows of the figures' batch.
    private static func batch(_ rows: Range<Int> = 0..<4) throws -> [String: Tensor] {
        [
            "x": try tensor(Array(TrainingFigures.x[rows.lowerBound * 3..<rows.upperBound * 3]), [rows.count, 3]),
            "target": try tensor(Array(TrainingFigures.target[rows.lowerBound * 2..<rows.upperBound * 2]), [rows.count, 2]),
        ]
    }

    private static func oracle(_ text: String) throws -> OracleTraining {
        try OracleTraining(
            trained(["a.dlm": text]), values: ["w": tensor(TrainingFigures.weight, [3, 2]), "b": tensor(TrainingFigures.bias, [2])])
    }

    /// A unit with a hyperbolic tangent, in f64.
    static func training(_ options: String, rows: Int = 4) -> String {
        """
        training T(x: f64[\(rows), 3], target: f64[\(rows), 2]) {
            y = tanh(x @ parameter([3, 2], type: f64, name: "w") + parameter([2], type: f64, name: "b"))
            loss = y.meanSquaredError(target)
            minimize loss, \(options)
            return loss: loss
        }
        """
    }

    @Test(arguments: TrainingFigures.optimisers) func parametersMoveAsInPyTorch(options: String, parameters: [Double]) throws {
        var run = try Self.oracle(Self.training(options))
        for _ in 0..<TrainingFigures.steps { try run.run(Self.batch()) }
        let found = try run.state("w") + run.state("b")
        for (a, b) in zip(found, parameters) { #expect(abs(a - b) < 1e-9, "\(found) for \(parameters)") }
    }

    @Test(arguments: TrainingFigures.schedules) func ratesFollowPyTorchs(text: String, rates: [Double]) throws {
        let training = """
            training T(x: f64[2]) {
                p = parameter([2], type: f64, name: "p")
                minimize (p * x).sum(), by: sgd(\(text))
                return p: p
            }
            """
        var run = try OracleTraining(trained(["a.dlm": training]))
        let ones = try Self.tensor([1, 1], [2])
        var before = 0.0
        for rate in rates {
            try run.run(["x": ones])
            let now = try run.state("p")[0]
            #expect(abs(before - now - rate) < 1e-9, "\(before - now) for \(rate)")
            before = now
        }
    }

    @Test func momentumFollowsASchedule() throws {
        // Momentum falls from 0.95 to 0.85 while the rate rises, over the first 2 of 10 updates.
        var run = try Self.oracle(
            Self.training("by: sgd(0.125, momentum: oneCycle(0.85, steps: 10, start: 0.95, end: 0.95, linear: true))"))
        try run.run(Self.batch())
        let (weight, movement) = (try run.state("w")[0], try run.state("training.momentum_buffer.w")[0])
        // The gradient there, by a step of plain descent.
        var other = try Self.oracle(Self.training("by: sgd(0.125)"))
        (other.states["w"], other.states["b"]) = (run.states["w"], run.states["b"])
        try other.run(Self.batch())
        let gradient = try (weight - other.state("w")[0]) / 0.125
        try run.run(Self.batch())
        #expect(abs(try run.state("training.momentum_buffer.w")[0] - (0.9 * movement + gradient)) < 1e-12)
    }

    @Test func accumulationIsTheWholeBatch() throws {
        var whole = try Self.oracle(Self.training("by: adam(0.125), clip: globalNorm(0.1)"))
        var parts = try Self.oracle(Self.training("by: adam(0.125), clip: globalNorm(0.1), accumulate: 2", rows: 2))
        for _ in 0..<4 {
            try whole.run(Self.batch())
            for half in 0..<2 {
                let before = try parts.state("w")
                try parts.run(Self.batch(half * 2..<half * 2 + 2))
                #expect((try parts.state("w") == before) == (half == 0))
            }
            for (x, y) in zip(try whole.state("w") + whole.state("b"), try parts.state("w") + parts.state("b")) {
                #expect(abs(x - y) < 1e-12)
            }
        }
        #expect(try parts.state(Training.key) == [0, 8])
    }

    /// A sum of squares of linear functions has its least where one step leads.
    @Test func newtonFindsTheLeastOfAParabola() throws {
        let text = Self.training("by: newtonCG(damping: 0, iterations: 8)").replacing("y = tanh(", with: "y = (")
        var run = try Self.oracle(text.replacing("return loss: loss", with: "return slope: gradient(of: loss, at: y)"))
        try run.run(Self.batch())
        let slope = try #require(run.run(Self.batch())["slope"]).doubles()
        // Zero with respect to weight and bias: the differences are at right angles to every column of x and to 1.
        for column in 0..<2 {
            #expect(abs((0..<4).reduce(0) { $0 + slope[$1 * 2 + column] }) < 1e-9)
            for input in 0..<3 {
                #expect(abs((0..<4).reduce(0) { $0 + slope[$1 * 2 + column] * TrainingFigures.x[$1 * 3 + input] }) < 1e-9)
            }
        }
    }

    @Test func aSessionMaySetTheRate() throws {
        var run = try Self.oracle(Self.training("by: sgd(0.125)"))
        run.states["training.rate"] = try Tensor([0] as [Float], shape: [])
        try run.run(Self.batch())
        #expect(try run.state("w") == TrainingFigures.weight)
    }

    @Test func ratesAndDecayAreByPattern() throws {
        let text = Self.training("by: sgd(0.125, weightDecay: 0.5), decay: \"w\"").replacing(
            "minimize", with: "rates \"b\": 0\n    minimize")
        var run = try Self.oracle(text)
        var other = try Self.oracle(Self.training("by: sgd(0.125)"))
        try run.run(Self.batch())
        try other.run(Self.batch())
        #expect(try run.state("b") == TrainingFigures.bias)
        for (found, (plain, first)) in zip(try run.state("w"), zip(try other.state("w"), TrainingFigures.weight)) {
            #expect(abs(found - (plain - 0.0625 * first)) < 1e-12)
        }
    }

    @Test func averagesAreWhatEvaluationReads() throws {
        for (average, expected) in [
            ("ema(0.75)", { (weights: [Double]) in weights.dropFirst().reduce(weights[0]) { 0.75 * $0 + 0.25 * $1 } }),
            ("swa(1, every: 2)", { weights in (weights[2] + weights[4]) / 2 }),
        ] as [(String, ([Double]) -> Double)] {
            var run = try Self.oracle(Self.training("by: sgd(0.125), average: \(average)"))
            var weights = [TrainingFigures.weight[0]]
            for _ in 0..<5 {
                try run.run(Self.batch())
                weights.append(try run.state("w")[0])
            }
            #expect(abs(try run.state("training.average.w")[0] - expected(weights)) < 1e-12)
            let names = run.evaluation.states.map(\.name)
            #expect(names.contains("training.average.w") && !names.contains("w"))
            let loss = try run.evaluate(Self.batch())["loss"]?.doubles()[0]
            var averaged = run
            averaged.states["w"] = averaged.states["training.average.w"]
            averaged.states["b"] = averaged.states["training.average.b"]
            #expect(try averaged.run(Self.batch())["loss"]?.doubles()[0] == loss)
        }
    }
}
