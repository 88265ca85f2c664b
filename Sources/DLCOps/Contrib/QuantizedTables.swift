import DLCGraph

/// Tables whose numbers take a few bits: rows are gathered as they are kept and become floats afterwards.
enum QuantizedTables {
    /// A gather from codes with a scale and a zero point for each block along an axis (ONNX Runtime's GatherBlockQuantized). Codes are
    /// integers of four bits, floats of eight or four, or bytes that hold 2, 4 or 8 bits a code along the last dimension, the lower
    /// ones first. An index outside of the table is an error, as it is of Gather, where ONNX Runtime gives zeros.
    static let readBlocks: QuantizedOperators.Read = { reader in
        try reader.allowAttributes(["bits", "block_size", "gather_axis", "quantize_axis"])
        let (rank, indices) = (try reader.fact(0).rank, try reader.required(1))
        let axis = try InferenceRules.axis(reader.attribute("gather_axis") ?? 0, rank: rank)
        let along = try InferenceRules.axis(reader.attribute("quantize_axis") ?? 1, rank: rank)
        let isPacked = try reader.fact(0).element == .uint8
        let (codes, zeros) = try isPacked ? unpacked(along: along, &reader) : (reader.required(0), reader.operand(3))
        var (block, shape): (Int, Shape) = (try reader.attribute("block_size") ?? 128, reader.builder.shape(codes))
        if block == 0 {
            guard let whole = shape[along].constant else { throw DLCError("block_size is 0, and dimension \(along) is \(shape[along])") }
            block = max(whole, 1)
        }
        let given = try reader.fact(2)
        guard given.rank == rank else { throw DLCError("scales are \(given.type); expected \(rank) dimensions, as data has them") }
        // One scale for all along an axis stands for each of them.
        shape[along] = given.shape[along]
        let scales = given.shape == shape ? try reader.required(2) : try reader.add1(Expand(shape: shape), [reader.required(2)])
        let table = [codes, scales, zeros]
        guard axis != along else {
            return try reader.add(Gather(axis: axis), [dequantized(table, along: along, block: block, &reader), indices])
        }
        let rows = try table.map { part in try part.map { try reader.add1(Gather(axis: axis), [$0, indices]) } }
        let moved = along < axis ? along : along + reader.builder.shape(indices).count - 1
        return [try dequantized(rows, along: moved, block: block, &reader)]
    }

    private static func dequantized(_ operands: [Value?], along axis: Int, block: Int, _ reader: inout ONNXReader) throws -> Value {
        let attributes: [String: AttributeValue] = ["axis": .int(axis), "block_size": .int(block)]
        guard let mapping = DequantizeLinear.definition.onnx.first else { throw DLCError("DequantizeLinear is not known") }
        return try reader.delegate(mapping.read, operands: operands, attributes: attributes, opset: 21)[0]
    }

    /// The codes and the zero points of bytes, each in a byte of its own; the middle of their range is the zero point where none is given.
    private static func unpacked(along: Int, _ reader: inout ONNXReader) throws -> (codes: Value, zeros: Value) {
        let bits: Int = try reader.attribute("bits") ?? 4
        guard [2, 4, 8].contains(bits) else { throw DLCError("bits is \(bits); expected 2, 4 or 8") }
        let scales = try reader.fact(2)
        guard along == scales.rank - 1, let blocks = scales.shape.constants, let width = blocks.last else {
            throw DLCError("data are bytes quantized along \(along), scales \(scales.type); expected the last dimension and known extents")
        }
        let codes = try bits == 8 ? reader.required(0) : split(0, "data", bits: bits, width: nil, &reader)
        guard reader.operand(3) != nil else {
            return (codes, reader.constant(try Tensor(filling: Double(1 << (bits - 1)), type: .uint8, shape: blocks)))
        }
        return (codes, try bits == 8 ? reader.required(3) : split(3, "zero_points", bits: bits, width: width, &reader))
    }

    /// Each code of constant bytes `[…, packed]` in a byte: `[…, width]`, all that the bytes hold where no width is given.
    private static func split(_ index: Int, _ what: String, bits: Int, width: Int?, _ reader: inout ONNXReader) throws -> Value {
        let fact = try reader.fact(index)
        guard let constant = fact.constant, let packed = constant.shape.last else {
            throw DLCError("\(what) is \(fact.type), computed at run time; bytes of several codes must be constant")
        }
        let bytes = try constant.array(of: UInt8.self)
        let held = try Checked.multiply(packed, 8 / bits)
        let width = width ?? held
        guard width <= held else { throw DLCError("\(what) hold \(held) codes in a row; expected \(width)") }
        let shape = constant.shape.dropLast() + [width]
        var codes: [UInt8] = []
        codes.reserveCapacity(try Checked.count(Array(shape)))
        for row in stride(from: 0, to: bytes.count, by: max(packed, 1)) {
            for column in 0..<width { codes.append(PackedProduct.code(bytes[row...], column, bits)) }
        }
        return reader.constant(try Tensor(codes, shape: Array(shape)))
    }
}
