@testable import DLCModel
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
        model Line(x: f32[N, 1]) {
            return y: x * parameter([1, 1], init: normal(1), name: "fc.weight") + parameter([1], name: "fc.bias")
        }

        /// Fits a line.
        training Fit(x: f32[N, 1], target: f32[N, 1], rate = 0.1) {
            y = Line(x)
            loss = y.meanSquaredError(target)
            minimize loss, by: sgd(rate)
            return loss: loss
        }
        """

    @Test func gradientDescentFitsALine() throws {
        var run = try OracleTraining(trained(["a.dlm": Self.line]))
        let x = try Tensor([-1, 0, 1, 2] as [Float], shape: [4, 1])
        let target = try Tensor([-1, 1, 3, 5] as [Float], shape: [4, 1])
        for _ in 0..<100 { try run.run(["x": x, "target": target]) }
        #expect(abs(try run.state("fc.weight")[0] - 2) < 1e-2)
        #expect(abs(try run.state("fc.bias")[0] - 1) < 1e-2)
        #expect(try run.evaluate(["x": x, "target": target])["loss"]?.doubles()[0] ?? 1 < 1e-4)
        #expect(try run.state(Training.key) == [0, 100])
    }
}
