import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// A product of 8-bit integers. The right matrices are packed whatever they are: at build where they are constants, so that
    /// weights stay one byte each in the file.
    mutating func lower(_ op: IntegerProduct, _ node: Node) throws {
        let (a, b) = (try operand(node, 0), try operand(node, 1))
        let shape = graph.shape(b)
        let (batch, k, n) = (Shape(shape.dropLast(2)), shape[shape.count - 2], shape[shape.count - 1])
        let bytes = try IntegerPackKernel.bytes(k, n, isa: target.isa)
        let matrices = try batch.product()
        var right = try packed(
            IntegerPackKernel(), [b], name: node.name, bytes: { _ in try bytes.times(matrices) },
            layout: { try $0.reshaped([matrices, 1, k, n]) })
        right.shape = batch + [bytes]
        right.strides = try Plan.Operand.rowMajor(right.shape)
        let isSigned = graph.type(b).element == .int8
        let work = try graph.shape(node.results[0]).product().times(k).times(2)
        let addend = try operandIfGiven(node, IntegerFinishFields.addend).map { try innerContiguous($0) }
        let finish = try finishOperands(node, addend: addend)
        emit(
            IntegerProductKernel { ($0.signedB, $0.finish) = (isSigned, fields(op.finish)) }, node, summary: summary(node, op.finish),
            operands: [try view(a), right, try zeroPoint(node, 2), try zeroPoint(node, 3)] + finish,
            results: [try destination(node.results[0])], operations: work)
    }

    /// A convolution of 8-bit integers. Weights are packed as the kernel's product or its lines of channels read them.
    mutating func lower(_ op: IntegerConv, _ node: Node) throws {
        guard op.channelsLast else { throw DLCError("was not laid out") }
        let (x, w, y) = (try operand(node, 0), try operand(node, 1), node.results[0])
        guard (3...5).contains(graph.shape(x).count) else { throw DLCError("more than three spatial dimensions are not supported") }
        let geometry = ConvolutionGeometry(op.conv, kernel: try kernel(node))
        let (isa, shape, taps) = (target.isa, graph.shape(w), geometry.kernel.reduce(1, *))
        let isDepthwise = IntegerConvolutionKernel.isDepthwise(shape, groups: op.conv.group)
        let outputs = try shape[0].quotient(Dim(op.conv.group))
        let rows = try IntegerConvolutionKernel.packedRows(geometry.window, groups: op.conv.group, channels: shape[1])
        let bytes =
            try isDepthwise ? shape[0].times(Dim(taps)) : IntegerPackKernel.bytes(rows, outputs, isa: isa).times(Dim(op.conv.group))
        let run = IntegerConvolutionKernel.runTaps(geometry.window, groups: op.conv.group)
        let packing = IntegerPackKernel { ($0.isPlain, $0.runTaps) = (isDepthwise, isDepthwise ? 1 : run) }
        let weights = try packed(
            packing, [w], name: node.name, bytes: { _ in bytes },
            layout: { view in
                // [O, C / groups, taps] → [groups, taps, C / groups, O / groups], taps before channels as patches have them.
                try view.reshaped(isDepthwise ? [1, shape[0], 1, Dim(taps)] : [Dim(op.conv.group), outputs, shape[1], Dim(taps)])?
                    .transposed([0, 3, 2, 1])
            })
        let (input, _) = try pixels(x)
        let isSigned = graph.type(w).element == .int8
        let work = try graph.shape(y).product().times(Shape(shape.dropFirst()).product()).times(2)
        let kernel = IntegerConvolutionKernel {
            ($0.groups, $0.window, $0.signedWeights, $0.finish) = (op.conv.group, geometry.window, isSigned, fields(op.finish))
        }
        let addend = try operandIfGiven(node, IntegerFinishFields.addend).map { try pixels($0).operand }
        let finish = try finishOperands(node, addend: addend)
        emit(
            kernel, node, summary: summary(node, op.finish),
            operands: [input, weights, try zeroPoint(node, 2), try zeroPoint(node, 3)] + finish,
            results: [try pixelDestination(y)], operations: work)
    }

    /// A zero point; nil where there is none, or where it is known to be 0.
    private mutating func zeroPoint(_ node: Node, _ index: Int) throws -> Plan.Operand? {
        guard let value = operandIfGiven(node, index) else { return nil }
        if let constant = graph.constant(value), try constant.integers().allSatisfy({ $0 == 0 }) { return nil }
        return try contiguous(value)
    }

    private func fields(_ finish: IntegerFinish) -> IntegerFinishFields {
        let addition = finish.addition
        return IntegerFinishFields {
            ($0.zeroPoint, $0.low, $0.high) = (finish.zeroPoint, finish.min ?? -.infinity, finish.max ?? .infinity)
            ($0.ownScale, $0.addendScale, $0.addendZeroPoint) = (addition.ownScale, addition.scale, addition.zeroPoint)
            ($0.roundsBefore, $0.lowBefore, $0.highBefore) = (addition.rounds, addition.min ?? -.infinity, addition.max ?? .infinity)
        }
    }

    private func summary(_ node: Node, _ finish: IntegerFinish) -> String {
        let isLimited = finish.min != nil || finish.max != nil
        let adds = [IntegerFinishFields.addend, IntegerFinishFields.secondBias].contains { operandIfGiven(node, $0) != nil }
        return node.op.name + (finish.to == .int32 ? "" : " + scale") + (adds ? " + add" : "") + (isLimited ? " + clip" : "")
            + (finish.to.isInteger && finish.to != .int32 ? " + quantize" : "")
    }

    private mutating func finishOperands(_ node: Node, addend: Plan.Operand?) throws -> [Plan.Operand?] {
        func columns(_ index: Int) throws -> Plan.Operand? { try operandIfGiven(node, index).map { try contiguous($0) } }
        typealias Places = IntegerFinishFields
        return [try columns(Places.scale), try columns(Places.bias), addend, try columns(Places.secondBias)]
    }

    private func operandIfGiven(_ node: Node, _ index: Int) -> Value? { index < node.operands.count ? node.operands[index] : nil }
}
