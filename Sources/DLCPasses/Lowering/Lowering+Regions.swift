import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    mutating func lower(_ op: NonMaxSuppression, _ node: Node) throws {
        let scores = try operand(node, 1)
        let kernel = NonMaxSuppressionKernel {
            $0.centred = op.centred
            $0.overlap = op.overlap
            if let threshold = op.scoreThreshold { $0.score = threshold }
        }
        try emitDense(kernel, node, operands: node.operands, operations: try elements(scores).times(64))
    }

    mutating func lower(_ op: RegionAlign, _ node: Node) throws {
        let taps = 4 * (op.samples == 0 ? 4 : op.samples * op.samples)
        try lowerRegions(kernel(op), node, operations: try elements(node.results[0]).times(Dim(2 * taps)))
    }

    mutating func lower(_ op: RegionPool, _ node: Node) throws {
        try lowerRegions(kernel(op), node, operations: try elements(node.results[0]).times(16))
    }

    mutating func lower(_ op: RegionAlignGradient, _ node: Node) throws {
        try lowerRegionGradient(kernel(op.align), node, dy: operand(node, 2), levels: 3..<node.operands.count)
    }

    mutating func lower(_ op: RegionPoolGradient, _ node: Node) throws {
        try lowerRegionGradient(kernel(op.pool), node, dy: operand(node, 3), levels: 2..<3)
    }

    private func kernel(_ op: RegionAlign) -> RegionKernel {
        RegionKernel {
            $0.kind = op.mode == .max ? DLC_ROI_ALIGN_MAX : DLC_ROI_ALIGN_MEAN
            $0.halfPixel = op.halfPixel
            $0.samples = op.samples
            $0.firstLevel = op.firstLevel
            $0.scales = op.scales
        }
    }

    private func kernel(_ op: RegionPool) -> RegionKernel {
        RegionKernel {
            $0.kind = DLC_ROI_POOL
            $0.scales = [op.scale]
        }
    }

    private mutating func lowerRegionGradient(_ region: RegionKernel, _ node: Node, dy: Value, levels: Range<Int>) throws {
        let images = try node.operands[1].map { try contiguous($0) }
        let read = try levels.map { try view(operand(node, $0)) }
        let targets = try node.results.map { result in
            try buffer(.float32, ChannelOrder.toLast(4).map { graph.shape(result)[$0] })
        }
        emit(
            RegionGradientKernel { $0.region = region }, node, operands: [try contiguous(operand(node, 0)), images, try view(dy)] + read,
            results: targets, operations: try elements(dy).times(16))
        for (result, target) in zip(node.results, targets) { try alias(result, to: target.transposed(ChannelOrder.toFirst(4))) }
    }

    /// The kernel reads images in any order and writes channels last, so that a convolution after it takes them as they are.
    private mutating func lowerRegions(_ kernel: RegionKernel, _ node: Node, operations: Dim) throws {
        let shape = graph.shape(node.results[0])
        let target = try buffer(.float32, ChannelOrder.toLast(4).map { shape[$0] })
        let images = try node.operands[1].map { try contiguous($0) }
        let levels = try node.operands[2...].indices.map { try view(operand(node, $0)) }
        emit(kernel, node, operands: [try contiguous(operand(node, 0)), images] + levels, results: [target], operations: operations)
        try alias(node.results[0], to: target.transposed(ChannelOrder.toFirst(4)))
    }
}
