/// What the symbols of a graph that is being rebuilt are in the new one.
///
/// A node whose result's extent only data determines brings a symbol. It keeps its name as long as the node does; where
/// the node merges with an equal one, or its extent turns out to be known, every later mention follows.
struct RewrittenSymbols {
    private var known: Set<String> = []
    private var renames: [String: Dim] = [:]

    /// Notes the types of inputs; a symbol that stands alone in one becomes the extent there.
    mutating func settle(inputs old: [TensorType], as new: [TensorType]) {
        for (old, new) in zip(old, new) { settle(old, as: new) }
        for type in old { for dim in type.shape { known.formUnion(dim.symbols) } }
    }

    /// The operator with the new symbols, in graphs among its attributes too.
    func renamed(_ op: any Operator) throws -> any Operator {
        if renames.isEmpty { return op }
        return try op.mappingDimensions({ try $0.substituting(renames) }) { graph in
            let outer = renames.filter { !graph.isFromData($0.key) }
            guard !outer.isEmpty, !graph.mentionedSymbols.isDisjoint(with: outer.keys) else { return graph }
            return try graph.mappingDimensionsInside { try $0.substituting(outer) }
        }
    }

    func renamed(_ type: TensorType) throws -> TensorType {
        if renames.isEmpty || type.shape.constants != nil { return type }
        return type.with(try type.shape.map { try $0.substituting(renames) })
    }

    /// The symbols that stand alone in the types of a node's results, nowhere before and not in what its graphs read.
    func introduced(by types: [TensorType], of op: any Operator) -> [String] {
        let new = types.flatMap { $0.shape.compactMap(\.symbol) }.filter { !known.contains($0) }
        if new.isEmpty { return [] }
        var read: Set<String> = []
        for case (_, .graph(let graph)) in op.attributes {
            for port in graph.inputs { read.formUnion(graph.shape(port.value).flatMap(\.symbols)) }
        }
        return new.filter { !read.contains($0) }
    }

    /// Notes that a result of type `old` has become a value of type `new`.
    mutating func settle(_ old: TensorType, as new: TensorType) {
        for (index, dim) in old.shape.enumerated() where dim.constant == nil {
            if let symbol = dim.symbol, known.insert(symbol).inserted, index < new.rank, new.shape[index] != dim {
                renames[symbol] = new.shape[index]
            }
        }
    }
}

/// The types that an operator infers, with symbols that no graph has where only data determines an extent.
struct InferredTypes {
    let types: [TensorType]
    /// What the operator needs of extents, as far as it is neither known to hold nor recorded.
    let constraints: [Constraint]
    private var fresh: Set<String>
    private var met: [String: Dim] = [:]

    init(_ op: any Operator, _ operands: [Fact?], recorded: Set<Constraint.Claim> = []) throws {
        var fresh: Set<String> = []
        let (facts, constraints) = try withoutActuallyEscaping({ (hint: String) -> String in
            let name = "\(hint)?\(fresh.count)"
            fresh.insert(name)
            return name
        }) { freshSymbol in
            var context = InferContext(operands: operands, origins: [:], recorded: recorded, freshSymbol: freshSymbol)
            return (try op.infer(&context), context.constraints)
        }
        types = facts.map(\.type)
        self.constraints = constraints
        self.fresh = fresh
    }

    /// Whether `type` is the inferred type of a result: extents are equal expressions, or stand where data decides.
    mutating func matches(_ type: TensorType, at index: Int) -> Bool {
        let own = types[index]
        guard own.element == type.element, own.rank == type.rank, own.container == type.container else { return false }
        for (mine, other) in zip(own.shape, type.shape) where mine != other {
            if let symbol = mine.symbol, fresh.contains(symbol) {
                if let before = met[symbol], before != other { return false }
                met[symbol] = other
            } else {
                guard !met.isEmpty, let settled = try? mine.substituting(met), settled == other else { return false }
            }
        }
        return true
    }
}
