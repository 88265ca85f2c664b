import DLCGraph

/// Operators that run graphs, and the table of them.
///
/// What a graph reads from outside are operands behind those that the operator has itself, one for each further input of every
/// graph. Symbols in a graph are those of the graph around it, and its own.
public protocol HasBodies: ReadsContainers {
    /// The graphs in the order of the attributes.
    var bodies: [Graph] { get set }

    /// The results, with somebody else's way to compute a graph of values for its inputs, in order.
    func evaluate(values operands: [Datum?], by compute: (Graph, [Datum?]) throws -> [Datum]) throws -> [Datum]
}

extension HasBodies {
    public func evaluate(values operands: [Datum?]) throws -> [Datum] { try evaluate(values: operands) { try $0.evaluate($1) } }
}

enum ControlOps {
    static let definitions: [OperatorDefinition] = [If.definition, Loop.definition]
}

extension HasBodies {
    /// Symbols that a body defines for itself, because data decide them.
    func locals(of body: Graph) -> Set<String> {
        Set(body.nodes.flatMap { $0.results.flatMap { body.shape($0).flatMap(\.symbols) } }.filter(body.isFromData))
    }
}
