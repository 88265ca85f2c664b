import DLCGraph
import DLCOps

/// Puts what computes gradients in the place of the nodes that ask for them, innermost first, then lets the nodes go that
/// stop or rectify gradients.
///
///     %y = reduce_sum(mul(%x, %x))               %y = reduce_sum(mul(%x, %x))
///     %dx = gradient(%y, %x)              →      %dx = add(%x, %x)
public let differentiate = Pass("differentiate", graph: { try $0.differentiated().withoutStops() })

extension Graph {
    func differentiated() throws -> Graph {
        guard nodes.contains(where: { $0.op is Gradient }) else { return self }
        return try rewritten { rewriter, node in
            guard let op = node.op as? Gradient else { return nil }
            let operands = node.operands.compactMap { $0 }
            var sweep = ReverseSweep(rewriter.builder)
            let results = try sweep.gradients(of: operands[0], at: Array(operands.dropFirst()), mustReach: op.mustReach)
            rewriter.builder = sweep.builder
            return results
        }.graph
    }

    func withoutStops() throws -> Graph {
        func isStop(_ op: any Operator) -> Bool { op is StopGradient || op is RectifyGradient }
        guard nodes.contains(where: { isStop($0.op) }) else { return self }
        return try rewritten { _, node in isStop(node.op) ? node.operands.compactMap { $0 } : nil }.graph
    }
}
