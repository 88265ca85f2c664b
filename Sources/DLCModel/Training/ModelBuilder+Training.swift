import DLCGraph
import DLCOps

/// What trainings ask for. In a model's inference and a training's evaluation all of it does nothing.
extension ModelBuilder {
    /// Moves parameters against the gradient of a loss in every run: the same for all, as the parameters were before it.
    /// - Parameter loss: a scalar of floating point.
    @discardableResult public func minimize(_ loss: TensorValue, _ request: Minimisation) throws -> Int {
        guard mode == .step else { return 0 }
        training.count += 1
        training.minimised.append(.init(loss: loss, request: request, id: training.count))
        return training.count
    }

    public func minimize(_ loss: TensorValue, by optimiser: any Optimiser, over patterns: [String]? = nil) throws {
        var request = Minimisation(by: optimiser)
        request.over = patterns
        try minimize(loss, request)
    }

    /// Keeps parameters as they are, and layers of running statistics among them as at inference. Stands before the layers.
    /// - Parameter patterns: names of parameters, layers or blocks; `*` stands for any characters.
    @discardableResult public func freeze(_ patterns: [String]) throws -> Int {
        training.count += 1
        training.frozen += patterns.map { .init(pattern: NamePattern($0), text: $0, id: training.count) }
        return training.count
    }

    /// Multiplies the rate of the parameters that a pattern covers.
    @discardableResult public func rates(_ factors: [(pattern: String, factor: Double)]) throws -> Int {
        training.count += 1
        training.rates += factors.map { .init(pattern: NamePattern($0.pattern), text: $0.pattern, factor: $0.factor, id: training.count) }
        return training.count
    }

    /// Lets the parameters of a block follow those of another one: every so many runs `target += rate · (source - target)`. Stands
    /// before the layers.
    @discardableResult public func follow(_ target: String, of source: String, every: Int = 1, rate: Double = 1) throws -> Int {
        training.count += 1
        training.followed.append(.init(target: target, of: source, every: every, rate: rate, id: training.count))
        return training.count
    }

    /// Says what the training predicts: the program `predict`, which computes as evaluation does and takes the inputs alone that
    /// this reads.
    /// - Parameter outputs: builds them, by name. Numbers that `randomNormal` and `randomUniform` give in it are drawn.
    public func predict(_ outputs: () throws -> KeyValuePairs<String, TensorValue>) throws {
        guard predictions.isEmpty else { throw DLCError("the training predicts already") }
        for (name, value) in try predicting(outputs) { try prediction(name, value) }
        if predictions.isEmpty { throw DLCError("the training predicts nothing") }
    }

    // MARK: Draws

    /// The seed and the number of the run, `i64[2]`; that of `predict` is another one than the step's.
    func key() throws -> TensorValue {
        if let key = training.key { return key }
        let name = isPredicting ? "key" : Training.key
        let key = try state(name, .int64, shape: [2])
        training.key = key
        try next(name, key.apply(Binary(.add), constant(Tensor([0, 1] as [Int64], shape: [2]))))
        return key
    }

    /// Numbers that every run draws anew; nil outside of a training's step.
    /// - Parameter isAsked: whether they are what the text asks for, so that `predict` draws them too.
    func draw(_ distribution: RandomDistribution, _ shape: Shape, name: String = "", isAsked: Bool = false) throws -> TensorValue? {
        guard mode == .step || (isAsked && drawsPrediction) else { return nil }
        training.streams += 1
        return try add(Random(distribution, stream: (isPredicting ? 1 << 31 : 0) + training.streams, shape: shape), [key()], name: name)[0]
    }

    /// The number of the run, from 0, as f64.
    func runNumber() throws -> TensorValue {
        let number = try key().apply(Slice(starts: [1], sizes: [1], steps: [1])).apply(Reshape(shape: []))
        return try number.apply(Cast(to: .float64))
    }

    // MARK: Running statistics

    /// Whether a layer of running statistics takes the batch's and moves its own.
    func movesStatistics(_ name: String) -> Bool { mode == .step && !training.keeps(name) }

    /// Moves a running statistic: `(1 - momentum) · old + momentum · new`, after what earlier applications of the layer did.
    func move(_ name: String, toward value: TensorValue, momentum: Double) throws {
        guard let start = training.statistics[name] ?? parameterValue(name) else { throw DLCError("there is no statistic \(name)") }
        training.statistics[name] = try start * (1 - momentum) + value * momentum
    }

    // MARK: Parameters

    /// The trainable parameters so far that a pattern covers.
    func weights(_ pattern: NamePattern) -> [(name: String, value: TensorValue)] {
        parameters.filter { $0.role == .weight && pattern.covers($0.name) }.compactMap { parameter in
            parameterValue(parameter.name).map { (parameter.name, $0) }
        }
    }

    /// The sum of the squares of all elements of the parameters so far that patterns cover: for decay that is part of a loss.
    public func squaredNorm(_ patterns: [String]) throws -> TensorValue {
        let chosen = parameters.filter { parameter in
            parameter.role == .weight && patterns.contains { NamePattern($0).covers(parameter.name) }
        }
        let parts = try chosen.compactMap { parameterValue($0.name) }.map { try ($0 * $0).apply(Reduce(.sum, keepDims: false)) }
        guard let first = parts.first else { throw DLCError("no parameter is called \(patterns.joined(separator: ", "))") }
        return try parts.dropFirst().reduce(first) { try $0 + $1 }
    }

    // MARK: Gradients

    /// The gradients of the sum of y's elements, which can be differentiated again.
    /// - Parameter mustReach: whether a value that y does not depend on is a mistake, not one whose gradient is 0.
    public func gradients(of y: TensorValue, at values: [TensorValue], name: String = "", mustReach: Bool = true) throws -> [TensorValue] {
        try add(Gradient(mustReach: mustReach), [y] + values, name: name)
    }

    /// The values that y depends on through floating-point ones, by index, y included.
    func reached(from y: TensorValue) -> Set<Int> {
        let graph = graph.graph
        var reached: Set<Int> = [y.value.index]
        var open = [y.value]
        while let value = open.popLast() {
            guard let node = graph.producer(of: value), !(node.op is StopGradient) else { continue }
            for case let operand? in node.operands where graph.type(operand).element.isFloat && reached.insert(operand.index).inserted {
                open.append(operand)
            }
        }
        return reached
    }
}
