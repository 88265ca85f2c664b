extension Graph {
    /// How the shapes of inputs bind the symbols.
    public var binding: ShapeBinding {
        ShapeBinding(
            inputs: inputs.map { ShapeBinding.Input(name: $0.name, shape: shape($0.value), declared: declaredShapes[$0.name]) },
            constraints: constraints, settled: settled)
    }

    /// The graph with one more constraint, which must follow from those that it has.
    public func requiring(_ constraint: Constraint) -> Graph {
        var copy = self
        copy.constraints.append(constraint)
        return copy
    }

    /// The graph with symbols replaced throughout: in the types of inputs, in attributes, and so in everything inferred.
    /// - Throws: where a node's requirements fail with these values.
    public func substituting(_ symbols: [SettledSymbol]) throws -> Graph {
        let values = Dictionary(symbols.map { ($0.symbol, $0.value) }, uniquingKeysWith: { first, _ in first })
        return try mappingDimensions(noting: symbols) { try $0.substituting(values) }
    }

    /// The graph with every dimension in the types of inputs, in attributes and in constraints replaced, and the rest inferred anew.
    /// - Parameter symbols: those that go by it.
    public func mappingDimensions(noting symbols: [SettledSymbol] = [], _ change: (Dim) throws -> Dim) throws -> Graph {
        var rewriter = Rewriter(self)
        let changed = try settled.map { SettledSymbol(symbol: $0.symbol, value: try change($0.value), place: $0.place, reason: $0.reason) }
        rewriter.builder.settle(changed + symbols)
        try rewriter.builder.requireAgain(constraints) {
            Constraint($0.relation, try change($0.left), try change($0.right), place: $0.place, reason: $0.reason)
        }
        var types: [TensorType] = []
        for port in inputs {
            let type = type(port.value)
            types.append(type.with(try type.shape.map(change)))
            if types[types.count - 1] != type, declaredShapes[port.name] == nil { rewriter.builder.declare(port.name, type.shape) }
        }
        try rewriter.sweep(inputs: types, operators: { try $0.mappingDimensions(change) }) { _, _ in nil }
        return rewriter.builder.graph
    }

    /// The same of a graph inside of an operator. Where something that it needs of extents fails then, it must not run, as a branch that
    /// is not taken, and keeps its dimensions: a run that comes to it says what fails.
    func mappingDimensionsInside(_ change: (Dim) throws -> Dim) throws -> Graph {
        let fails = try constraints.contains { try Constraint.Claim($0.relation, change($0.left), change($0.right)).verdict == .fails }
        return fails ? self : try mappingDimensions(change)
    }
}
