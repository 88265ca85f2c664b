import DLCGraph
import DLCOps

/// Reverse-mode differentiation over the part of a graph that lies between values (Linnainmaa, 1970; Griewank and Walther,
/// Evaluating Derivatives, chapter 3): from y back to each x, the gradient with respect to every value on the way is the sum of
/// what its readers pass on. Contributions are added in the order in which the sweep meets them, which the graph alone decides.
struct ReverseSweep {
    private var gradient: GradientBuilder
    /// Contributions to the gradient of each value, by index.
    private var adjoints: [Int: [Value]] = [:]
    private(set) var missing: [DLCError] = []

    init(_ builder: GraphBuilder) { gradient = GradientBuilder(builder) }

    /// A sweep within the gradient of a layer, whose name its nodes get where they have none.
    init(_ gradient: GradientBuilder) { self.gradient = gradient }

    var builder: GraphBuilder { gradient.builder }

    /// The gradients of the sum of y's elements with respect to the values.
    /// - Throws: all operators on the way that have no gradient; where `mustReach`, which values y does not depend on.
    mutating func gradients(of y: Value, at values: [Value], mustReach: Bool) throws -> [Value] {
        let graph = gradient.builder.graph
        let one = try gradient.full(1, like: y)
        let sums = try gradients(from: [(y, one)], at: values)
        let unreached = zip(values, sums).filter { $0.1 == nil }.map { graph.name(of: $0.0) ?? "x, \(graph.type($0.0))" }
        if mustReach, !unreached.isEmpty { throw DLCError("y does not depend on \(unreached.joined(separator: ", "))") }
        gradient.name = ""
        return try zip(values, sums).map { value, sum in try sum ?? gradient.full(0, like: value) }
    }

    /// The gradients with respect to the values, given those with respect to others; nil where nothing arrives.
    /// - Parameter isBoundary: whether the values are where the way ends: what one of them passes on is left to the caller.
    mutating func gradients(from seeds: [(value: Value, adjoint: Value)], at values: [Value], isBoundary: Bool = false) throws -> [Value?] {
        let graph = gradient.builder.graph
        let depends = dependents(on: values, in: graph)
        let boundary = isBoundary ? Set(values) : []
        for seed in seeds { adjoints[seed.value.index, default: []].append(seed.adjoint) }
        if let last = seeds.compactMap({ graph.producerIndex(of: $0.value) }).max() {
            for index in stride(from: last, through: 0, by: -1) where depends.nodes[index] {
                try pass(graph.nodes[index], depends.values, boundary)
            }
        }
        if let first = missing.first {
            guard missing.count > 1 else { throw first }
            throw DLCError(missing.map(\.description).joined(separator: "\n"))
        }
        return try values.map { try total($0) }
    }

    /// Which nodes and values depend on the given ones through floating-point values.
    private func dependents(on values: [Value], in graph: Graph) -> (nodes: [Bool], values: [Bool]) {
        var isDependent = [Bool](repeating: false, count: graph.valueCount)
        var nodes = [Bool](repeating: false, count: graph.nodes.count)
        for value in values { isDependent[value.index] = true }
        for (index, node) in graph.nodes.enumerated() {
            guard node.operands.contains(where: { $0.map { isDependent[$0.index] } ?? false }) else { continue }
            nodes[index] = true
            for result in node.results where graph.type(result).element.isFloat { isDependent[result.index] = true }
        }
        return (nodes, isDependent)
    }

    /// The gradient with respect to a value, as far as its readers have been met.
    private mutating func total(_ value: Value) throws -> Value? {
        guard let parts = adjoints[value.index], !parts.isEmpty else { return nil }
        let sum = try gradient.sum(of: parts)
        adjoints[value.index] = [sum]
        return sum
    }

    /// Hands the gradients of a node's results on to its operands.
    private mutating func pass(_ node: Node, _ isDependent: [Bool], _ boundary: Set<Value>) throws {
        let incoming = try node.results.map { boundary.contains($0) ? nil : try total($0) }
        guard incoming.contains(where: { $0 != nil }) else { return }
        gradient.name = node.name
        gradient.wanted = node.operands.map { $0.map { isDependent[$0.index] } ?? false }
        do {
            try located(node.name.isEmpty ? node.op.name : "\(node.op.name) \(node.name)") {
                guard let rule = GradientRules.rule(for: node.op) else { throw DLCError("has no gradient") }
                let outgoing = try rule.body(&gradient, node, incoming)
                for (operand, adjoint) in zip(node.operands, outgoing) {
                    guard let operand, let adjoint, isDependent[operand.index] else { continue }
                    let (expected, found) = (gradient.type(operand), gradient.type(adjoint))
                    guard expected == found else { throw DLCError("its gradient is \(found) for an operand of type \(expected)") }
                    adjoints[operand.index, default: []].append(adjoint)
                }
            }
        } catch let error as DLCError {
            missing.append(error)
        }
    }
}

extension GradientBuilder {
    /// The gradients with respect to operands from those with respect to results that `spell` builds from them.
    mutating func backpropagated(
        to operands: [Value?], _ adjoints: [Value?], _ spell: (inout GradientBuilder) throws -> [Value?]
    ) throws -> [Value?] {
        let results = try spell(&self)
        let seeds = zip(results, adjoints).compactMap { result, adjoint -> (value: Value, adjoint: Value)? in
            guard let result, let adjoint else { return nil }
            return (result, adjoint)
        }
        var distinct: [Value] = []
        for operand in operands.compactMap({ $0 }) where type(operand).element.isFloat && !distinct.contains(operand) {
            distinct.append(operand)
        }
        var sweep = ReverseSweep(self)
        let sums = try sweep.gradients(from: seeds, at: distinct, isBoundary: true)
        builder = sweep.builder
        // An operand that stands in two places gets all of its gradient in the first.
        var rest = Dictionary(uniqueKeysWithValues: zip(distinct, sums))
        return operands.map { $0.flatMap { rest.removeValue(forKey: $0) ?? nil } }
    }
}
