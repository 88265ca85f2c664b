import DLCGraph

/// DepthToSpace and SpaceToDepth of `[N, C, H, W]`, read as reshape, transpose, reshape.
enum SpaceDepth {
    static let mappings: [ONNXMapping] = [
        ONNXMapping("DepthToSpace", read: readDepthToSpace, write: { try refuse($0) }),
        ONNXMapping("SpaceToDepth", read: readSpaceToDepth, write: { try refuse($0) }),
    ]

    private static func refuse(_ writer: ONNXWriter) throws {
        throw DLCError("\(writer.op.name) is written as Transpose")
    }

    private static let readDepthToSpace: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["blocksize", "mode"])
        let (x, block) = try operand(reader)
        let depth = try x.shape[1].quotient(block.times(block))
        try reader.require(.divides, block.times(block), x.shape[1], "the channels of \(x.type) are divisible by \(block)²")
        let (n, h, w) = (x.shape[0], x.shape[2], x.shape[3])
        let mode: String = try reader.attribute("mode") ?? "DCR"
        let result = [n, depth, try h.times(block), try w.times(block)]
        switch mode {
        case "DCR": return try rearranged(&reader, [n, block, block, depth, h, w], [0, 3, 4, 1, 5, 2], result)
        case "CRD": return try rearranged(&reader, [n, depth, block, block, h, w], [0, 1, 4, 2, 5, 3], result)
        default: throw DLCError("mode is \"\(mode)\"; expected DCR or CRD")
        }
    }

    private static let readSpaceToDepth: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["blocksize", "mode"])
        let (x, block) = try operand(reader)
        for axis in [2, 3] {
            try reader.require(.divides, block, x.shape[axis], "dimension \(axis) of \(x.type) is divisible by \(block)")
        }
        let (n, c) = (x.shape[0], x.shape[1])
        let (h, w) = (try x.shape[2].quotient(block), try x.shape[3].quotient(block))
        let result = [n, try c.times(block).times(block), h, w]
        let mode: String = try reader.attribute("mode") ?? "DCR"
        switch mode {
        case "DCR": return try rearranged(&reader, [n, c, h, block, w, block], [0, 3, 5, 1, 2, 4], result)
        case "CRD": return try rearranged(&reader, [n, c, h, block, w, block], [0, 1, 3, 5, 2, 4], result)
        default: throw DLCError("mode is \"\(mode)\"; expected DCR or CRD")
        }
    }

    private static func operand(_ reader: ONNXReader) throws -> (Fact, Dim) {
        let x = try reader.fact(0)
        guard x.rank == 4 else { throw DLCError("x is \(x.type); expected 4 dimensions") }
        guard let block: Int = try reader.attribute("blocksize"), block > 0, block < 1 << 16 else {
            throw DLCError("attribute blocksize must be a positive number")
        }
        return (x, Dim(block))
    }

    private static func rearranged(
        _ reader: inout ONNXReader, _ split: Shape, _ perm: [Int], _ result: Shape
    ) throws -> [Value] {
        let parts = try reader.add1(Reshape(shape: split), [try reader.required(0)])
        return try reader.add(Reshape(shape: result), [try reader.add1(Transpose(perm), [parts])])
    }
}
