import CKernels

/// What the C structs of everything that convolves channels-last tensors have in common.
protocol ConvolutionFields {
    typealias Volume = (Int64, Int64, Int64)

    var type: dlc_type { get set }
    var n: Int64 { get set }
    var d: Int64 { get set }
    var h: Int64 { get set }
    var w: Int64 { get set }
    var c: Int64 { get set }
    var od: Int64 { get set }
    var oh: Int64 { get set }
    var ow: Int64 { get set }
    var oc: Int64 { get set }
    var groups: Int64 { get set }
    var kernel: Volume { get set }
    var stride: Volume { get set }
    var dilation: Volume { get set }
    var pad: Volume { get set }
}

/// Those whose operands may be parts of wider tensors, and that finish their results.
protocol FinishedConvolutionFields: ConvolutionFields {
    var x_ld: Int64 { get set }
    var y_ld: Int64 { get set }
    var residual_ld: Int64 { get set }
    var epilogue: dlc_epilogue { get set }
}

extension dlc_conv: FinishedConvolutionFields {}
extension dlc_conv_transpose: FinishedConvolutionFields {}
extension dlc_conv_weights: ConvolutionFields {}

extension ConvolutionFields {
    /// Fills in the geometry of a convolution from x to y.
    /// - Throws: where the windows do not fit, groups do not divide the channels, or weights would be too many.
    mutating func fill(_ step: BoundStep, x: BoundOperand, y: BoundOperand, _ window: Window, groups: Int) throws {
        let bound = try window.bound(step, x: x, y: y)
        let (inputs, outputs) = (x.shape[x.rank - 1], y.shape[y.rank - 1])
        guard groups > 0, inputs % groups == 0, outputs % groups == 0 else {
            throw DLCError("\(groups) groups do not divide \(inputs) input and \(outputs) output channels")
        }
        // With it no layout's size overflows: transforms take a few times the weights, and lanes round each extent up.
        let most = 1 << 24
        guard inputs <= most, outputs <= most, try Checked.multiply(window.taps, max(1, inputs)) <= 1 << 30 else {
            throw DLCError("weights of \(window.taps) × \(inputs) × \(outputs) are too many")
        }
        type = x.type.kernelType
        n = Int64(x.shape[0])
        (d, h, w) = try x.volume()
        (od, oh, ow) = try y.volume()
        (c, oc) = (Int64(inputs), Int64(outputs))
        self.groups = Int64(groups)
        (kernel, stride, dilation, pad) = (bound.kernel, bound.stride, bound.dilation, bound.before)
    }
}

extension FinishedConvolutionFields {
    /// Fills in a step's geometry, the distances of its pixels, and its epilogue.
    /// - Throws: as above, and where the epilogue's operands do not fit.
    mutating func fill(_ step: BoundStep, _ window: Window, groups: Int, _ finish: Epilogue) throws {
        let (x, y) = (try step("x"), try step("y"))
        try fill(step, x: x, y: y, window, groups: groups)
        try finish.check(step)
        epilogue = finish.parameters
        x_ld = Int64(try x.pixelStride())
        y_ld = Int64(try y.pixelStride())
        residual_ld = Int64(try step.optional("residual")?.pixelStride() ?? Int(oc))
    }
}
