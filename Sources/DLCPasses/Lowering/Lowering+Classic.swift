import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// Classic machine learning.
extension Lowering {
    mutating func lower(_ op: TreeEnsemble, _ node: Node) throws {
        let type = graph.type(try operand(node, 0)).element
        guard let nodes = graph.constant(try operand(node, 1)) else {
            throw DLCError("the nodes of the trees are computed; expected a constant")
        }
        let forest = try TreeNodes(nodes, type: type)
        let kernel = try TreeEnsembleKernel {
            $0.aggregate = try dlc_tree_aggregate(named: op.aggregate.rawValue)
            $0.nanLeft = forest.hasNaNLeft
        }
        try emitDense(kernel, node, operands: node.operands)
    }
}
