import DLCGraph

/// The plain network that a training leaves: its prediction with parameters in place of states, so that it compiles and exports as
/// any model does.
extension Training {
    /// The network, whose parameters have no values yet. Weight files of the training fit it, and files of all its states: a
    /// parameter takes its average where the training keeps one and the file has it.
    ///
    /// What a network itself keeps from run to run, such as the state of a recurrent one, stays a state, under its own name.
    /// - Throws: where the training has no `predict`.
    public func network() throws -> Model {
        guard let prediction else {
            throw DLCError(
                "training \(step.graph.name) says nothing that it predicts; for example `predict probabilities: logits.softmax(axis: 1)`")
        }
        var network = try prediction.withPlainParameters { $0.replacingPrefix(ModelBuilder.predictionPrefix, with: "") }
        network.others = Set((step.states + evaluation.states + prediction.states).map(\.name))
        return network
    }

    /// The network with the trained weights as constants.
    /// - Parameter states: tensors of the training's states by their names, such as `conv.weight`; those of optimisers may be among
    ///   them. The seed of what the network draws is 0.
    /// - Throws: where the training has no `predict`, or a parameter's state is missing or of another type or shape.
    public func network(states: [String: Tensor]) throws -> Graph {
        let network = try network()
        return try network.graph { parameter in
            guard let tensor = states[network.source(of: parameter)] ?? states[parameter.name] else {
                throw DLCError("there is no tensor \(parameter.name) among the states of training \(step.graph.name)")
            }
            return tensor
        }
    }
}

extension Model {
    /// The state of a training that holds what the plain network's parameter is.
    func source(of parameter: ModelParameter) -> String {
        graph.states.contains { $0.name == parameter.name }
            ? parameter.name : copies.first { $0.value == parameter.name }?.key ?? parameter.name
    }

    /// The model in which parameters are no states.
    /// - Parameter name: what a state that stays is called.
    func withPlainParameters(_ name: (String) -> String) throws -> Model {
        let byName = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
        var result = self
        result = try rewritten { graph in
            try graph.replacingStates { state in
                if let parameter = byName[copies[state.name] ?? state.name] { return (parameter.name, Placeholder(parameter)) }
                return (keys.contains(state.name) ? state.name : name(state.name), nil)
            }
        }
        return result
    }
}
