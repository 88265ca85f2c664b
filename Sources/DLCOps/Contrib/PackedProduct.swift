import DLCGraph

/// A product with weights of a few bits, in blocks with a scale and a zero point each (ONNX Runtime's MatMulNBits; GPTQ, Frantar et
/// al., 2022, stores weights so). The weights become floats when the model is built.
enum PackedProduct {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["K", "N", "accuracy_level", "bits", "block_size", "weight_prepacked"])
        guard let k: Int = try reader.attribute("K"), let n: Int = try reader.attribute("N"),
            let block: Int = try reader.attribute("block_size"), k > 0, n > 0, block >= 16, block <= 1 << 20, k <= 1 << 31,
            try Checked.multiply(k, n) <= 1 << 31
        else { throw DLCError("MatMulNBits expects positive K and N and a block_size of at least 16") }
        let bits: Int = try reader.attribute("bits") ?? 4
        guard [2, 4, 8].contains(bits) else { throw DLCError("bits is \(bits); expected 2, 4 or 8") }
        guard (try reader.attribute("weight_prepacked") ?? 0) == 0 else {
            throw DLCError("weights that are packed for one processor are not read")
        }
        let type = try reader.fact(0).element
        let blocks = (k + block - 1) / block
        guard let codes = try reader.doubles(1, "B"), codes.count == n * blocks * block * bits / 8,
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
                let code = Self.code(codes, row * blocks * block + column, bits)
                weights[column * n + row] = (code - zeros[group]) * scales[group]
            }
        }
        let matrix = reader.constant(try Tensor(doubles: weights, type: type, shape: [k, n]))
        let product = try reader.add1(MatMul(), [reader.required(0), matrix])
        return [try reader.operand(5).map { try reader.apply(.add, product, $0) } ?? product]
    }

    /// The code at an index of bytes that hold the lower ones first.
    private static func code(_ bytes: [Double], _ index: Int, _ bits: Int) -> Double {
        let each = 8 / bits
        return Double(Int(bytes[index / each]) >> (index % each * bits) & (1 << bits - 1))
    }

    /// A zero point per block: given as floats, packed like the weights with each row from a byte on, or the middle of the range.
    private static func zeroPoints(rows: Int, blocks: Int, bits: Int, _ reader: inout ONNXReader) throws -> [Double] {
        guard let given = try reader.doubles(3, "zero_points") else {
            return [Double](repeating: Double(1 << (bits - 1)), count: rows * blocks)
        }
        if try reader.fact(3).element.isFloat {
            guard given.count == rows * blocks else { throw DLCError("zero_points hold \(given.count) numbers; expected \(rows * blocks)") }
            return given
        }
        let width = (blocks * bits + 7) / 8
        guard given.count == rows * width else { throw DLCError("zero_points hold \(given.count) bytes; expected \(rows * width)") }
        return (0..<rows).flatMap { row in (0..<blocks).map { code(given, row * width * (8 / bits) + $0, bits) } }
    }
}
