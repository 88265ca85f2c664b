import DLCGraph
import DLCOps

extension Graph {
    /// What the integers of an input stay below, by input: the least extent that they index, as far as it shows, as for
    /// the tokens of an embedding.
    ///
    /// Compiled files carry it as metadata `INPUT.below`, so that random inputs are valid ones.
    public func indexBounds() -> [String: Int] {
        var names: [Value: String] = [:]
        for port in inputs where [.int32, .int64].contains(type(port.value).element) { names[port.value] = port.name }
        var bounds: [String: Int] = [:]
        for node in nodes {
            let indexes: Value?
            var extent: Dim?
            switch node.op {
            case let op as Gather:
                indexes = node.operands[1]
                if let x = node.operands[0], case let shape = shape(x) { extent = shape[op.axis < 0 ? op.axis + shape.count : op.axis] }
            case let op as OneHot:
                (indexes, extent) = (node.operands[0], op.depth)
            case is Reshape, is Transpose, is Slice, is Expand, is Cast:
                if let x = node.operands[0], let name = names[x] { names[node.results[0]] = name }
                continue
            default: continue
            }
            guard let indexes, let name = names[indexes], let bound = extent?.constant else { continue }
            bounds[name] = min(bounds[name] ?? bound, bound)
        }
        return bounds
    }
}
