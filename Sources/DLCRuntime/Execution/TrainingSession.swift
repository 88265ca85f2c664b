@_exported import DLCSafetensors

/// A training at work: its step, and the evaluation and the prediction over the states that the step moves.
///
///     let training = try TrainingSession(CompiledModel(contentsOf: "learn.dlc"))
///     for batch in batches { loss = try training.step(["image": batch.image, "label": batch.label])["loss"] }
///     let probabilities = try training.predict(["image": image])["probabilities"]
///
/// Used by one task at a time.
public final class TrainingSession {
    /// The step, which holds the states: weights, running statistics, what optimisers keep, rates and the random key.
    public let session: Session
    private var others: [String: Session] = [:]

    private static let (evaluation, prediction) = ("evaluation", "predict")
    private static let average = "training.average."

    /// - Parameters:
    ///   - model: a compiled training.
    ///   - threads: threads to compute with; nil takes the processors available.
    /// - Throws: where it is none, or the threads cannot be started.
    public init(_ model: CompiledModel, threads: Int? = nil) throws {
        guard model.programs.contains(Self.evaluation) else {
            throw DLCError("\(model.plan.name) is no training: it has no program \(Self.evaluation); `dlc build --training` makes one")
        }
        session = try Session(model, threads: threads)
    }

    public var model: CompiledModel { session.model }

    /// Learns from one batch.
    /// - Parameter inputs: a tensor per input, by name.
    /// - Returns: what the training returns, as it was before the weights moved.
    /// - Throws: what `Session.run` throws; the states are then as they were.
    @discardableResult public func step(_ inputs: [String: Tensor]) throws -> [String: Tensor] { try session.run(inputs) }

    /// What the training returns with the weights as they are, nothing drawn and nothing moved.
    public func evaluate(_ inputs: [String: Tensor]) throws -> [String: Tensor] { try session(Self.evaluation).run(inputs) }

    /// What the network predicts with the weights as they are.
    /// - Throws: where the training has no `predict`.
    public func predict(_ inputs: [String: Tensor]) throws -> [String: Tensor] { try session(Self.prediction).run(inputs) }

    /// A session of a further program, over the states of the step. Made when it is asked for first.
    /// - Throws: where the training has none of that name.
    public func session(_ program: String) throws -> Session {
        if let session = others[program] { return session }
        let other = try Session(model.program(program), threads: session.threads, sharing: session)
        others[program] = other
        return other
    }

    /// Makes every state what it is in the compiled file.
    public func reset() {
        session.resetState()
        for other in others.values { other.resetState() }
    }

    // MARK: Files

    /// The names of the weights and running statistics, as the model has them.
    public var weights: [String] {
        let read = Set(model.plan.programs.first { $0.name == Self.evaluation }?.states.map(\.name) ?? [])
        return model.states.map(\.name).filter { !$0.hasPrefix("training.") && (read.contains($0) || read.contains(Self.average + $0)) }
    }

    /// Writes all states to a `.safetensors` file, so that the training goes on from there, bit for bit, once they are loaded. The
    /// file is complete or not there.
    public func saveStates(to path: String) throws { try save(model.states.map { ($0.name, $0.name) }, to: path) }

    /// Sets all states from a file that `saveStates` or `dlc` wrote.
    /// - Throws: where it cannot be read, lacks a state, or has one of another type or shape; nothing is set then.
    public func loadStates(from path: String) throws {
        try load(path) { names in
            let all = Set(model.states.map(\.name) + model.plan.programs.flatMap { $0.states.map(\.name) })
            if let other = names.subtracting(all).min() { throw DLCError("\(other.printable()) is no state of the training") }
            return model.states.map { ($0.name, $0.name) }
        }
    }

    /// Writes the weights to a `.safetensors` file by name, as `--weights` and PyTorch read them; of a weight of which the training
    /// keeps an average, that, which is what predictions are made with.
    public func saveWeights(to path: String) throws {
        let states = Set(model.states.map(\.name))
        try save(weights.map { ($0, states.contains(Self.average + $0) ? Self.average + $0 : $0) }, to: path)
    }

    /// Sets the weights, and the averages of them, from a file of weights or of all states. What optimisers keep stays.
    /// - Throws: where it cannot be read, lacks a weight, or has one of another type or shape; nothing is set then.
    public func loadWeights(from path: String) throws {
        try load(path) { names in
            let states = Set(model.states.map(\.name))
            return weights.flatMap { name -> [(state: String, tensor: String)] in
                let average = Self.average + name
                return [(name, name)] + (states.contains(average) ? [(average, names.contains(average) ? average : name)] : [])
            }
        }
    }

    private func save(_ tensors: [(name: String, state: String)], to path: String) throws {
        let states = Dictionary(model.states.map { ($0.name, $0) }) { first, _ in first }
        let entries = try tensors.map { tensor -> Safetensors.Entry in
            guard let state = states[tensor.state] else { throw DLCError("there is no state \(tensor.state)") }
            return Safetensors.Entry(name: tensor.name, type: state.type, shape: state.shape)
        }
        try Safetensors.write(entries, metadata: ["format": "pt"], to: path) { try session.state(tensors[$0].state) }
    }

    /// - Parameter choose: from the names in the file, which states are set and the tensors that they take.
    private func load(_ path: String, _ choose: (Set<String>) throws -> [(state: String, tensor: String)]) throws {
        let file = try Safetensors(contentsOf: path)
        try located(path) {
            let places = Dictionary(file.entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
            let states = Dictionary(model.states.map { ($0.name, $0) }) { first, _ in first }
            let chosen = try choose(Set(places.keys)).map { state, name -> (name: String, tensor: Tensor) in
                guard let place = places[name] else { throw DLCError("has no tensor \(name)") }
                let tensor = try file.tensor(at: place)
                if let state = states[state], tensor.type != state.type || tensor.shape != state.shape {
                    throw DLCError("\(name) is \(tensor.type)\(tensor.shape), the training has \(state.type)\(state.shape)")
                }
                return (state, tensor)
            }
            for (name, tensor) in chosen { try session.setState(name, tensor) }
        }
    }
}
