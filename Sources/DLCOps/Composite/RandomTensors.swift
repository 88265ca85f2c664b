import DLCGraph

/// Operators that draw, by the generator that all draws of a model share. Where a file gives a seed, it is the stream of that
/// node: other programs' numbers are not ours, as ONNX leaves the generator open.
enum RandomTensors {
    /// RandomUniform and RandomUniformLike: evenly from `low` (included) to `high` (excluded).
    static let readUniform: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dtype", "high", "low", "seed", "shape"])
        let (low, high): (Double, Double) = (try reader.attribute("low") ?? 0, try reader.attribute("high") ?? 1)
        guard low.isFinite, high.isFinite else { throw DLCError("draws from \(low) to \(high); expected finite ends") }
        return [try drawn(&reader, .uniform, scale: high - low, shift: low)]
    }

    /// RandomNormal and RandomNormalLike.
    static let readNormal: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dtype", "mean", "scale", "seed", "shape"])
        let (mean, scale): (Double, Double) = (try reader.attribute("mean") ?? 0, try reader.attribute("scale") ?? 1)
        guard mean.isFinite, scale.isFinite else { throw DLCError("draws with mean \(mean) and deviation \(scale); expected finite ones") }
        return [try drawn(&reader, .normal, scale: scale, shift: mean)]
    }

    /// Bernoulli: 1 where a number drawn evenly from [0, 1) is below the operand's.
    static let readBernoulli: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dtype", "seed"])
        let x = try reader.required(0)
        let uniform = try reader.random(.uniform, reader.builder.shape(x))
        let isBelow = try reader.apply(.less, uniform, reader.cast(x, .float32))
        return [try reader.cast(isBelow, type(&reader) ?? reader.fact(0).element)]
    }

    /// Multinomial: classes `[N, samples]` by unnormalised logarithms of their probabilities `[N, C]`: as many classes as the
    /// sums up to them are not above an even number.
    static let readMultinomial: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["dtype", "sample_size", "seed"])
        let x = try reader.cast(reader.required(0), .float32)
        let shape = reader.builder.shape(x)
        let (count, type): (Int, ElementType) = (try reader.attribute("sample_size") ?? 1, try type(&reader) ?? .int32)
        guard shape.count == 2, count >= 0, type == .int32 || type == .int64 else {
            throw DLCError("x is \(reader.builder.fact(x).type); expected [N, C], for i32 or i64")
        }
        let sums = try reader.add1(CumSum(axis: 1), [reader.add1(Softmax(axis: 1), [x])])
        let drawn = try reader.random(.uniform, [shape[0], Dim(count), 1])
        let isPassed = try reader.apply(.lessOrEqual, reader.reshape(sums, [shape[0], 1, shape[1]]), drawn)
        let passed = try reader.add1(Reduce(.sum, axes: [2], keepDims: false), [reader.cast(isPassed, .float32)])
        let last = try reader.apply(.sub, reader.extent(shape[1], like: passed), reader.scalar(1, like: passed))
        return [try reader.cast(reader.apply(.min, passed, last), type)]
    }

    private static func drawn(
        _ reader: inout ONNXReader, _ distribution: RandomDistribution, scale: Double, shift: Double
    ) throws -> Value {
        let given: [Int]? = try reader.attribute("shape")
        guard let shape = given.map({ Shape(constants: $0) }) ?? reader.operand(0).map({ reader.builder.shape($0) }) else {
            throw DLCError("has neither shape nor operand")
        }
        if let odd = given?.first(where: { $0 < 0 }) { throw DLCError("shape has the extent \(odd)") }
        let like = reader.operand(0).map { reader.builder.fact($0).element }
        let type = try type(&reader) ?? (given == nil ? like : nil) ?? .float32
        guard type.isFloat else { throw DLCError("draws \(type); expected floats") }
        var value = try reader.random(distribution, shape)
        if scale != 1 { value = try reader.apply(.mul, value, reader.scalar(scale, like: value)) }
        if shift != 0 { value = try reader.apply(.add, value, reader.scalar(shift, like: value)) }
        return try reader.cast(value, type)
    }

    private static func type(_ reader: inout ONNXReader) throws -> ElementType? {
        guard let code: Int = try reader.attribute("dtype") else { return nil }
        guard let type = ElementType(onnx: code), type.isComputed else { throw DLCError("element type \(code) is not supported") }
        return type
    }
}

extension ONNXReader {
    /// Numbers of a stream of their own.
    mutating func random(_ distribution: RandomDistribution, _ shape: Shape) throws -> Value {
        try add1(Random(distribution, stream: stream(), shape: shape), [builder.keyOfDraws()])
    }

    /// The node's seed where it has one (an integer of Dropout, else the bits of a float), else the number of draws before it.
    private func stream() throws -> Int {
        if let seed = try? attribute("seed", as: Int.self), seed != 0 { return Int(UInt32(truncatingIfNeeded: seed)) }
        if let seed = try? attribute("seed", as: Double.self) { return Int(Float(seed).bitPattern) }
        return builder.graph.nodes.count { $0.op is Random } + 1
    }
}

extension GraphBuilder {
    /// The state that all draws of a model have in common: a seed and the number of the run. In the body of control flow what
    /// `openKeyOfDraws` has made of it.
    public mutating func keyOfDraws() throws -> Value {
        if let randomKey { return randomKey }
        let name = "training.key"
        if let known = graph.states.first(where: { $0.name == name }) { return known.value }
        let key = try state(name, TensorType(.int64, [2]))
        try next(name, add1(Binary(.add), [key, constant(Tensor([0, 1] as [Int64], shape: [2]))]))
        return key
    }

    /// Lets draws in the body of control flow have a key of their own, another in each round.
    /// - Parameters:
    ///   - key: the key around it, as a value of this graph.
    ///   - round: the number of the round, where it is a loop's body.
    ///   - place: distinguishes bodies that have the same key around them.
    public mutating func openKeyOfDraws(_ key: Value, round: Value?, place: Int) throws {
        // Odd numbers without structure, so that seeds of bodies inside bodies stay apart: of PCG, and of the golden ratio.
        let (mixed, far) = (Int64(truncatingIfNeeded: place) &* 6_364_136_223_846_793_005 &+ 1, -7_046_029_254_386_353_131 as Int64)
        var own = try add1(Binary(.add), [key, constant(Tensor([mixed, 0], shape: [2]))])
        if let round {
            let step = try add1(Binary(.mul), [constant(Tensor([far, 0], shape: [2])), round])
            own = try add1(Binary(.add), [own, step])
        }
        randomKey = own
    }

    /// Whether reading an ONNX node draws numbers.
    public func draws(_ opType: String, _ operands: [Value?]) -> Bool {
        switch opType {
        case "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial": true
        case "Dropout": operands.count > 2 && operands[2] != nil
        default: false
        }
    }
}
