import DLCGraph

/// 8-bit integers whose scale and zero point follow from the numbers themselves (ONNX DynamicQuantizeLinear).
///
/// Numbers that are all 0 have the scale 1, as in ONNX Runtime, where the definition divides 0 by 0.
enum DynamicQuantization {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        let x = try reader.required(0)
        let parts = try quantized(x, &reader)
        return [parts.values, parts.scale, parts.zeroPoint]
    }

    /// x in 0…255, and the scale and zero point, two scalars.
    static func quantized(_ x: Value, _ reader: inout ONNXReader) throws -> (values: Value, scale: Value, zeroPoint: Value) {
        guard reader.builder.fact(x).element.isFloat else { throw DLCError("x is \(reader.builder.fact(x).type); expected floats") }
        let zero = try reader.scalar(0, like: x)
        // The range holds 0, which so has an integer of its own.
        let most = try reader.apply(.max, reader.add1(Reduce(.max, keepDims: false), [x]), zero)
        let least = try reader.apply(.min, reader.add1(Reduce(.min, keepDims: false), [x]), zero)
        let isFlat = try reader.apply(.equal, most, least)
        let step = try reader.apply(.div, reader.apply(.sub, most, least), reader.scalar(255, like: x))
        let scale = try reader.select(isFlat, reader.scalar(1, like: x), step)
        let start = try reader.apply(.sub, zero, reader.apply(.div, least, scale))
        let place = try reader.apply(.round, reader.add1(Clip(min: 0, max: 255), [start]))
        let zeroPoint = try reader.cast(place, .uint8)
        return (try reader.add1(QuantizeLinear(to: .uint8), [x, scale, zeroPoint]), scale, zeroPoint)
    }
}
