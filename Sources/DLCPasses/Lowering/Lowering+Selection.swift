import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// Operators that walk along one axis, and normalisations without parts of their own.
extension Lowering {
    mutating func lower(_ op: GroupNormalization, _ node: Node) throws {
        let kernel = GroupNormKernel {
            $0.groups = op.groups
            $0.channelsLast = op.channelsLast
            $0.epsilon = op.epsilon
        }
        try emitDense(kernel, node, operands: node.operands)
    }

    mutating func lower(_ op: LpNormalization, _ node: Node) throws {
        let axis = try axis(op.axis, of: operand(node, 0))
        let kernel = LpNormKernel {
            $0.p = op.p
            $0.axis = axis
        }
        try emitDense(kernel, node, operands: node.operands)
    }

    mutating func lower(_ op: TopK, _ node: Node) throws { try lowerTopK(op, node, axis: axis(op.axis, of: operand(node, 0))) }

    mutating func lower(_ op: ArgReduce, _ node: Node) throws {
        let axis = try axis(op.axis, of: operand(node, 0))
        let kernel = ArgKernel {
            $0.axis = axis
            $0.largest = op.kind == .max
            $0.last = op.selectLastIndex
        }
        try emitDense(kernel, node, operands: node.operands)
    }

    mutating func lower(_ op: CumSum, _ node: Node) throws {
        let axis = try axis(op.axis, of: operand(node, 0))
        let kernel = CumSumKernel {
            $0.axis = axis
            $0.exclusive = op.exclusive
            $0.reverse = op.reverse
        }
        try emitDense(kernel, node, operands: [node.operands[0]])
    }

    mutating func lower(_ op: Trilu, _ node: Node) throws {
        let kernel = TriluKernel {
            $0.upper = op.upper
            $0.k = op.k
        }
        try emitDense(kernel, node, operands: [node.operands[0]])
    }

    mutating func lower(_ op: ScatterElements, _ node: Node) throws {
        let axis = try axis(op.axis, of: operand(node, 0))
        let kernel = try ScatterElementsKernel {
            $0.axis = axis
            $0.reduction = try dlc_reduction(named: op.reduction.rawValue)
        }
        try emitDense(kernel, node, operands: node.operands)
    }
}
