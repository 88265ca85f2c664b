import DLCGraph
import DLCModel

/// Trainings in `.dlm` files.
extension Compiler {
    /// The name of the program that reads a training's parameters and changes none.
    public static let evaluation = "evaluation"
    /// The name of the program that predicts.
    public static let prediction = "predict"

    /// A `.dlm` file's training, whose parameters have no values yet.
    /// - Throws: `ModelErrors`, all mistakes of the file.
    public static func training(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> Training {
        try options.check(path)
        return try Training.load(path, settings: options.settings, training: options.training)
    }

    /// The graphs of a training.
    public struct TrainingGraphs: Sendable {
        public var step: Graph
        public var evaluation: Graph
        /// Nil where the training has no `predict`.
        public var prediction: Graph?

        /// What goes into a plan beside the step.
        public var programs: [Graph] { [evaluation] + (prediction.map { [$0] } ?? []) }
    }

    /// The step, the evaluation and the prediction of a file's training, with parameters drawn or from a weight file as initial
    /// states.
    /// - Throws: what `training` throws; `WeightMismatch` where weights do not fit.
    public static func trainingGraphs(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> TrainingGraphs {
        let training = try training(path, options)
        let values = try values(of: training.step, options)
        return try located(path) { try graphs(training, values, options) }
    }

    /// The same of a training that is at hand, such as one built in Swift; of `options`, what says how inputs are settled and where
    /// parameters come from.
    /// - Throws: `WeightMismatch` where weights do not fit.
    public static func trainingGraphs(_ training: Training, _ options: ModelOptions = ModelOptions()) throws -> TrainingGraphs {
        try graphs(training, values(of: training.step, options), options)
    }

    private static func graphs(
        _ training: Training, _ values: (ModelParameter) throws -> Tensor, _ options: ModelOptions
    ) throws -> TrainingGraphs {
        // One tensor for a parameter of several programs.
        var drawn: [String: Tensor] = [:]
        func graph(_ model: Model, _ settled: InputSettings) throws -> Graph {
            try model.rewritten { try $0.settling(settled, foldLimit: GraphBuilder.usualFoldLimit) }.graph(seed: options.seed ?? 0) {
                parameter in
                if let known = drawn[parameter.name] { return known }
                let tensor = try values(parameter)
                drawn[parameter.name] = tensor
                return tensor
            }
        }
        var step = try graph(training.step, options.inputs)
        step.metadata["denormals"] = "flush"
        var evaluation = try graph(training.evaluation, options.inputs)
        evaluation.name = Self.evaluation
        // What extents a step has is not said of predictions.
        var settled = InputSettings()
        settled.constants = options.inputs.constants.filter { constant in
            training.prediction?.graph.inputs.contains { $0.name == constant.key } ?? false
        }
        var prediction = try training.prediction.map { try graph($0, settled) }
        prediction?.name = Self.prediction
        return TrainingGraphs(step: step, evaluation: evaluation, prediction: prediction)
    }

    /// Compiles a file's training: a step, and over its states the programs `evaluation` and, where it says what it predicts,
    /// `predict`.
    /// - Throws: what `trainingGraphs` and `compile` throw.
    public static func compileTraining(
        _ path: String, _ model: ModelOptions = ModelOptions(), _ options: CompileOptions = CompileOptions()
    ) throws -> PlanImage {
        let graphs = try trainingGraphs(path, model)
        return try located(path) { try compile(graphs.step, programs: graphs.programs, options) }
    }

    /// Compiles a training that is at hand.
    /// - Throws: what `trainingGraphs` and `compile` throw.
    public static func compileTraining(
        _ training: Training, _ model: ModelOptions = ModelOptions(), _ options: CompileOptions = CompileOptions()
    ) throws -> PlanImage {
        let graphs = try trainingGraphs(training, model)
        return try compile(graphs.step, programs: graphs.programs, options)
    }

    /// The plain network that a file's training leaves, whose parameters have no values yet: see `Training.network`. Settings of
    /// extents settle them.
    static func network(_ path: String, _ program: String, _ options: ModelOptions) throws -> Model {
        guard program == prediction else {
            throw DLCError("there is no network \(program); the one that a training leaves is \(prediction)", at: [path])
        }
        let training = try training(path, options)
        return try located(path) { try network(training, options) }
    }

    private static func network(_ training: Training, _ options: ModelOptions) throws -> Model {
        let network = try training.network()
        let symbols = Set(network.graph.inputs.flatMap { network.graph.shape($0.value).flatMap(\.symbols) })
        var settled = options.inputs
        for (name, text) in options.settings where symbols.contains(name) {
            if let extent = Int(text), settled.dims[name] == nil { settled.dims[name] = extent }
        }
        return try network.rewritten { try $0.settling(settled, foldLimit: GraphBuilder.usualFoldLimit) }
    }

    /// The plain network that a training leaves, with the parameters of a weight file, and what that says of the data.
    /// - Throws: `WeightMismatch` where the weights are another network's.
    public static func network(of training: Training, _ options: ModelOptions) throws -> Graph {
        let model = try network(training, options)
        return try saying(model.graph(values: values(of: model, options)), options)
    }
}
