import DLC

/// The type for a compiled training: an object that learns, evaluates and predicts, with a parameter per input and a property per
/// output, and keeps its weights in files.
extension TypedInterface {
    var isTraining: Bool { evaluation != nil }

    private var evaluation: Plan? { plan.programs.first { $0.name == Compiler.evaluation } }
    private var prediction: Plan? { plan.programs.first { $0.name == Compiler.prediction } }

    /// `DigitsTraining` for `Digits`.
    static func trainingName(_ name: String) -> String {
        let type = SwiftNames.type(name)
        return type.hasSuffix("Training") ? type : type + "Training"
    }

    private static let scalars: [ElementType: String] = [.float32: "Float", .float64: "Double", .int64: "Int64"]

    var trainingText: String {
        let name = Self.trainingName(resource)
        return """
            // Written by `dlc build --swift`. Do not edit.
            import DLCRuntime
            import Foundation

            /// The training \(Self.comment(source)), compiled into \(Self.comment(resource)).dlc: a network that learns in the app.
            ///
            /// Used by one task at a time.
            public final class \(name) {
                /// The sessions of the step, the evaluation and the prediction, and all states.
                public let training: TrainingSession

                /// Loads the compiled file from this module's resources.
                /// - Parameter threads: threads to compute with; nil takes the processors available.
                public convenience init(threads: Int? = nil) throws {
            \(findResource)
                    try self.init(CompiledModel(contentsOf: path), threads: threads)
                }

                /// A further training of a model that is loaded already: that of another object's `training.model`.
                public init(_ model: CompiledModel, threads: Int? = nil) throws {
                    training = try TrainingSession(model, threads: threads)
                }

            \(members.joined(separator: "\n\n"))
            }

            """
    }

    private var members: [String] {
        var members = [Self.results("Results", "What a step and an evaluation give.", plan.outputs, scalars: Self.scalars)]
        if let prediction {
            members.append(Self.results("Prediction", "What the network predicts.", prediction.outputs, scalars: Self.scalars))
        }
        members.append(
            Self.method(
                "step", "Learns from one batch. What it gives is as it was before the weights moved.", plan.inputs, "Results",
                by: "training.step",
                attributes: "@discardableResult "))
        if let evaluation {
            members.append(
                Self.method(
                    "evaluate", "The same with the weights as they are, which stay.", evaluation.inputs, "Results", by: "training.evaluate")
            )
        }
        if let prediction {
            members.append(
                Self.method(
                    "predict", "What the network says with the weights as they are.", prediction.inputs, "Prediction",
                    by: "training.predict"))
        }
        return members + rates + [files]
    }

    /// A method for each base rate that is a state.
    private var rates: [String] {
        let states = plan.states.filter { $0.name.hasPrefix("training.rate") && $0.type == .float32 && $0.shape.isEmpty }
        return zip(states, SwiftNames.values(states.map { "set." + $0.name.dropFirst("training.".count) })).map { state, name in
            """
                /// Sets the base rate `\(Self.comment(state.name))` of the steps to come.
                public func \(name)(_ rate: Float) throws { try training.session.setState(\(Self.literal(state.name)), Tensor([rate], shape: [])) }
            """
        }
    }

    private var files: String {
        """
            /// Writes the weights to a `.safetensors` file, which `loadWeights`, `dlc --weights` and PyTorch read.
            public func saveWeights(to path: String) throws { try training.saveWeights(to: path) }

            /// Takes the weights of such a file, or of one with all states; what the optimiser keeps stays.
            public func loadWeights(from path: String) throws { try training.loadWeights(from: path) }

            /// Writes all that the training goes on from: weights, statistics, what the optimiser keeps, the random key.
            public func save(to path: String) throws { try training.saveStates(to: path) }

            /// Goes on, bit for bit, from where `save` was called.
            public func load(from path: String) throws { try training.loadStates(from: path) }

            /// Makes everything what it is in the compiled file.
            public func reset() { training.reset() }
        """
    }
}
