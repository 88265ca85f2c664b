import DLCGraph

/// A model as written: its graph, in which parameters have names and shapes but no values yet.
public struct Model: Sendable {
    public private(set) var graph: Graph
    /// In the order of their first use.
    public let parameters: [ModelParameter]
    /// States of a training that begin as a parameter, whose name this gives: the averages of weights. Of the plain network the
    /// state whose values a parameter takes.
    let copies: [String: String]
    /// States that begin with the seed.
    var keys: Set<String> = []
    /// What files with the states of the training hold beside the parameters.
    var others: Set<String> = []
    public var states: [Graph.State] { graph.states }

    /// The number of trainable elements, as publications count them.
    public var parameterCount: Int { elements(.weight) }

    /// The number of elements of running statistics.
    public var statisticCount: Int { elements(.buffer) }

    private func elements(_ role: ModelParameter.Role) -> Int {
        parameters.reduce(0) { $1.role == role ? $0 + $1.shape.reduce(1, *) : $0 }
    }

    /// The model with its graph rewritten while the parameters are not known, so that all of them stay.
    public func rewritten(_ body: (Graph) throws -> Graph) rethrows -> Model {
        var result = self
        result.graph = try body(graph)
        return result
    }

    /// The graph with constants in place of parameters, one for each, under its name. The parameters of a training's step or
    /// evaluation are states of their names, and get the tensors for their first values.
    /// - Parameters:
    ///   - values: gives a parameter's tensor, of its type and shape.
    ///   - seed: of the numbers that a training's step draws.
    public func graph(seed: UInt64 = 0, values: (ModelParameter) throws -> Tensor) throws -> Graph {
        let byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
        var tensors: [String: Tensor] = [:]
        func give(_ name: String) throws {
            guard let parameter = byName[name], tensors[name] == nil else { return }
            let tensor = try values(parameter)
            guard tensor.type == parameter.type, tensor.shape == parameter.shape else {
                throw DLCError(
                    "parameter \(parameter.name) is \(parameter.type)\(parameter.shape), the values given are \(tensor.type)\(tensor.shape)"
                )
            }
            tensors[name] = tensor
        }
        var initial: [String: Tensor] = [:]
        for state in graph.states {
            let name = copies[state.name] ?? state.name
            try give(name)
            initial[state.name] = tensors[name]
            if keys.contains(name) { initial[name] = try Tensor([Int64(bitPattern: seed), 0] as [Int64], shape: [2]) }
        }
        let begun = initial.isEmpty ? graph : try graph.beginning(with: initial)
        let placeholders = graph.nodes.compactMap { $0.op as? Placeholder }
        if placeholders.isEmpty { return begun }
        for placeholder in placeholders { try give(placeholder.name) }
        var rewriter = Rewriter(begun)
        try rewriter.sweep { rewriter, node in
            guard let placeholder = node.op as? Placeholder, let tensor = tensors[placeholder.name] else { return nil }
            return [rewriter.builder.parameter(tensor, name: placeholder.name)]
        }
        return rewriter.builder.graph
    }

    /// The graph with drawn parameters: the same for the same seed.
    public func graph(seed: UInt64 = 0) throws -> Graph { try graph(seed: seed, values: drawn(seed: seed)) }

    /// Draws a parameter's tensor.
    public func drawn(seed: UInt64 = 0) -> @Sendable (ModelParameter) throws -> Tensor {
        { try $0.initialiser.tensor(for: $0, seed: seed) }
    }
}
