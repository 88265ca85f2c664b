import DLCGraph
import DLCOps

/// Reverse-mode differentiation over the part of a graph that lies between values (Linnainmaa, 1970; Griewank and Walther,
/// Evaluating Derivatives, chapter 3): from y back to each x, the gradient with respect to every value on the way is the sum of
/// what its readers pass on. Contributions are added in the order in which the sweep meets them, which the graph alone decides.
struct ReverseSweep {
    private var gradient: GradientBuilder
    /// Contributions to the gradient of each value, by index.
    private var adjoints: [Int: [Value]] = [:]
    private var missing: [DLCError] = []

    init(_ builder: GraphBuilder) { gradient = GradientBuilder(builder) }

    var builder: GraphBuilder { gradient.builder }

    /// The gradients of the sum of y's elements with respect to the values.
    /// - Throws: all operators on the way that have no gradient; where `mustReach`, which values y does not depend on.
    mutating func gradients(of y: Value, at values: [Value], mustReach: Bool) throws -> [Value] {
        let graph = gradient.builder.graph
        let depends = dependents(on: values, in: graph)
        adjoints[y.index] = [try gradient.full(1, like: y)]
        if let last = graph.producerIndex(of: y) {
            for index in stride(from: last, through: 0, by: -1) where depends.nodes[index] {
                try pass(graph.nodes[index], depends.values)
            }
        }
        if let first = missing.first {
            guard missing.count > 1 else { throw first }
            throw DLCError(missing.map(\.description).joined(separator: "\n"))
        }
        return try values.map { value in
            if let sum = try total(value) { return sum }
            if mustReach {
                throw DLCError("y does not depend on \(graph.name(of: value) ?? "x, \(graph.type(value))")")
            }
            gradient.name = ""
            return try gradient.full(0, like: value)
        }
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
        guard let parts = adjoints[value.index], var sum = parts.first else { return nil }
        for part in parts.dropFirst() { sum = try gradient.plus(sum, part) }
        adjoints[value.index] = [sum]
        return sum
    }

    /// Hands the gradients of a node's results on to its operands.
    private mutating func pass(_ node: Node, _ isDependent: [Bool]) throws {
        let incoming = try node.results.map { try total($0) }
        guard incoming.contains(where: { $0 != nil }) else { return }
        gradient.name = node.name
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
