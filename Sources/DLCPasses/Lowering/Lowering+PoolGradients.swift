import DLCGraph
import DLCOps
import DLCRuntime

/// Gradients of pooling, over channels-last tensors whose pixels may lie apart.
extension Lowering {
    mutating func lower(_ op: MaxPoolGradient, _ node: Node) throws {
        let window = Window(kernel: op.kernel, strides: op.strides, dilations: op.dilations, pads: op.pads)
        let taps = window.taps
        try lowerPoolGradient(
            MaxPoolGradientKernel { $0.window = window }, node, channelsLast: op.channelsLast, pooled: operand(node, 1), taps: taps)
    }

    mutating func lower(_ op: MaxPoolSelect, _ node: Node) throws {
        let window = Window(kernel: op.kernel, strides: op.strides, dilations: op.dilations, pads: op.pads)
        let taps = window.taps
        try lowerPoolGradient(
            MaxPoolSelectKernel { $0.window = window }, node, channelsLast: op.channelsLast, pooled: node.results[0], taps: taps)
    }

    mutating func lower(_ op: AveragePoolGradient, _ node: Node) throws {
        let window = Window(kernel: op.kernel, strides: op.strides, dilations: op.dilations, pads: op.pads)
        let kernel = AveragePoolGradientKernel {
            $0.countsPadding = op.countIncludePad
            $0.window = window
        }
        try lowerPoolGradient(kernel, node, channelsLast: op.channelsLast, pooled: operand(node, 0), taps: window.taps)
    }

    /// - Parameter pooled: what has an element for each window.
    private mutating func lowerPoolGradient(
        _ kernel: some Kernel, _ node: Node, channelsLast: Bool, pooled: Value, taps: Int
    ) throws {
        guard channelsLast else { throw DLCError("was not laid out") }
        let operands = try node.operands.indices.map { try pixels(operand(node, $0)).operand }
        let (target, place) = try contiguousDestination(node.results[0])
        emit(kernel, node, operands: operands, results: [target], operations: try elements(pooled).times(Dim(taps)).times(2))
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }
}

extension Window {
    /// The windows of an operator, whose pads stand in front of every dimension, then behind each.
    init(kernel: [Int], strides: [Int], dilations: [Int], pads: [Dim]) {
        self.init()
        (self.kernel, stride, dilation) = (kernel, strides, dilations)
        before = Array(pads.prefix(pads.count / 2))
        after = Array(pads.suffix(pads.count / 2))
    }
}
