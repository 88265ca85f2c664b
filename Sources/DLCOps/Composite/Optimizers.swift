import DLCGraph

/// Steps of optimizers over any number of tensors (ONNX ai.onnx.preview.training): Adagrad (Duchi et al., 2011), Adam
/// (Kingma and Ba, 2015) and momentum. Operands: learning rate, step count, then all parameters, their gradients, and
/// each kind of state; results: new parameters, then each kind of state.
enum Optimizers {
    static let readAdagrad: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["decay_factor", "epsilon", "norm_coefficient"])
        let decay: Double = try reader.attribute("decay_factor") ?? 0
        let epsilon: Double = try reader.attribute("epsilon") ?? 1e-6
        return try steps(&reader, states: 1) { reader, rate, count, x, gradient, states in
            let slowed = try reader.apply(
                .add, reader.scaled(reader.cast(count, .float32), decay), reader.constant(Tensor([1 as Float], shape: [])))
            let h = try reader.apply(.add, states[0], reader.apply(.mul, gradient, gradient))
            let root = try reader.apply(.add, reader.apply(.sqrt, h), reader.scalar(epsilon, like: h))
            let move = try reader.apply(.div, reader.apply(.mul, reader.apply(.div, rate, slowed), gradient), root)
            return [try reader.apply(.sub, x, move), h]
        }
    }

    static let readAdam: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha", "beta", "epsilon", "norm_coefficient", "norm_coefficient_post"])
        let (alpha, beta): (Double, Double) = (try reader.attribute("alpha") ?? 0.9, try reader.attribute("beta") ?? 0.999)
        let epsilon: Double = try reader.attribute("epsilon") ?? 1e-6
        let after: Double = try reader.attribute("norm_coefficient_post") ?? 0
        return try steps(&reader, states: 2) { reader, rate, count, x, gradient, states in
            let v = try reader.apply(.add, reader.scaled(states[0], alpha), reader.scaled(gradient, 1 - alpha))
            let h = try reader.apply(.add, reader.scaled(states[1], beta), reader.scaled(reader.apply(.mul, gradient, gradient), 1 - beta))
            let root = try reader.apply(.add, reader.apply(.sqrt, h), reader.scalar(epsilon, like: h))
            // Bias correction from the second step on.
            let t = try reader.cast(count, .float32)
            let one = try reader.scalar(1, like: t)
            let second = try reader.apply(.sqrt, reader.apply(.sub, one, reader.apply(.pow, reader.scalar(beta, like: t), t)))
            let first = try reader.apply(.sub, one, reader.apply(.pow, reader.scalar(alpha, like: t), t))
            let isLater = try reader.apply(.greater, t, reader.scalar(0, like: t))
            let corrected = try reader.select(isLater, reader.apply(.div, reader.apply(.mul, rate, second), first), rate)
            let moved = try reader.apply(.sub, x, reader.apply(.mul, corrected, reader.apply(.div, v, root)))
            return [try reader.scaled(moved, 1 - after), v, h]
        }
    }

    static let readMomentum: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha", "beta", "mode", "norm_coefficient"])
        guard let alpha: Double = try reader.attribute("alpha"), let beta: Double = try reader.attribute("beta") else {
            throw DLCError("attributes alpha and beta are missing")
        }
        let mode: String = try reader.attribute("mode") ?? "standard"
        guard mode == "standard" || mode == "nesterov" else { throw DLCError("mode is \(mode); expected standard or nesterov") }
        return try steps(&reader, states: 1) { reader, rate, count, x, gradient, states in
            let t = try reader.cast(count, .float32)
            let isLater = try reader.apply(.greater, t, reader.scalar(0, like: t))
            let weight = try reader.select(isLater, reader.scalar(beta, like: t), reader.scalar(1, like: t))
            let v = try reader.apply(.add, reader.scaled(states[0], alpha), reader.apply(.mul, weight, gradient))
            let direction = mode == "standard" ? v : try reader.apply(.add, gradient, reader.scaled(v, alpha))
            return [try reader.apply(.sub, x, reader.apply(.mul, rate, direction)), v]
        }
    }

    /// Applies `step` to each parameter; its gradient already has the term of the regularisation.
    private static func steps(
        _ reader: inout ONNXReader, states: Int,
        _ step: (inout ONNXReader, _ rate: Value, _ count: Value, _ x: Value, _ gradient: Value, _ states: [Value]) throws -> [Value]
    ) throws -> [Value] {
        let kinds = states + 2
        guard reader.operands.count > 2, (reader.operands.count - 2) % kinds == 0 else {
            throw DLCError("expects 2 operands and \(kinds) per parameter, found \(reader.operands.count)")
        }
        let count = (reader.operands.count - 2) / kinds
        let norm: Double = try reader.attribute("norm_coefficient") ?? 0
        var results = [[Value]](repeating: [], count: states + 1)
        for index in 0..<count {
            let parts = try (0..<kinds).map { try reader.required(2 + $0 * count + index) }
            let gradient = norm == 0 ? parts[1] : try reader.apply(.add, reader.scaled(parts[0], norm), parts[1])
            let next = try step(&reader, reader.required(0), reader.required(1), parts[0], gradient, Array(parts[2...]))
            for kind in results.indices { results[kind].append(next[kind]) }
        }
        return results.flatMap { $0 }
    }
}

extension ONNXReader {
    fileprivate mutating func scaled(_ x: Value, _ factor: Double) throws -> Value {
        factor == 1 ? x : try apply(.mul, x, scalar(factor, like: x))
    }
}
