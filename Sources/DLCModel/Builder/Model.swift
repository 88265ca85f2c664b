import DLCGraph

/// A model as written: its graph, in which parameters have names and shapes but no values yet.
public struct Model: Sendable {
    public private(set) var graph: Graph
    /// In the order of their first use.
    public let parameters: [ModelParameter]
    /// States of a training that begin as a parameter, whose name this gives: the averages of weights.
    let copies: [String: String]
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
                    "parameter \(parameter.name) is \(parameter.type)\(parameter.shape), the values given are \(tensor.type)\(tensor.shape)")
            }
            tensors[name] = tensor
        }
        if graph.states.contains(where: { byName[copies[$0.name] ?? $0.name] != nil || $0.name == Training.key }) {
            var initial: [String: Tensor] = [:]
            for state in graph.states {
                let name = copies[state.name] ?? state.name
                try give(name)
                initial[state.name] = tensors[name]
                if name == Training.key { initial[name] = try Tensor([Int64(bitPattern: seed), 0] as [Int64], shape: [2]) }
            }
            return try graph.beginning(with: initial)
        }
        for case let placeholder as Placeholder in graph.nodes.map(\.op) { try give(placeholder.name) }
        var rewriter = Rewriter(graph)
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
