import DLCGraph
import DLCOps
import DLCRuntime

/// What only training computes.
extension Lowering {
    mutating func lower(_ op: ConvWeightGradient, _ node: Node) throws {
        let kernel = ConvolutionWeightsKernel {
            $0.groups = op.group
            ($0.window.kernel, $0.window.stride, $0.window.dilation) = (op.kernel, op.strides, op.dilations)
            $0.window.before = Array(op.pads.prefix(op.kernel.count))
            $0.window.after = Array(op.pads.suffix(op.kernel.count))
        }
        let (dy, dw) = (try operand(node, 1), graph.shape(node.results[0]))
        let products = try elements(dy).times(dw[1]).times(Dim(op.kernel.reduce(1, *)))
        try emitDense(kernel, node, operands: node.operands, operations: try products.times(2))
    }
}
