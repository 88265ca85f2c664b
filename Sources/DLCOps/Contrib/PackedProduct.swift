import DLCGraph

/// A product with weights of a few bits, in blocks with a scale and a zero point each (ONNX Runtime's MatMulNBits; GPTQ, Frantar et
/// al., 2022, stores weights so). The weights become floats when the model is built.
enum PackedProduct {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["K", "N", "accuracy_level", "bits", "block_size", "weight_prepacked"])
        let (k, n, block) = try extents(reader)
        let bits: Int = try reader.attribute("bits") ?? 4
        guard [2, 4, 8].contains(bits) else { throw DLCError("bits is \(bits); expected 2, 4 or 8") }
        guard (try reader.attribute("weight_prepacked") ?? 0) == 0 else {
            throw DLCError("weights that are packed for one processor are not read")
        }
        let type = try reader.fact(0).element
        let blocks = (k + block - 1) / block
        guard let codes = try bytes(1, "B", reader), codes.count == n * blocks * block * bits / 8,
            let scales = try reader.doubles(2, "scales"), scales.count == n * blocks
        else {
            let found = "B is \(try reader.fact(1).type) and scales are \(try reader.fact(2).type)"
            throw DLCError("\(found); expected \(n) · \(blocks) blocks of \(block) codes")
        }
        let zeros = try zeroPoints(rows: n, blocks: blocks, bits: bits, &reader)
        let groups = try reader.ints(4, "g_idx")
        if let groups {
            guard groups.count >= k, groups.prefix(k).allSatisfy({ (0..<blocks).contains($0) }) else {
                throw DLCError("g_idx holds \(groups.count) groups; expected \(k) below \(blocks)")
            }
        }
        var weights = [Double](repeating: 0, count: k * n)
        for row in 0..<n {
            for column in 0..<k {
                let group = row * blocks + (groups?[column] ?? column / block)
                let code = Double(Self.code(codes[...], row * blocks * block + column, bits))
                weights[column * n + row] = (code - zeros[group]) * scales[group]
            }
        }
        let matrix = reader.constant(try Tensor(doubles: weights, type: type, shape: [k, n]))
        let product = try reader.add1(MatMul(), [reader.required(0), matrix])
        return [try reader.operand(5).map { try reader.apply(.add, product, $0) } ?? product]
    }

    /// A product with weights in numbers of four bits that lie closest around 0, times the largest magnitude of their block (ONNX
    /// Runtime's MatMulBnb4; NF4: Dettmers et al., QLoRA, 2023, appendix E). Blocks go through all rows of the matrix `[N, K]`, a byte
    /// holds the first of two in its upper half.
    static let readBitsAndBytes: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["K", "N", "block_size", "quant_type", "training_mode", "transB"])
        let (k, n, block) = try extents(reader)
        guard let kind: Int = try reader.attribute("quant_type"), kind >= 0, let levels = [smallFloats, normalFloats].dropFirst(kind).first
        else { throw DLCError("MatMulBnb4 expects a quant_type of 0 (FP4) or 1 (NF4)") }
        guard let codes = try bytes(1, "B", reader), codes.count == (n * k + 1) / 2,
            let scales = try reader.doubles(2, "absmax"), scales.count == (n * k + block - 1) / block
        else {
            let found = "B is \(try reader.fact(1).type) and absmax is \(try reader.fact(2).type)"
            throw DLCError("\(found); expected \(n) · \(k) codes in blocks of \(block)")
        }
        let weights = (0..<n * k).map { index in
            Double(levels[Int(index % 2 == 0 ? codes[index / 2] >> 4 : codes[index / 2] & 15)]) * scales[index / block]
        }
        let matrix = reader.constant(try Tensor(doubles: weights, type: reader.fact(0).element, shape: [n, k]))
        let isTurned = try reader.attribute("transB") ?? true
        return try reader.add(MatMul(), [reader.required(0), isTurned ? reader.transpose(matrix, [1, 0]) : matrix])
    }

    /// A sign, two bits of an exponent and one of a mantissa, the largest of which is 1; the least but 0 is smaller than a mantissa says.
    private static let smallFloats: [Float] = {
        let magnitudes: [Float] = [0, 0.0625, 8, 12, 4, 6, 2, 3].map { $0 / 12 }
        return magnitudes + magnitudes.map { -$0 }
    }()

    /// The middles of sixteen parts of the normal distribution that are as likely, scaled to −1…1, with 0 among them.
    private static let normalFloats: [Float] = [
        -1, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0, 0.0795803, 0.1609302, 0.2461123, 0.33791524,
        0.44070983, 0.562617, 0.72295684, 1,
    ]

    /// The extents of the matrix and of a block.
    private static func extents(_ reader: ONNXReader) throws -> (k: Int, n: Int, block: Int) {
        guard let k: Int = try reader.attribute("K"), let n: Int = try reader.attribute("N"),
            let block: Int = try reader.attribute("block_size"), k > 0, n > 0, block >= 16, block <= 1 << 20, k <= 1 << 31,
            try Checked.multiply(k, n) <= 1 << 31
        else { throw DLCError("\(reader.opType) expects positive K and N and a block_size of at least 16") }
        return (k, n, block)
    }

    private static func bytes(_ index: Int, _ what: String, _ reader: ONNXReader) throws -> [UInt8]? {
        let fact = try reader.fact(index)
        guard let constant = fact.constant else { throw DLCError("\(what) is computed at run time; it must be a constant") }
        return fact.element == .uint8 ? try constant.array(of: UInt8.self) : nil
    }

    /// The code at an index of bytes that hold the lower ones first.
    static func code(_ bytes: ArraySlice<UInt8>, _ index: Int, _ bits: Int) -> UInt8 {
        let each = 8 / bits
        return UInt8(truncatingIfNeeded: Int(bytes[bytes.startIndex + index / each]) >> (index % each * bits) & (1 << bits - 1))
    }

    /// A zero point per block: given as floats, packed like the weights with each row from a byte on, or the middle of the range.
    private static func zeroPoints(rows: Int, blocks: Int, bits: Int, _ reader: inout ONNXReader) throws -> [Double] {
        guard reader.operand(3) != nil else { return [Double](repeating: Double(1 << (bits - 1)), count: rows * blocks) }
        if try reader.fact(3).element.isFloat {
            let given = try reader.doubles(3, "zero_points") ?? []
            guard given.count == rows * blocks else { throw DLCError("zero_points hold \(given.count) numbers; expected \(rows * blocks)") }
            return given
        }
        let width = (blocks * bits + 7) / 8
        guard let given = try bytes(3, "zero_points", reader), given.count == rows * width else {
            throw DLCError("zero_points are \(try reader.fact(3).type); expected \(rows * width) bytes")
        }
        return (0..<rows).flatMap { row in (0..<blocks).map { Double(code(given[...], row * width * (8 / bits) + $0, bits)) } }
    }
}
