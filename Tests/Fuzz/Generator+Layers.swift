import DLC

/// Layers with weights, put onto values that a graph has.
extension Generator {
    /// A product with a matrix on the right: a constant, an input, or the value itself where it fits.
    mutating func product(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.element.isFloat, let depth = fact.shape.last?.constant, fact.rank >= 2 else { throw DLCError("no columns") }
        let columns = rng.pick([1, 2, depth, 7, 16, 17])
        let type = fact.element
        if rng.chance(0.15) {
            let swapped = Array(0..<fact.rank - 2) + [fact.rank - 1, fact.rank - 2]
            return sketch.add(try make("matmul"), [x, sketch.add(Transpose(swapped), [x])[0]])
        }
        let isTransposed = rng.chance(0.3)
        let tensor = try Tensor.drawn(.plain, type: type, shape: isTransposed ? [columns, depth] : [depth, columns], like: nil, &rng)
        var weights = rng.chance(0.75) ? sketch.addConstant(tensor) : addInput(tensor, isPlain: true)
        if fact.rank == 2, rng.chance(0.5) {
            let bias = try Tensor.drawn(.plain, type: type, shape: rng.pick([[columns], [1, columns], [1]]), like: nil, &rng)
            let op = try make(
                "gemm", ["transB": .bool(isTransposed), "alpha": .float(rng.pick([1, 0.5])), "beta": .float(rng.pick([1, 2, 0]))])
            return sketch.add(op, [x, weights] + (rng.chance(0.8) ? [sketch.addConstant(bias)] : []))
        }
        if isTransposed { weights = sketch.add(Transpose([1, 0]), [weights])[0] }
        return sketch.add(try make("matmul"), [x, weights])
    }

    /// A convolution or pooling over one or two spatial dimensions.
    mutating func window(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.element.isFloat, fact.rank >= 3, fact.rank <= 4, let channels = fact.shape[1].constant else {
            throw DLCError("no channels")
        }
        let spatial = fact.rank - 2
        let kernel = (0..<spatial).map { _ in rng.pick([1, 1, 2, 3, 3]) }
        let strides = (0..<spatial).map { _ in rng.pick([1, 1, 2]) }
        let pads = (0..<2 * spatial).map { Dim(rng.below(kernel[$0 % spatial])) }
        let shape: [(String, AttributeValue)] = [
            ("strides", .ints(strides)), ("dilations", .ints(strides.map { _ in rng.pick([1, 1, 1, 2]) })), ("pads", .dims(pads)),
        ]
        var attributes = Dictionary(uniqueKeysWithValues: shape)
        if rng.chance(0.35) {
            attributes["kernel"] = .ints(kernel)
            attributes["ceil_mode"] = .bool(rng.chance(0.3))
            return sketch.add(try make(rng.pick(["max_pool", "average_pool"]), attributes), [x])
        }
        let group = rng.pick([1, 1, 1, channels, channels % 2 == 0 ? 2 : 1])
        let features = group * rng.pick([1, 1, 2, 3, 8])
        attributes["group"] = .int(max(group, 1))
        let weights = try Tensor.drawn(.plain, type: fact.element, shape: [features, channels / max(group, 1)] + kernel, like: nil, &rng)
        let bias = try Tensor.drawn(.plain, type: fact.element, shape: [features], like: nil, &rng)
        let operands: [Int?] = [x, rng.chance(0.85) ? sketch.addConstant(weights) : addInput(weights, isPlain: true)]
        return sketch.add(try make("conv", attributes), operands + (rng.chance(0.5) ? [sketch.addConstant(bias)] : []))
    }

    /// Normalisation over the last dimension, over channels, or by statistics.
    mutating func norm(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.element.isFloat, fact.rank >= 2 else { throw DLCError("nothing to normalise") }
        if rng.chance(0.5), let width = fact.shape.last?.constant {
            return sketch.add(try make(rng.pick(["layer_norm", "rms_norm"])), [x, try vector(width, fact.element)])
        }
        guard let channels = fact.shape[1].constant else { throw DLCError("no channels") }
        let variance = sketch.addConstant(try Tensor(filling: rng.pick([1, 0.25, 2]), type: fact.element, shape: [channels]))
        return sketch.add(
            try make("batch_norm"),
            [x, try vector(channels, fact.element), try vector(channels, fact.element), try vector(channels, fact.element), variance])
    }

    private mutating func vector(_ count: Int, _ type: ElementType) throws -> Int {
        sketch.addConstant(try .drawn(.plain, type: type, shape: [count], like: nil, &rng))
    }
}
