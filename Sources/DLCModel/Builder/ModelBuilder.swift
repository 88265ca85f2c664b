@_exported import DLCGraph
import DLCOps

/// Builds a model: inputs, parameters, constants, state and layers.
///
/// Names form a path. A block opens a level of it; a layer or block without a name gets its own with a number counted in
/// the block around it (`conv`, `conv2`).
public final class ModelBuilder {
    private struct Scope {
        var path: String
        var counts: [String: Int] = [:]
        var taken: Set<String> = []
    }

    /// What the model is built for, which decides how its layers behave.
    public enum Mode: Sendable {
        /// To be run with the weights that it has.
        case inference
        /// A training's step: parameters are states that it moves; layers draw and take the batch's statistics.
        case step
        /// A training's evaluation: parameters are the same states, which it only reads; nothing is drawn.
        case evaluation
    }

    public private(set) var mode: Mode
    /// Build-time parameters of the model or training that are numbers.
    var numbers: [String: Double] = [:]
    /// What a training predicts, in order.
    private(set) var predictions: [(name: String, value: Value)] = []
    /// Whether what is built is for `predict` alone.
    private(set) var isPredicting = false
    /// Whether that is for the sake of names, in a step.
    private var isQuiet = false
    /// Free text for who uses the model, by key.
    private(set) var metadata: [String: String] = [:]
    var graph: GraphBuilder
    private var scopes = [Scope(path: "")]
    var parameters: [ModelParameter] = []
    /// What the training asks for beside its model.
    var training = TrainingRequests()
    /// Parameters whose average evaluation reads in their place.
    let averaged: Set<String>
    /// Elements of all parameters, so that their sum is known to fit.
    private var elementCount = 0
    private var known: [String: (value: TensorValue, owner: Int, index: Int)] = [:]
    /// States that have no next value yet.
    private var unsetStates: [String] = []
    private var owners = 0

    public convenience init(_ name: String = "") { self.init(name, mode: .inference) }

    init(_ name: String, mode: Mode, averaged: Set<String> = []) {
        graph = GraphBuilder(name: name)
        self.mode = mode
        self.averaged = averaged
    }

    /// An input of the model; symbols in its shape are dimensions that a run settles.
    public func input(_ name: String, _ element: ElementType = .float32, _ shape: Shape) throws -> TensorValue {
        TensorValue(try graph.input(name, TensorType(element, shape)), self)
    }

    public func output(_ name: String, _ value: TensorValue) throws { try graph.output(name, value.value) }

    /// Free text that travels with the model: `labels` are the names of classes, with commas or line ends between, `INPUT.mean` and
    /// `INPUT.std` what pictures are normalised by. What a model says, the training that calls it says too.
    public func metadata(_ key: String, _ value: String) { metadata[key] = value }

    /// The input that a value is, or nil where it is computed.
    func inputName(of value: TensorValue) -> String? { graph.graph.inputs.first { $0.value == value.value }?.name }

    public func constant(_ tensor: Tensor, name: String? = nil) -> TensorValue { TensorValue(graph.constant(tensor, name: name), self) }

    /// A scalar of a tensor's element type.
    public func scalar(_ number: Double, like x: TensorValue) throws -> TensorValue {
        guard x.element.isFloat || number == number.rounded() else {
            throw DLCError("the number \(number) does not fit a tensor of \(x.element); convert the tensor first")
        }
        return constant(try Tensor(filling: number, type: x.element, shape: []))
    }

    /// A parameter of its own, outside any layer, with `name` under the block that is open.
    public func parameter(
        _ shape: [Int], init initialiser: Initialiser = .zeros, type: ElementType = .float32, name: String
    ) throws -> TensorValue {
        owners += 1
        let path = Self.join(scopes[scopes.count - 1].path, name)
        return try parameter(
            ModelParameter(name: path, type: type, shape: shape, initialiser: initialiser), owner: owners)
    }

    func parameter(_ parameter: ModelParameter, owner: Int) throws -> TensorValue {
        let count = try Checked.count(parameter.shape)
        guard count > 0 else { throw DLCError("parameter \(parameter.name) is \(parameter.type)\(parameter.shape), which has no elements") }
        if let (value, knownOwner, index) = known[parameter.name] {
            let first = parameters[index]
            guard knownOwner == owner else {
                throw DLCError("two layers have a parameter \(parameter.name); give one of them another name")
            }
            guard first.shape == parameter.shape, first.type == parameter.type else {
                throw DLCError(
                    "parameter \(parameter.name) is \(first.type)\(first.shape) and is used as \(parameter.type)\(parameter.shape)")
            }
            return value
        }
        elementCount = try Checked.add(elementCount, count)
        let value = TensorValue(try entry(parameter), self)
        known[parameter.name] = (value, owner, parameters.count)
        parameters.append(parameter)
        return value
    }

    /// The value by which the graph reads a parameter.
    private func entry(_ parameter: ModelParameter) throws -> Value {
        if mode == .inference { return try graph.add1(Placeholder(parameter), [], resultName: parameter.name) }
        let name = averaged.contains(parameter.name) ? Self.averageName(parameter.name) : parameter.name
        let zero = try Tensor(filling: 0, type: parameter.type, shape: [])
        return try graph.state(name, TensorType(parameter.type, Shape(constants: parameter.shape)), initial: zero)
    }

    static func averageName(_ parameter: String) -> String { "training.average.\(parameter)" }

    func parameterValue(_ name: String) -> TensorValue? { known[name]?.value }

    /// The names of a layer's parameters without its path.
    func parameterNames(under path: String) -> [String] {
        parameters.map(\.name).filter { $0.hasPrefix(path + ".") }.map { String($0.dropFirst(path.count + 1)) }
    }

    /// A tensor that the session keeps between runs; `next` gives what it becomes.
    /// - Parameter initial: what it is before the first run: a tensor of its type, or a scalar that every element is; nil
    ///   for zeros.
    public func state(_ name: String, _ element: ElementType = .float32, shape: [Int], initial: Tensor? = nil) throws -> TensorValue {
        let name = own(name)
        let value = try graph.state(name, TensorType(element, Shape(constants: shape)), initial: initial)
        unsetStates.append(name)
        return TensorValue(value, self)
    }

    /// Gives what a state is at the next run.
    public func next(_ name: String, _ value: TensorValue) throws {
        let name = own(name)
        try graph.next(name, value.value)
        unsetStates.removeAll { $0 == name }
    }

    /// The name of a state that is no parameter. Those of an evaluation and a prediction are others than the step's, which these must
    /// not move.
    private func own(_ name: String) -> String {
        isPredicting ? Self.predictionPrefix + name : mode == .evaluation ? Self.evaluationPrefix + name : name
    }

    static let (evaluationPrefix, predictionPrefix) = ("evaluation.", "predict.")

    /// Runs `body` with a block opened: names of layers and parameters in it are under the block's.
    /// - Parameters:
    ///   - kind: names the block where `name` is nil, with a number from the second on.
    ///   - name: one or several components of the path.
    public func block<R>(_ kind: String, name: String? = nil, _ body: () throws -> R) throws -> R {
        scopes.append(Scope(path: path(for: kind, name: name)))
        defer { scopes.removeLast() }
        return try body()
    }

    /// The path of the block that is open; empty in the model itself.
    var path: String { scopes[scopes.count - 1].path }

    /// Runs `body` in the block of a whole path, opened for the first time or again; names in it are counted anew.
    func block<R>(at path: String, _ body: () throws -> R) rethrows -> R {
        scopes.append(Scope(path: path))
        defer { scopes.removeLast() }
        return try body()
    }

    /// A layer that can be applied several times with the same weights.
    public func layer(_ layer: any Layer, name: String? = nil) -> LayerInstance {
        owners += 1
        return LayerInstance(layer, LayerContext(builder: self, path: path(for: layer.definition.name, name: name), owner: owners))
    }

    /// The model.
    /// - Throws: where it has no output or a state has no next value; `TrainingProblems` where a training asks for what cannot be.
    public func finish() throws -> Model {
        try settleTraining()
        if graph.graph.outputs.isEmpty { throw DLCError("the model has no output") }
        if let unset = unsetStates.first { throw DLCError("state \(unset) has no next value") }
        var result = try predictions.isEmpty ? graph.graph : graph.graph.withoutStates { $0.hasPrefix(Self.predictionPrefix) }
        result.metadata.merge(metadata) { $1 }
        return Model(graph: result, parameters: parameters, copies: copies, keys: [Training.key])
    }

    /// What a training's evaluation predicts, as a model of its own: the inputs, parameters and states that this takes and no others.
    /// - Returns: nil where there is no `predict`.
    func finishPrediction() throws -> Model? {
        if predictions.isEmpty { return nil }
        var part = try graph.graph.part(computing: predictions) { $0.replacingPrefix(Self.evaluationPrefix, with: Self.predictionPrefix) }
        if let name = part.inputs.map(\.name).first(where: { name in predictions.contains { $0.name == name } }) {
            throw DLCError("a prediction is called \(name), as an input is whose extents it needs; an output has a name of its own")
        }
        let gone = Set((graph.graph.inputs + graph.graph.outputs).map(\.name)).subtracting((part.inputs + part.outputs).map(\.name))
        part.metadata = metadata.filter { note in !gone.contains { note.key.hasPrefix($0 + ".") } }
        let states = Set(part.states.map(\.name)), copies = copies.filter { states.contains($0.key) }
        let read = states.union(copies.values)
        return Model(
            graph: part, parameters: parameters.filter { read.contains($0.name) }, copies: copies, keys: [Self.predictionPrefix + "key"])
    }

    /// The parameters that states other than those of their names begin as.
    private var copies: [String: String] {
        var copies = training.copies
        for name in averaged { copies[Self.averageName(name)] = name }
        return copies
    }

    // MARK: Predictions

    /// Whether numbers that the text asks for are drawn although it is no step.
    var drawsPrediction: Bool { isPredicting && !isQuiet }

    /// Builds what is for `predict` alone: in a step too as in evaluation, so that names are the same.
    func predicting<R>(_ body: () throws -> R) rethrows -> R {
        let before = (mode, isPredicting, isQuiet)
        (mode, isPredicting, isQuiet) = (mode == .step ? .evaluation : mode, true, mode != .evaluation)
        let constraints = graph.graph.constraints.count
        defer {
            (mode, isPredicting, isQuiet) = before
            graph.forgetConstraints(after: constraints)
        }
        return try body()
    }

    /// Adds a value to what a training predicts.
    func prediction(_ name: String, _ value: TensorValue) throws {
        if predictions.contains(where: { $0.name == name }) { throw DLCError("two predictions are named \(name)") }
        predictions.append((name, value.value))
    }

    /// The names of the inputs that values are computed from.
    func inputs(readBy values: [TensorValue]) -> Set<String> {
        let isLive = graph.graph.live(from: values.map(\.value))
        return Set(graph.graph.inputs.filter { isLive[$0.value.index] }.map(\.name))
    }

    func fact(_ value: Value) -> Fact { graph.fact(value) }

    /// - Throws: where two extents cannot be equal.
    func require(_ a: Dim, equals b: Dim, _ reason: String) throws {
        try graph.require(Constraint(.equal, a, b, place: path, reason: reason))
    }

    /// The number of nodes so far, for budgets.
    public var nodeCount: Int { graph.graph.nodes.count }

    func add(_ op: any Operator, _ operands: [TensorValue?], name: String = "") throws -> [TensorValue] {
        for case let operand? in operands where operand.builder !== self {
            throw DLCError("\(op.name) takes a tensor of another model")
        }
        return try graph.add(op, operands.map { $0?.value }, name: name).map { TensorValue($0, self) }
    }

    static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : name.isEmpty ? path : "\(path).\(name)" }

    private func path(for kind: String, name: String?) -> String {
        let index = scopes.count - 1
        if let name {
            scopes[index].taken.insert(name)
            return Self.join(scopes[index].path, name)
        }
        var candidate: String
        repeat {
            scopes[index].counts[kind, default: 0] += 1
            let count = scopes[index].counts[kind, default: 1]
            candidate = count == 1 ? kind : "\(kind)\(count)"
        } while scopes[index].taken.contains(candidate)
        return Self.join(scopes[index].path, candidate)
    }
}

extension String {
    /// With another prefix where it has the first.
    func replacingPrefix(_ prefix: String, with other: String) -> String { hasPrefix(prefix) ? other + dropFirst(prefix.count) : self }
}
