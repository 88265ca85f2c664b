import DLC

/// What a node costs: multiply–adds counted as two operations, everything else as one per element.
enum Work {
    /// - Throws: where an extent overflows.
    static func operations(_ node: Node, _ graph: Graph) throws -> Dim {
        guard let result = node.results.first else { return 0 }
        let outputs = try graph.shape(result).product()
        func shape(_ index: Int) -> Shape? { index < node.operands.count ? node.operands[index].map { graph.shape($0) } : nil }
        func ints(_ name: String) -> [Int] {
            if case .ints(let values)? = node.op.attribute(name) { return values }
            return []
        }
        switch node.op.name {
        case "conv":
            guard let weight = shape(1) else { return 0 }
            return try outputs.times(2).times(Array(weight.dropFirst()).product())
        case "conv_transpose":
            guard let input = shape(0), let weight = shape(1) else { return 0 }
            return try input.product().times(2).times(Array(weight.dropFirst()).product())
        case "matmul", "gemm":
            guard let left = shape(0), !left.isEmpty else { return 0 }
            let isTransposed = node.op.attribute("transA") == .bool(true)
            return try outputs.times(2).times(isTransposed ? left[0] : left[left.count - 1])
        case "lstm", "gru", "rnn":
            guard let x = shape(0), let w = shape(1), let r = shape(2), x.count == 3 else { return 0 }
            return try w.product().plus(r.product()).times(2).times(x[0]).times(x[1])
        case "max_pool", "average_pool", "lp_pool":
            return try outputs.times(Dim(ints("kernel").reduce(1, *)))
        case "attention", "attention_gradient":
            guard let q = shape(0), let k = shape(1), k.count == 4 else { return 0 }
            // Two products over all scores, or five.
            let operations = node.op.name == "attention" ? 4 : 10
            return try q.product().times(Dim(operations)).times(k[node.op.attribute("heads_inner") == .bool(true) ? 1 : 2])
        default:
            if node.op is Constant || node.op.definition.traits.contains(.movesData) { return 0 }
            return try Dim.max(outputs, shape(0)?.product() ?? outputs)
        }
    }
}
