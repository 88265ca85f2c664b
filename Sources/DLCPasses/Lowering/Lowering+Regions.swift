import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    mutating func lower(_ op: NonMaxSuppression, _ node: Node) throws {
        let scores = try operand(node, 1)
        try emitDense(
            .nonMaxSuppression, node, operands: node.operands, integers: [op.centred ? 1 : 0, op.scoreThreshold == nil ? 0 : 1],
            numbers: [op.overlap, op.scoreThreshold ?? 0],
            operations: try elements(scores).times(64))
    }

    mutating func lower(_ op: RegionAlign, _ node: Node) throws {
        let taps = 4 * (op.samples == 0 ? 4 : op.samples * op.samples)
        try lowerRegions(
            node, integers: [op.mode == .max ? 1 : 0, op.halfPixel ? 1 : 0, Dim(op.samples), Dim(op.firstLevel)], scales: op.scales,
            operations: try elements(node.results[0]).times(Dim(2 * taps)))
    }

    mutating func lower(_ op: RegionPool, _ node: Node) throws {
        try lowerRegions(node, integers: [2, 0, 0, 0], scales: [op.scale], operations: try elements(node.results[0]).times(16))
    }

    /// The kernel reads images in any order and writes channels last, so that a convolution after it takes them as they are.
    private mutating func lowerRegions(_ node: Node, integers: [Dim], scales: [Double], operations: Dim) throws {
        let shape = graph.shape(node.results[0])
        let target = try buffer(.float32, ChannelOrder.toLast(4).map { shape[$0] })
        let images = try node.operands[1].map { try contiguous($0) }
        let levels = try node.operands[2...].indices.map { try view(operand(node, $0)) }
        emit(
            .region, node, operands: [try contiguous(operand(node, 0)), images] + levels, results: [target], integers: integers,
            numbers: scales, operations: operations)
        try alias(node.results[0], to: target.transposed(ChannelOrder.toFirst(4)))
    }
}
