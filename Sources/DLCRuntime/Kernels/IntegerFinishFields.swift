import CKernels

/// What kernels of 8-bit integers make of their sums before they store them (`dlc_integer_finish`). The result's type says which.
package struct IntegerFinishFields: FieldGroup {
    package var zeroPoint = 0
    /// Limits of sum · scale + bias.
    package var low = -Double.infinity
    package var high = Double.infinity
    /// What an addend or a second bias does, where there is one.
    package var ownScale = 1.0
    package var addendScale = 1.0
    package var addendZeroPoint = 0
    package var roundsBefore = false
    package var lowBefore = -Double.infinity
    package var highBefore = Double.infinity

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("zero_point", &zeroPoint)
        try fields("low", &low)
        try fields("high", &high)
        try fields("own_scale", &ownScale)
        try fields("addend_scale", &addendScale)
        try fields("addend_zero_point", &addendZeroPoint)
        try fields("rounds_before", &roundsBefore)
        try fields("low_before", &lowBefore)
        try fields("high_before", &highBefore)
    }

    /// The places of what finishes among the operands of layers and kernels, behind two others and their zero points.
    package static let (scale, bias, addend, secondBias) = (4, 5, 6, 7)

    /// - Parameter addend: the shape and the layout of what may be added; the result's.
    static func rules(addend: String, _ layout: OperandRule.Layout) -> [OperandRule] {
        [
            OperandRule("scale?", .only(.float32), "*"), OperandRule("bias?", .only(.float32), "*"),
            OperandRule("addend?", .only(.int8, .uint8), addend, layout), OperandRule("second_bias?", .only(.float32), "*"),
        ]
    }

    /// The names of these operands, as operators declare them.
    package static var operandNames: [String] { rules(addend: "*", .strided).map { "\($0.name)?" } }

    /// The kernels' buffers for them: one for both kinds of what is added last.
    static func slots(_ step: BoundStep) -> [PreparedKernel.Slot] {
        step.slots("scale", "bias", step.optional("second_bias") == nil ? "addend" : "second_bias")
    }

    /// The kernels' struct.
    /// - Throws: where scale or bias are not of the result's columns, or a number is out of range.
    func parameters(_ step: BoundStep, _ type: ElementType, columns: Int) throws -> dlc_integer_finish {
        var finish = dlc_integer_finish()
        finish.type = type.kernelType
        let (scale, bias) = (step.optional("scale"), step.optional("bias"))
        for (name, operand) in [("scale", scale), ("bias", bias)] {
            guard let operand, operand.count != 1, operand.count != columns else { continue }
            throw DLCError("\(name) has extents \(operand.shape); expected one element or \(columns)")
        }
        guard type == .int32 || scale != nil else { throw DLCError("scale is missing") }
        (finish.scale_columns, finish.bias_columns) = ((scale?.count ?? 1) != 1, (bias?.count ?? 1) != 1)
        (finish.low, finish.high) = (Float(low), Float(high))
        if type == .int8 || type == .uint8 {
            let range = type == .int8 ? -128.0...127.0 : 0.0...255.0
            guard range.contains(Double(zeroPoint)), !low.isNaN, !high.isNaN else {
                throw DLCError("a zero point of \(zeroPoint) is out of range")
            }
            let (least, most) = (range.lowerBound - Double(zeroPoint), range.upperBound - Double(zeroPoint))
            finish.low = Float(min(max(low.rounded(.toNearestOrEven), least), most))
            finish.high = Float(min(max(high.rounded(.toNearestOrEven), least), most))
            finish.zero = Int32(zeroPoint)
        }
        let (addend, second) = (step.optional("addend"), step.optional("second_bias"))
        guard addend != nil || second != nil else { return finish }
        guard addend == nil || second == nil else { throw DLCError("an addend and a second bias; expected one of them") }
        guard type == .int8 || type == .uint8 else { throw DLCError("an addend goes with results of 8 bits; the result is \(type)") }
        guard second?.count ?? columns == columns else {
            throw DLCError("second_bias has extents \(second?.shape ?? []); expected \(columns)")
        }
        guard let zero = Int32(exactly: addendZeroPoint), (-128...255).contains(zero), !lowBefore.isNaN, !highBefore.isNaN else {
            throw DLCError("an addend's zero point of \(addendZeroPoint) is out of range")
        }
        // What rounds has few enough bits for it.
        guard !roundsBefore || (lowBefore >= -0x1p20 && highBefore <= 0x1p20) else {
            throw DLCError("what is rounded has no limits before the addend: \(lowBefore) to \(highBefore)")
        }
        (finish.addend_signed, finish.addend_zero, finish.addend_scale) = (addend?.type == .int8, zero, Float(addendScale))
        finish.addend_columns = second != nil
        (finish.sum_low, finish.sum_high, finish.sum_scale) = (Float(lowBefore), Float(highBefore), Float(ownScale))
        finish.sum_rounds = roundsBefore
        return finish
    }
}
