import DLCGraph

/// Discrete Fourier transforms as products with constant matrices (ONNX DFT and STFT).
enum FourierTransform {
    /// The most elements of a matrix, 64 Mi.
    private static let mostElements = 1 << 26

    static let readDFT: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "inverse", "onesided"])
        let x = try reader.fact(0)
        let given = try reader.ints(2, "axis")?.first ?? reader.attribute("axis") ?? (reader.opset < 20 ? 1 : -2)
        let axis = try InferenceRules.axis(given, rank: x.rank)
        guard x.rank >= 2, axis < x.rank - 1 else { throw DLCError("axis \(given) of x \(x.type) holds no signal") }
        let transform = Transform(
            inverse: try reader.attribute("inverse") ?? false, onesided: try reader.attribute("onesided") ?? false,
            length: try reader.ints(1, "dft_length")?.first)
        return [try transform.applied(to: reader.required(0), axis: axis, &reader)]
    }

    static let readSTFT: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["onesided"])
        let (x, signal) = (try reader.required(0), try reader.fact(0))
        guard let step = try reader.ints(1, "frame_step")?.first, step > 0 else { throw DLCError("frame_step must be a positive number") }
        let given = try reader.ints(3, "frame_length")?.first
        guard let length = given ?? reader.operand(2).flatMap({ reader.builder.shape($0).first?.constant }), length > 0,
            let count = signal.shape.dropFirst().first?.constant, count >= length, count <= mostElements
        else { throw DLCError("signal is \(signal.type); expected a known length of at least one frame") }
        let frames = (count - length) / step + 1
        guard try Checked.multiply(frames, length) <= mostElements else { throw DLCError("\(frames) frames of \(length) are too many") }
        let indices = (0..<frames).flatMap { frame in (0..<length).map { Int64(frame * step + $0) } }
        let places = reader.constant(try Tensor(indices, shape: [frames, length]))
        // [batch, frames, length, 1 or 2]
        let channels = signal.rank == 3 ? signal.shape[2] : 1
        let planar = try reader.reshape(x, [signal.shape[0], Dim(count), channels])
        var framed = try reader.add1(Gather(axis: 1), [planar, places])
        if let window = reader.operand(2) { framed = try reader.apply(.mul, framed, reader.reshape(window, [Dim(length), 1])) }
        let transform = Transform(inverse: false, onesided: try reader.attribute("onesided") ?? true, length: length)
        return [try transform.applied(to: framed, axis: 2, &reader)]
    }

    private struct Transform {
        var inverse: Bool
        var onesided: Bool
        var length: Int?

        /// The transform of x `[…, n at axis, …, 1 or 2]`.
        func applied(to x: Value, axis: Int, _ reader: inout ONNXReader) throws -> Value {
            let fact = reader.builder.fact(x)
            let rank = fact.rank
            guard let count = fact.shape[axis].constant, let parts = fact.shape[rank - 1].constant, parts == 1 || parts == 2,
                count <= mostElements
            else {
                throw DLCError("x is \(fact.type); expected a known length and 1 or 2 as last dimension")
            }
            let length = self.length ?? (inverse && onesided ? 2 * (count - 1) : count)
            let kept = onesided && !inverse ? length / 2 + 1 : length
            let outputs = onesided && inverse ? 1 : 2
            guard length > 0, try Checked.multiply(Checked.multiply(count, parts), Checked.multiply(kept, outputs)) <= mostElements else {
                throw DLCError("a transform of length \(length) is not supported")
            }
            let others = (0..<(rank - 1)).filter { $0 != axis }
            let perm = others + [axis, rank - 1]
            let moved = try reader.transpose(x, perm)
            let outer = others.map { fact.shape[$0] }
            let rows = try reader.reshape(moved, outer + [Dim(count * parts)])
            let matrix = try Tensor(
                doubles: matrix(count: count, parts: parts, length: length, kept: kept, outputs: outputs), type: fact.element,
                shape: [count * parts, kept * outputs])
            let product = try reader.add1(MatMul(), [rows, reader.constant(matrix)])
            let result = try reader.reshape(product, outer + [Dim(kept), Dim(outputs)])
            let back = (0..<rank).map { axis in perm.firstIndex(of: axis) ?? axis }
            return try reader.transpose(result, back)
        }

        /// Rows per element of the signal and part, columns per element of the result and part. Elements from `length`
        /// on count nothing.
        private func matrix(count: Int, parts: Int, length: Int, kept: Int, outputs: Int) -> [Double] {
            var values = [Double](repeating: 0, count: count * parts * kept * outputs)
            let width = kept * outputs
            let used = inverse && onesided ? min(count, length / 2 + 1) : min(count, length)
            for t in 0..<used {
                // A one-sided spectrum stands for its mirror image too.
                let isDoubled = inverse && onesided && t > 0 && 2 * t != length
                let weight = (inverse ? 1 / Double(length) : 1) * (isDoubled ? 2 : 1)
                for k in 0..<kept {
                    let angle = 2 * Double.pi * Double(t % length * k % length) / Double(length) * (inverse ? -1 : 1)
                    let (c, s) = (Oracle.cos(angle) * weight, Oracle.sin(angle) * weight)
                    let at = t * parts * width + k * outputs
                    values[at] = c
                    if outputs == 2 { values[at + 1] = -s }
                    if parts == 2 {
                        values[at + width] = s
                        if outputs == 2 { values[at + width + 1] = c }
                    }
                }
            }
            return values
        }
    }
}
