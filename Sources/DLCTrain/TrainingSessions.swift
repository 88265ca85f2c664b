import DLC
import DLCModel

/// A compiled training, ready to run: its step, and its evaluation over the same states.
final class TrainingSessions {
    let step: Session
    let evaluation: Session
    /// The scalar outputs that both programs have, the first of which is the loss.
    let metrics: [String]
    private let rate: Graph?
    /// Where they stand among the outputs of either.
    private let stepOutputs: [Int]
    private let evaluationOutputs: [Int]
    /// States that are no parameters and nothing of the training, such as a recurrent network's, with their first values: an epoch
    /// begins with them. `evaluationMemory` are those that the evaluation keeps for itself.
    private let stepMemory: [(name: String, initial: Tensor)]
    private let evaluationMemory: [(name: String, initial: Tensor)]

    /// - Throws: where the training says nothing that is one number.
    init(_ model: CompiledModel, _ training: Training, threads: Int?) throws {
        let step = try Session(model, threads: threads)
        let evaluation = try Session(model.program(Compiler.evaluation), threads: threads, sharing: step)
        (self.step, self.evaluation) = (step, evaluation)
        // One that reads data is left out.
        rate = training.rateInEffect.flatMap { $0.inputs.isEmpty ? $0 : nil }
        func isMetric(_ port: Plan.Port) -> Bool { port.shape.isEmpty && (port.type.isFloat || port.type.isInteger) }
        let known = Set(evaluation.model.outputs.filter(isMetric).map(\.name))
        let metrics = model.outputs.filter { isMetric($0) && known.contains($0.name) }.map(\.name)
        self.metrics = metrics
        guard !metrics.isEmpty else {
            let outputs = model.outputs.map(\.name).joined(separator: ", ")
            throw DLCError(
                "returns nothing that is one number, by which to see how it goes; expected a loss first, found \(outputs)",
                at: [model.plan.name])
        }
        func places(_ outputs: [Plan.Port]) -> [Int] { metrics.compactMap { name in outputs.firstIndex { $0.name == name } } }
        stepOutputs = places(model.outputs)
        evaluationOutputs = places(evaluation.model.outputs)
        let parameters = Set(training.step.parameters.map(\.name))
        func memory(_ session: Session, but others: Set<String>) throws -> [(String, Tensor)] {
            try session.model.states.compactMap { state in
                if others.contains(state.name) || parameters.contains(state.name) || state.name.hasPrefix("training.") { return nil }
                return (state.name, try session.state(state.name))
            }
        }
        stepMemory = try memory(step, but: [])
        evaluationMemory = try memory(evaluation, but: Set(step.model.states.map(\.name)))
    }

    /// Whether steps remember what the ones before have seen, beside what they have learned.
    var hasMemory: Bool { !stepMemory.isEmpty }

    /// Makes the networks forget what they have seen of a sequence.
    func beginEpoch() throws { for (name, initial) in stepMemory { try step.setState(name, initial) } }
    func beginEvaluation() throws { for (name, initial) in evaluationMemory { try evaluation.setState(name, initial) } }

    /// The learning rate of the step that comes next; nil where it is an input.
    func rateInEffect() throws -> Double? {
        guard let rate else { return nil }
        var states: [String: Tensor] = [:]
        for state in rate.states { states[state.name] = try step.state(state.name) }
        return try Interpreter.run(rate, [:], states: &states)["rate"]?.doubles().first
    }

    /// A step on a batch.
    /// - Returns: the metrics, in their order.
    func train(_ batch: [String: Tensor]) throws -> [Double] { try run(step, stepOutputs, batch) }

    /// The metrics of a batch; nothing is learned.
    func evaluate(_ batch: [String: Tensor]) throws -> [Double] { try run(evaluation, evaluationOutputs, batch) }

    /// A step that tells what each step of its plan has computed.
    func watch(_ batch: [String: Tensor]) throws -> (metrics: [Double], values: [StepValues], loss: Int) {
        try set(batch, in: step)
        var values: [StepValues] = []
        try step.watch { values.append($0) }
        let metrics = try stepOutputs.map { try step.output($0).doubles().first ?? .nan }
        let plan = step.model.plan
        let loss = plan.steps.firstIndex { $0.results.contains { $0?.location == plan.outputs[stepOutputs[0]].location } }
        return (metrics, values, loss ?? plan.steps.count)
    }

    private func run(_ session: Session, _ outputs: [Int], _ batch: [String: Tensor]) throws -> [Double] {
        try set(batch, in: session)
        try session.run()
        return try outputs.map { try session.output($0).doubles().first ?? .nan }
    }

    func set(_ batch: [String: Tensor], in session: Session) throws {
        for (index, port) in session.model.inputs.enumerated() {
            guard let tensor = batch[port.name] else { throw DLCError("the data give nothing for the input \(port.name)") }
            try session.setInput(index, tensor)
        }
    }

    /// All states of the step by name: whoever sets them goes on from here.
    func snapshot() throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for state in step.model.states { result[state.name] = try step.state(state.name) }
        return result
    }

    /// - Throws: where a state is missing, or of another type or shape.
    func restore(_ states: [String: Tensor]) throws {
        for state in step.model.states {
            guard let tensor = states[state.name] else { throw DLCError("has no \(state.name): \(state.type)\(state.shape)") }
            try step.setState(state.name, tensor)
        }
    }

    /// Parameters and statistics as evaluation reads them, under their own names: averages in place of what is averaged.
    func weights(of training: Training) throws -> [(name: String, tensor: Tensor)] {
        let states = Set(step.model.states.map(\.name))
        return try training.step.parameters.compactMap { parameter in
            let average = training.average(of: parameter.name)
            let name = average.map(states.contains) == true ? average ?? parameter.name : parameter.name
            return states.contains(name) ? (parameter.name, try step.state(name)) : nil
        }
    }
}
