import DLCGraph
import DLCRuntime

/// What a layer of integers makes of its sums: nothing, `y = sum · scale + bias` in f32 within limits, or such a y rounded,
/// halves to even, plus a zero point and saturated to 8 bits. Scale and bias are operands, one for all columns or `[columns]`.
/// Where results have 8 bits, an operand of 8 bits and of their shape or a second bias, `[columns]`, may be added to y before it is
/// limited (`IntegerAddition`).
public struct IntegerFinish: Sendable {
    /// i32 for the sums themselves, f32, u8 or i8.
    public var to = ElementType.int32
    public var zeroPoint = 0
    /// Limits of y; nil for none.
    public var min: Double?
    public var max: Double?
    /// How the addend or the second bias is added, where there is one.
    public var addition = IntegerAddition()

    public init() {}

    /// The attributes of an operator that holds a finish at `path`.
    static func attributes<Op: Operator>(_ path: WritableKeyPath<Op, IntegerFinish> & Sendable) -> [Attribute<Op>] {
        [
            Attribute("to", of: path, \.to), Attribute("zero_point", of: path, \.zeroPoint),
            Attribute("min", of: path, \.min), Attribute("max", of: path, \.max),
            Attribute("own_scale", of: path, \.addition.ownScale), Attribute("addend_scale", of: path, \.addition.scale),
            Attribute("addend_zero_point", of: path, \.addition.zeroPoint), Attribute("rounds_before", of: path, \.addition.rounds),
            Attribute("min_before", of: path, \.addition.min), Attribute("max_before", of: path, \.addition.max),
        ]
    }

    func check(_ context: inout InferContext, columns: Dim, result: Shape) throws {
        guard [.int32, .float32, .uint8, .int8].contains(to) else { throw DLCError("a result of \(to); expected i32, f32, u8 or i8") }
        let scale = context.optional(IntegerFinishFields.scale)
        guard (scale != nil) == (to != .int32), scale != nil || context.optional(IntegerFinishFields.bias) == nil else {
            throw DLCError("a scale goes with results of f32, u8 or i8, a bias with a scale; the result is \(to)")
        }
        if let range = to.integerRange, to != .int32, !range.contains(Double(zeroPoint)) {
            throw DLCError("a zero point of \(zeroPoint) is no \(to)")
        }
        for (index, name) in [(IntegerFinishFields.scale, "scale"), (IntegerFinishFields.bias, "bias")] {
            guard let operand = context.optional(index) else { continue }
            try context.expect(index, name, [.float32])
            if operand.rank > 0 {
                try context.require(operand.shape, equals: [columns], "\(name) is \(operand.type); expected one element or [\(columns)]")
            }
        }
        let (addend, second) = (context.optional(IntegerFinishFields.addend), context.optional(IntegerFinishFields.secondBias))
        guard addend != nil || second != nil else { return }
        guard addend == nil || second == nil else { throw DLCError("an addend and a second bias; expected one of them") }
        guard to == .uint8 || to == .int8 else {
            throw DLCError("an addend or a second bias goes with results of u8 or i8; the result is \(to)")
        }
        // What rounds has few enough bits for it.
        let largest = Swift.max(abs(addition.min ?? .infinity), abs(addition.max ?? .infinity))
        guard !addition.rounds || largest <= 0x1p20 else { throw DLCError("what is rounded has no limits before it is added to") }
        if let second {
            try context.expect(IntegerFinishFields.secondBias, "second_bias", [.float32])
            try context.require(second.shape, equals: [columns], "second_bias is \(second.type); expected [\(columns)]")
        }
        guard let addend else { return }
        try context.expect(IntegerFinishFields.addend, "addend", [.uint8, .int8])
        guard let range = addend.element.integerRange, range.contains(Double(addition.zeroPoint)) else {
            throw DLCError("a zero point of \(addition.zeroPoint) is no \(addend.element)")
        }
        try context.require(addend.shape, equals: result, "addend is \(addend.type); expected the result's \(result.text)")
    }

    /// - Parameter column: the column of an element.
    func apply(_ sums: [Int64], _ operands: [Tensor?], shape: [Int], column: (Int) -> Int) throws -> Tensor {
        guard to != .int32 else { return try Tensor(integers: sums, type: .int32, shape: shape) }
        let scale = try Oracle.operand(operands, IntegerFinishFields.scale).doubles()
        // Nothing is added to a zero of either sign.
        let bias = try Oracle.optional(operands, IntegerFinishFields.bias)?.doubles() ?? [-0.0]
        let addend = try Oracle.optional(operands, IntegerFinishFields.addend)?.integers()
        let second = try Oracle.optional(operands, IntegerFinishFields.secondBias)?.doubles()
        let values = sums.indices.map { index -> Double in
            let column = column(index)
            var y =
                Double(Float(Int32(truncatingIfNeeded: sums[index]))) * scale[scale.count == 1 ? 0 : column]
                + bias[bias.count == 1 ? 0 : column]
            y = Double(Float(y))
            if let addend { y = Double(Float(addition.own(y) + Double(addend[index] - Int64(addition.zeroPoint)) * addition.scale)) }
            if let second { y = Double(Float(addition.own(y) + second[column])) }
            if y.isNaN, to != .float32 { y = -.infinity }
            if let min, y < min { y = min }
            if let max, y > max { y = max }
            guard let range = to.integerRange else { return y }
            let rounded = y.rounded(.toNearestOrEven) + Double(zeroPoint)
            return rounded.isNaN ? range.lowerBound : Swift.min(Swift.max(rounded, range.lowerBound), range.upperBound)
        }
        return try Tensor(doubles: values, type: to, shape: shape)
    }
}

/// What an addend does to y: `y' · ownScale + (addend − zeroPoint) · scale`, or a second bias, `y' · ownScale + bias`, where y' is y
/// within limits, rounded or not. So an addition joins the layer whose result was quantized before it, or was not.
public struct IntegerAddition: Sendable {
    public var ownScale = 1.0
    public var scale = 1.0
    public var zeroPoint = 0
    /// Whether y is rounded, halves to even, once it is within its limits.
    public var rounds = false
    /// Limits of y; nil for none. What is no number is the least.
    public var min: Double?
    public var max: Double?

    public init() {}

    /// What is made of y before it is added to.
    func own(_ y: Double) -> Double {
        var y = y
        if let min, !(y >= min) { y = min }
        if let max, y > max { y = max }
        return (rounds ? y.rounded(.toNearestOrEven) : y) * ownScale
    }
}
