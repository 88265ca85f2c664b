import DLCGraph

/// Tables, and columns of matrices.
enum SmallMatrices {
    /// ONNX MelWeightMatrix, of scalars known when the model is built: triangular filters at equal distances in mel
    /// (Stevens et al., 1937; as in TensorFlow's `linear_to_mel_weight_matrix`).
    static let readMelWeights: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["output_datatype"])
        guard let bins = try reader.ints(0, "num_mel_bins")?.first, let length = try reader.ints(1, "dft_length")?.first,
            let rate = try reader.ints(2, "sample_rate")?.first, let low = try reader.doubles(3, "lower_edge_hertz")?.first,
            let high = try reader.doubles(4, "upper_edge_hertz")?.first
        else { throw DLCError("expects five scalars") }
        guard bins > 0, bins < 1 << 16, length > 0, length < 1 << 24, rate > 0, low >= 0, high > low, high <= Double(rate) else {
            throw DLCError("\(bins) bins of \(length) samples at \(rate) Hz from \(low) to \(high) Hz make no filters")
        }
        var type = ElementType.float32
        if let code: Int = try reader.attribute("output_datatype") {
            guard let known = ElementType(onnx: code) else { throw DLCError("element type \(code) is not supported") }
            type = known
        }
        let rows = length / 2 + 1
        guard try Checked.multiply(rows, bins) <= 1 << 26 else { throw DLCError("\(bins) filters of \(rows) frequencies are too many") }
        func mel(_ hertz: Double) -> Double { 2595 * Oracle.log1p(hertz / 700) / Oracle.log(10) }
        let step = (mel(high) - mel(low)) / Double(bins + 2)
        let edges = try (0..<(bins + 2)).map { index -> Int in
            let hertz = 700 * Oracle.expm1((Double(index) * step + mel(low)) / 2595 * Oracle.log(10))
            let edge = Int((Double(length + 1) * hertz / Double(rate)).rounded(.down))
            guard edge < rows else { throw DLCError("a filter ends at \(hertz) Hz, above half of the sample rate \(rate)") }
            return edge
        }
        var weights = [Double](repeating: 0, count: rows * bins)
        for i in 0..<bins {
            let (left, centre, right) = (edges[i], edges[i + 1], edges[i + 2])
            for j in left...centre { weights[j * bins + i] = left == centre ? 1 : Double(j - left) / Double(centre - left) }
            for j in centre..<max(centre, right) { weights[j * bins + i] = Double(right - j) / Double(right - centre) }
        }
        return [reader.constant(try Tensor(doubles: weights, type: type, shape: [rows, bins]))]
    }

    /// ai.onnx.ml ArrayFeatureExtractor: columns of the last dimension.
    static let readFeatures: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        let (x, indices) = (try reader.fact(0), try reader.fact(1))
        guard x.rank >= 1 else { throw DLCError("x is \(x.type); expected at least one dimension") }
        let places = try reader.reshape(reader.required(1), [try indices.shape.product()])
        let rows = x.rank == 1 ? try reader.reshape(reader.required(0), [1, x.shape[0]]) : try reader.required(0)
        return try reader.add(Gather(axis: max(x.rank - 1, 1)), [rows, places])
    }

    /// ai.onnx.ml Binarizer: 1 where an element is above the threshold, else 0.
    static let readBinarizer: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["threshold"])
        let x = try reader.required(0)
        let threshold: Double = try reader.attribute("threshold") ?? 0
        let isAbove = try reader.apply(.greater, x, reader.scalar(threshold, like: x))
        return try reader.add(Cast(to: reader.builder.fact(x).element), [isAbove])
    }
}
