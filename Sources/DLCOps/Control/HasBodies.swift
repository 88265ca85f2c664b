import DLCGraph

/// Operators that run graphs, and the table of them.
///
/// What a graph reads from outside are operands behind those that the operator has itself, one for each further input of every
/// graph. Symbols in a graph are those of the graph around it, and its own.
public protocol HasBodies: Operator {
    /// The graphs in the order of the attributes.
    var bodies: [Graph] { get set }
}

enum ControlOps {
    static let definitions: [OperatorDefinition] = [If.definition, Loop.definition]
}

extension HasBodies {
    /// Symbols that a body defines for itself, because data or its rounds decide them.
    /// - Parameter entries: inputs whose extents change from round to round.
    func locals(of body: Graph, entries: Range<Int> = 0..<0) -> Set<String> {
        var symbols = Set(body.nodes.flatMap { $0.results.flatMap { body.shape($0).flatMap(\.symbols) } }.filter(body.isFromData))
        for port in body.inputs[entries] {
            symbols.formUnion(body.shape(port.value).compactMap(\.symbol).filter { $0.hasPrefix("carried") })
        }
        return symbols
    }
}
