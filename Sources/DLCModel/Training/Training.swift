import DLCGraph

/// A training as written, as two models of one text over the same parameters.
///
/// What a run must keep lies in states: the parameters under their names, and under names that begin with `training.` the
/// moments of optimisers (PyTorch's names for them), the rates and the key.
public struct Training: Sendable {
    /// The state `[seed, run]`, `i64[2]`: what random numbers are drawn from, and how many runs there were.
    public static let key = "training.key"

    /// Moves the parameters in every run.
    public let step: Model
    /// Reads the parameters, or their averages where there are some, as the step left them; changes none of them.
    public let evaluation: Model
    /// What the training predicts: computed as in evaluation, over the same states, from the inputs that it reads; extents of inputs
    /// that settings set are open in it where they can be. States of its own have names that begin with `predict.`.
    public let prediction: Model?
    /// The names of the parameters that the step moves against a gradient.
    public let trained: [String]
    /// States `f32[]` that hold the base rates, which may be set between runs: one per `minimize` whose rate is no input.
    public let rates: [String]

    /// What the first of these rates is in the run that comes next: the output `rate`, `f64[]`, of the part of the step that
    /// computes it from the step's states. Nil where it is an input.
    public let rateInEffect: Graph?

    /// Build-time parameters of the training's text that are numbers, such as its rate.
    public let numbers: [String: Double]

    /// - Parameter predictionBuilder: an evaluation of which the prediction is a part.
    init(_ stepBuilder: ModelBuilder, _ evaluationBuilder: ModelBuilder, _ predictionBuilder: ModelBuilder) throws {
        prediction = try predictionBuilder.finishPrediction()
        rateInEffect = try stepBuilder.training.ratesInEffect.first.map { rate in
            try stepBuilder.graph.graph.part(computing: [("rate", rate.tensor(in: stepBuilder).value)])
        }
        // What only the prediction reads nobody gives to a step.
        let predicted = Set(prediction?.graph.inputs.map(\.name) ?? [])
        let step = try stepBuilder.finish().rewritten { try $0.withoutUnread(inputs: predicted) }
        let alone = predicted.subtracting(step.graph.inputs.map(\.name))
        let evaluation = try evaluationBuilder.finish().rewritten { try $0.withoutUnread(inputs: alone) }
        self.evaluation = evaluation
        // What a model says of its input is the training's where nothing is drawn on the way to it.
        self.step = step.rewritten { graph in
            var graph = graph
            graph.metadata = evaluation.graph.metadata
            return graph
        }
        trained = stepBuilder.training.trained
        rates = stepBuilder.training.rateStates
        numbers = stepBuilder.numbers
    }

    /// Builds a training in Swift.
    /// - Parameter body: builds the model, its losses and outputs; called twice, for the step and for the evaluation.
    public init(_ name: String, _ body: (ModelBuilder) throws -> Void) throws {
        let step = ModelBuilder(name, mode: .step)
        try body(step)
        try step.settleTraining()
        let evaluation = ModelBuilder(name, mode: .evaluation, averaged: step.training.averages)
        try body(evaluation)
        try self.init(step, evaluation, evaluation)
    }

    /// What becomes of a parameter.
    public enum Fate: String, Sendable {
        /// It moves against a gradient.
        case trained
        /// A running statistic, which moves toward those of the batches.
        case statistic
        /// It moves toward the parameter that it began as.
        case follows
        /// It stays as it is.
        case frozen
    }

    /// What becomes of the parameters, in their order.
    public var fates: [(parameter: ModelParameter, fate: Fate)] {
        let trained = Set(trained)
        let moving = Set(step.states.lazy.filter { $0.next != $0.value }.map(\.name))
        return step.parameters.map { parameter in
            if trained.contains(parameter.name) { return (parameter, .trained) }
            if parameter.source != nil { return (parameter, .follows) }
            return (parameter, moving.contains(parameter.name) ? .statistic : .frozen)
        }
    }

    /// The names of parameters that stay as they are.
    public var frozen: [String] { fates.filter { $0.fate == .frozen }.map(\.parameter.name) }

    /// States of the evaluation that are the step's: parameters and averages. Others, such as those of a recurrent network, are its
    /// own, and their names begin with `evaluation.`.
    public var shared: [String] {
        let names = Set(step.states.map(\.name))
        return evaluation.states.map(\.name).filter(names.contains)
    }

    /// The state that evaluation reads in place of a parameter: the average of its values. Nil where it is not averaged.
    public func average(of parameter: String) -> String? {
        let name = ModelBuilder.averageName(parameter)
        return step.copies[name] == parameter ? name : nil
    }
}
