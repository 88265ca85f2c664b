import DLCGraph
import DLCModel

/// Trainings in `.dlm` files.
extension Compiler {
    /// The name of the program that reads a training's parameters and changes none.
    public static let evaluation = "evaluation"

    /// A `.dlm` file's training, whose parameters have no values yet.
    /// - Throws: `ModelErrors`, all mistakes of the file.
    public static func training(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> Training {
        try options.check(path)
        return try Training.load(path, settings: options.settings, training: options.training)
    }

    /// The step and the evaluation of a file's training, with parameters drawn or from a weight file as initial states.
    /// - Throws: what `training` throws; `WeightMismatch` where weights do not fit.
    public static func trainingGraphs(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> (step: Graph, evaluation: Graph) {
        let training = try training(path, options)
        let values = try values(of: training.step, options)
        return try located(path) {
            let settled = options.inputs
            // One tensor for a parameter of both programs.
            var drawn: [String: Tensor] = [:]
            func graph(_ model: Model) throws -> Graph {
                try model.rewritten { try $0.settling(settled, foldLimit: GraphBuilder.usualFoldLimit) }.graph(seed: options.seed ?? 0) { parameter in
                    if let known = drawn[parameter.name] { return known }
                    let tensor = try values(parameter)
                    drawn[parameter.name] = tensor
                    return tensor
                }
            }
            var evaluation = try graph(training.evaluation)
            evaluation.name = Self.evaluation
            var step = try graph(training.step)
            step.metadata["denormals"] = "flush"
            return (step, evaluation)
        }
    }

    /// Compiles a file's training: a step, and the program `evaluation` over its states.
    /// - Throws: what `trainingGraphs` and `compile` throw.
    public static func compileTraining(
        _ path: String, _ model: ModelOptions = ModelOptions(), _ options: CompileOptions = CompileOptions()
    ) throws -> PlanImage {
        let graphs = try trainingGraphs(path, model)
        return try located(path) { try compile(graphs.step, programs: [graphs.evaluation], options) }
    }
}
