import DLCGraph

/// Rotary position embedding (Su et al., 2021; ONNX RotaryEmbedding): pairs of features turn by angles whose cosines and
/// sines come from tables.
enum RotaryEmbedding {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["interleaved", "num_heads", "rotary_embedding_dim"])
        let (x, fact) = (try reader.required(0), try reader.fact(0))
        let interleaved: Bool = try reader.attribute("interleaved") ?? false
        // To [B, L, H, D].
        let rows: Value
        if fact.rank == 4 {
            rows = try reader.transpose(x, [0, 2, 1, 3])
        } else {
            guard fact.rank == 3, let heads: Int = try reader.attribute("num_heads"), heads > 0 else {
                throw DLCError("x is \(fact.type); expected 4 dimensions, or 3 and attribute num_heads")
            }
            rows = try reader.reshape(x, [fact.shape[0], fact.shape[1], Dim(heads), try fact.shape[2].quotient(Dim(heads))])
        }
        let shape = reader.builder.shape(rows)
        let given: Int = try reader.attribute("rotary_embedding_dim") ?? 0
        // As many features as are turned, where all are and the tables alone know how many.
        let tabled = given > 0 ? nil : try reader.fact(1).shape.last?.constant.map { 2 * $0 }
        guard let depth = shape[3].constant ?? tabled else { throw DLCError("x is \(fact.type); expected a known number of features") }
        try reader.require(.equal, shape[3], Dim(depth), "x is \(fact.type), the tables turn \(depth) features")
        let width = given == 0 ? depth : given
        guard width > 0, width <= depth, width % 2 == 0 else { throw DLCError("rotary_embedding_dim is \(width) for \(depth) features") }
        let half = width / 2
        // Tables as [B or 1, L, 1, half].
        func table(_ index: Int) throws -> Value {
            let table = try reader.required(index)
            let chosen = try reader.operand(3).map { try reader.add1(Gather(axis: 0), [table, $0]) } ?? table
            let chosenShape = reader.builder.shape(chosen)
            guard chosenShape.count == 3, chosenShape[2].constant == nil || chosenShape[2] == Dim(half) else {
                throw DLCError("table \(index) gives \(chosenShape.text); expected [\(shape[0]), \(shape[1]), \(half)]")
            }
            return try reader.reshape(chosen, [chosenShape[0], chosenShape[1], 1, Dim(half)])
        }
        let (cosines, sines) = (try table(1), try table(2))
        let step = interleaved ? 2 : 1
        let a = try reader.slice(rows, axis: 3, from: 0, count: Dim(half), step: step)
        let b = try reader.slice(rows, axis: 3, from: interleaved ? 1 : half, count: Dim(half), step: step)
        let real = try reader.apply(.sub, reader.apply(.mul, cosines, a), reader.apply(.mul, sines, b))
        let imaginary = try reader.apply(.add, reader.apply(.mul, sines, a), reader.apply(.mul, cosines, b))
        var turned: Value
        if interleaved {
            let column: Shape = [shape[0], shape[1], shape[2], Dim(half), 1]
            let pairs = try reader.add1(Concat(axis: 4), [reader.reshape(real, column), reader.reshape(imaginary, column)])
            turned = try reader.reshape(pairs, [shape[0], shape[1], shape[2], Dim(width)])
        } else {
            turned = try reader.add1(Concat(axis: 3), [real, imaginary])
        }
        if width < depth {
            turned = try reader.add1(Concat(axis: 3), [turned, reader.slice(rows, axis: 3, from: width, count: Dim(depth - width))])
        }
        return [fact.rank == 4 ? try reader.transpose(turned, [0, 2, 1, 3]) : try reader.reshape(turned, fact.shape)]
    }
}
