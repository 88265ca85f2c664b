@testable import DLCModel
import DLCOps
import DLCPasses
import Testing

/// What a training tells of its rate.
@Suite struct TrainingRateTests {
    /// The rate that is told is the one of the run that comes next, through schedules, gradients gathered over runs and a base that is set.
    @Test func theRateInEffectIsKnown() throws {
        let training = try trained([
            "a.dlm": """
            training Fit(x: f32[N, 1]) {
                loss = x.dense(1, name: "fc").square().mean()
                minimize loss, by: sgd(exponential(0.5, factor: 0.5)), accumulate: 2
                return loss: loss
            }
            """
        ])
        let graph = try #require(training.rateInEffect)
        #expect(graph.inputs.isEmpty)
        var run = try OracleTraining(training)
        func rate() throws -> Double? {
            var states: [String: Tensor] = [:]
            for state in graph.states { states[state.name] = run.states[state.name] }
            return try Interpreter.run(graph, [:], states: &states)["rate"]?.doubles().first
        }
        var rates: [Double] = []
        for _ in 0..<4 {
            rates.append(try #require(try rate()))
            try run.run(["x": Tensor([1] as [Float], shape: [1, 1])])
        }
        #expect(rates == [0.5, 0.5, 0.25, 0.25], "\(rates)")
        run.states["training.rate"] = try Tensor([2] as [Float], shape: [])
        #expect(try rate() == 0.5)
        let given = try trained([
            "a.dlm": "training T(x: f32[N, 1], r: f32[]) { l = x.dense(1).mean() minimize l, by: sgd(r) return l: l }".replacing(
                " minimize", with: "\n minimize"
            ).replacing(" return", with: "\n return")
        ])
        #expect(given.rateInEffect == nil)
    }
}
