import DLCGraph

extension ONNXReader {
    /// The zero point of a quantisation in the shape of its scale, where both have one element.
    mutating func zeroPoint() throws -> Value? {
        guard let point = operand(2) else { return nil }
        let (own, scale) = (builder.shape(point), try fact(1).shape)
        let areSingle = [own, scale].allSatisfy { $0.allSatisfy { $0.constant == 1 } }
        return areSingle && own != scale ? try reshape(point, scale) : point
    }
}

/// QuantizeLinear and DequantizeLinear of narrow types, as conversions around what other types need.
enum NarrowQuantization {
    /// (x − zero point) · scale.
    static func dequantized(_ reader: inout ONNXReader, _ op: DequantizeLinear) throws -> Value {
        let (x, scale) = (try reader.required(0), try reader.required(1))
        let type = reader.builder.fact(x).element
        if !type.isFloat {
            let wide: ElementType = type.isSigned ? .int8 : .uint8
            let point = try reader.zeroPoint().map { try reader.narrowed($0, to: wide) }
            return try reader.add1(op, [reader.narrowed(x, to: wide), scale, point])
        }
        let result = reader.builder.fact(scale).element
        let computed: ElementType = result == .float64 ? .float64 : .float32
        var value = try reader.narrowed(x, to: computed)
        if let point = reader.operand(2) {
            let wide = try reader.narrowed(point, to: computed)
            value = try reader.apply(.sub, value, spread(&reader, wide, like: x, axis: op.axis, block: op.blockSize))
        }
        let factor = try spread(&reader, reader.cast(scale, computed), like: x, axis: op.axis, block: op.blockSize)
        return try reader.cast(reader.apply(.mul, value, factor), result)
    }

    /// The quotient by the scale plus the zero point, rounded and saturated.
    static func quantized(_ reader: inout ONNXReader, _ op: QuantizeLinear, saturate: Bool) throws -> Value {
        let (x, scale) = (try reader.required(0), try reader.required(1))
        if !op.to.isFloat {
            // i16 holds what i8 and the narrow types make with any zero point.
            let point = try reader.zeroPoint().map { try reader.narrowed($0, to: .int16) }
            var wide = op
            wide.to = .int16
            let levels = 1 << op.to.bits
            let least = op.to.isSigned ? -levels / 2 : 0
            let value = try reader.add1(wide, [x, scale, point])
            let low = try reader.apply(.max, value, reader.scalar(Double(least), like: value))
            return try reader.narrowed(reader.apply(.min, low, reader.scalar(Double(least + levels - 1), like: value)), to: op.to)
        }
        let computed: ElementType = reader.builder.fact(x).element == .float64 ? .float64 : .float32
        let divisor = try spread(&reader, reader.cast(scale, computed), like: x, axis: op.axis, block: op.blockSize)
        var value = try reader.apply(.div, reader.cast(x, computed), divisor)
        if let point = reader.operand(2) {
            let wide = try reader.narrowed(point, to: computed)
            value = try reader.apply(.add, value, spread(&reader, wide, like: x, axis: op.axis, block: op.blockSize))
        }
        return try reader.narrowed(value, to: op.to, saturate: saturate)
    }

    /// A parameter that broadcasts against x: one for all, along an axis, or with a block of elements for each of its own.
    private static func spread(_ reader: inout ONNXReader, _ value: Value, like x: Value, axis: Int, block: Int) throws -> Value {
        let (shape, own) = (reader.builder.shape(x), reader.builder.shape(value))
        if block == 0 {
            if own.isEmpty || own[0].constant == 1 { return try reader.reshape(value, []) }
            guard own.count == 1 else { throw DLCError("scale is \(reader.builder.fact(value).type); expected one element, or a vector") }
            var target = Shape(repeating: 1, count: shape.count)
            target[try InferenceRules.axis(axis, rank: shape.count)] = own[0]
            return try reader.reshape(value, target)
        }
        let axis = try InferenceRules.axis(axis, rank: shape.count)
        guard own.count == shape.count, block > 0 else {
            throw DLCError("scale is \(reader.builder.fact(value).type) for blocks of \(block) of \(shape.text)")
        }
        var (split, repeated, whole) = (own, own, own)
        split.insert(1, at: axis + 1)
        repeated.insert(Dim(block), at: axis + 1)
        whole[axis] = try own[axis].times(Dim(block))
        let blocks = try reader.reshape(reader.add1(Expand(shape: repeated), [reader.reshape(value, split)]), whole)
        return whole == shape ? blocks : try reader.slice(blocks, axis: axis, from: 0, count: shape[axis])
    }
}
