import DLC

/// A compiled function of a network's inputs: one of its values, and the gradients of a weighted sum of that value's elements.
final class ScoreFunction {
    /// What gradients are taken at.
    enum Place {
        case picture
        case value(Value)
    }

    private static let weights = "explain.weights"
    private let session: Session
    private let hasGradient: Bool
    private let type: ElementType
    /// The value's shape.
    let shape: [Int]

    struct Result {
        /// The value's elements.
        var value: [Double]
        /// What is at the place that the gradient is taken at; nil where that is the picture, or none is taken.
        var place: Tensor?
        var gradient: Tensor?
    }

    /// - Parameter target: the value.
    /// - Parameter place: nil where no gradient is asked for.
    /// - Parameter isGuided: whether ReLUs hand on only gradients that are positive.
    /// - Throws: where an operator on the way has no gradient or no kernel, the value does not depend on the place, or guided
    ///   backpropagation finds no ReLU.
    init(
        _ network: ExplainedGraph, target: Value, at place: Place?, isGuided: Bool = false, _ options: CompileOptions, threads: Int?
    ) throws {
        var rewriter = Rewriter(network.graph)
        var rectified = 0
        try rewriter.sweep { rewriter, node in
            guard isGuided, Self.isReLU(node.op), let x = node.operands[0] else { return nil }
            rectified += 1
            let cut = try rewriter.add1(RectifyGradient(), [x], name: node.name)
            return [try rewriter.add1(node.op, [cut], name: node.name)]
        }
        if isGuided, rectified == 0 { throw DLCError("has no ReLU, which guided backpropagation goes through; take another --method") }
        let value = try rewriter.mapped(target)
        let point: Value? = try place.map {
            switch $0 {
            case .picture: try rewriter.mapped(network.picture.value)
            case .value(let value): try rewriter.mapped(value)
            }
        }
        var builder = rewriter.builder
        var outputs = [(name: "value", value: value)]
        if let point {
            let weights = try builder.input(Self.weights, builder.graph.type(value))
            let sum = try builder.add1(Binary(.mul), [value, weights])
            outputs.append(("gradient", try builder.add(Gradient(mustReach: true), [sum, point])[0]))
            if case .value = place { outputs.append(("place", point)) }
        }
        hasGradient = point != nil
        type = builder.graph.type(value).element
        shape = builder.shape(value).constants ?? []
        session = try Session(CompiledModel(Compiler.compile(builder.graph.part(computing: outputs), options)), threads: threads)
    }

    /// - Parameter weights: one per element of the value; zeros where no gradient is wanted.
    func callAsFunction(_ inputs: [String: Tensor], weights: [Double]? = nil) throws -> Result {
        let read = Set(session.model.inputs.map(\.name))
        var inputs = inputs.filter { read.contains($0.key) }
        if hasGradient {
            let zeros = [Double](repeating: 0, count: shape.reduce(1, *))
            inputs[Self.weights] = try Tensor(doubles: weights ?? zeros, type: type, shape: shape)
        }
        if !session.model.states.isEmpty { session.resetState() }
        let outputs = try session.run(inputs)
        return Result(value: try outputs["value"]?.doubles() ?? [], place: outputs["place"], gradient: outputs["gradient"])
    }

    private static func isReLU(_ op: any Operator) -> Bool {
        if let op = op as? Unary { return op.function == .relu }
        return (op as? Clip)?.min == 0
    }
}
