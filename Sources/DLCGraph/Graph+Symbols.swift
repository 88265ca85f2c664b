/// Which symbols the parts of a graph speak of.
extension Graph {
    /// The symbols that only data determine, each with the node that defines it: the first in whose results' shapes it stands alone.
    var dataSymbols: [String: Int] {
        if !symbolOrigins.values.contains(where: { $0.hasPrefix(GraphBuilder.dataOrigin) }) { return [:] }
        var definers: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            for result in node.results {
                for case let symbol? in shape(result).map(\.symbol) where definers[symbol] == nil && isFromData(symbol) {
                    definers[symbol] = index
                }
            }
        }
        return definers
    }

    /// The symbols of a node's attributes, of the types of its results, and of what is known of their elements.
    public func symbols(mentionedBy node: Node) -> Set<String> {
        var found = node.op.mentionedSymbols
        for result in node.results {
            for dim in shape(result) + (fact(result).content ?? []) { found.formUnion(dim.symbols) }
        }
        return found
    }

    /// Every symbol that types, attributes and constraints speak of.
    public var mentionedSymbols: Set<String> {
        var found = Set(constraints.flatMap(\.symbols))
        for port in inputs { found.formUnion(shape(port.value).flatMap(\.symbols)) }
        for node in nodes { found.formUnion(symbols(mentionedBy: node)) }
        return found
    }
}

extension Operator {
    /// The symbols of dimensions among its attributes, and in graphs there.
    public var mentionedSymbols: Set<String> {
        attributes.reduce(into: []) { found, attribute in
            switch attribute.value {
            case .dims(let dims): for dim in dims { found.formUnion(dim.symbols) }
            case .graph(let graph): found.formUnion(graph.mentionedSymbols)
            default: break
            }
        }
    }
}
