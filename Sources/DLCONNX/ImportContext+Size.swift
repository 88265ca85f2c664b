#if ONNX
internal import CONNX
internal import DLCGraph

extension ImportContext {
    /// Throws where a graph has more nodes than the limit once its functions are inlined, or functions call
    /// themselves. Functions that call others twice each double the size per level, so nothing is inlined before.
    func checkSize(of graph: connx_graph) throws {
        var sizes = InlinedSizes(context: self)
        _ = try sizes.count(graph.nodes, enclosing: [])
    }
}

/// The number of nodes that bodies come to; each function is counted once.
private struct InlinedSizes {
    let context: ImportContext
    private var sizes: [OperatorKey: Int] = [:]

    init(context: ImportContext) { self.context = context }

    mutating func count(_ nodes: [connx_node], enclosing: [OperatorKey]) throws -> Int {
        var total = nodes.count
        for node in nodes {
            for graph in node.attributes.flatMap(\.graphs) { total += try count(graph.nodes, enclosing: enclosing) }
            let key = OperatorKey(node)
            if let function = context.functions[key] { total += try size(of: function, key, enclosing) }
            guard total <= ImportContext.nodeLimit else {
                throw DLCError("the model has more than \(ImportContext.nodeLimit) nodes")
            }
        }
        return total
    }

    private mutating func size(of function: connx_function, _ key: OperatorKey, _ enclosing: [OperatorKey]) throws -> Int {
        if let known = sizes[key] { return known }
        if enclosing.contains(key) { throw DLCError("function \(key) calls itself") }
        guard enclosing.count < ImportContext.depthLimit else {
            throw DLCError("functions are nested deeper than \(ImportContext.depthLimit)")
        }
        let size = try count(function.nodes, enclosing: enclosing + [key])
        sizes[key] = size
        return size
    }
}
#endif
