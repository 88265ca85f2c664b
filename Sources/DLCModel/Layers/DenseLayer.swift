import DLCGraph
import DLCOps

/// A fully connected layer over the last dimension.
public struct DenseLayer: Layer {
    public var units = 0
    public var bias = true
    public var transposed = false
    public var weightNorm = false
    public var initialiser = Initialiser.standard

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "dense",
        doc: "A fully connected layer: x `[…, inputs]` times weight `[units, inputs]` transposed, plus bias `[units]`.",
        parameters: LayerDefinition.weightAndBias
    ) {
        Argument("units", \.units, "the extent of the result's last dimension", .required)
        Argument("bias", \.bias, "whether a bias is added")
        Argument("transposed", \.transposed, "whether the weight lies as `[inputs, units]`, as in GPT-2's checkpoints")
        Argument("weightNorm", \.weightNorm, "whether the weight is kept as lengths and directions")
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        try positive(units, "units")
        let inputs = try x.extent(-1)
        let weight = try context.weight(
            transposed ? [inputs, units] : [units, inputs], initialiser, type: x.element, isNormalised: weightNorm)
        let offset = bias ? try context.parameter("bias", [units], .bias(besides: [units, inputs]), type: x.element) : nil
        if x.rank == 2 {
            var gemm = Gemm()
            gemm.transB = !transposed
            return [try context.add(gemm, x, weight, offset)]
        }
        let product = try context.add(MatMul(), x, transposed ? weight : context.add(Transpose([1, 0]), weight))
        return [try offset.map { try context.add(Binary(.add), product, $0) } ?? product]
    }
}

/// A table of vectors, one per symbol.
public struct EmbeddingLayer: Layer {
    public var count = 0
    public var width = 0
    public var initialiser = Initialiser.normal(1)

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "embedding", doc: "A vector of `width` elements per index: row i of weight `[count, width]` for every index i of x.",
        operands: ["indices"], parameters: ["weight"]
    ) {
        Argument("count", \.count, "how many symbols there are", .required)
        Argument("width", \.width, "the extent of the result's last dimension", .required)
        Argument("init", \.initialiser, "how the weight is drawn")
    }

    public func prepare(in context: LayerContext) throws { _ = try weight(context) }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let indices = try operand(operands, 0)
        guard indices.element.isInteger else { throw DLCError("indices are \(indices.type); expected integers such as i64") }
        return [try context.add(Gather(axis: 0), weight(context), integers(indices, context))]
    }

    private func weight(_ context: LayerContext) throws -> TensorValue {
        try positive(count, "count")
        try positive(width, "width")
        return try context.parameter("weight", [count, width], initialiser)
    }
}

extension Layer {
    /// A required operand.
    func operand(_ operands: [TensorValue?], _ index: Int) throws -> TensorValue {
        guard index < operands.count, let value = operands[index] else {
            throw DLCError("the tensor \(definition.operandNames[index]) is missing")
        }
        return value
    }

    func optional(_ operands: [TensorValue?], _ index: Int) -> TensorValue? { index < operands.count ? operands[index] : nil }

    func positive(_ value: Int, _ name: String) throws {
        guard value >= 1, value <= 1 << 40 else { throw DLCError("\(name) is \(value); expected at least 1") }
    }

    /// Indices as the graph's operators take them.
    func integers(_ x: TensorValue, _ context: LayerContext) throws -> TensorValue {
        x.element == .int64 || x.element == .int32 ? x : try context.add(Cast(to: .int64), x)
    }
}

extension TensorValue {
    public func dense(
        _ units: Int, bias: Bool = true, transposed: Bool = false, weightNorm: Bool = false, init initialiser: Initialiser = .standard,
        name: String? = nil
    ) throws -> TensorValue {
        try applying(
            DenseLayer(units: units, bias: bias, transposed: transposed, weightNorm: weightNorm, initialiser: initialiser), name: name)
    }

    public func embedding(_ count: Int, _ width: Int, init initialiser: Initialiser = .normal(1), name: String? = nil) throws -> TensorValue
    {
        try applying(EmbeddingLayer(count: count, width: width, initialiser: initialiser), name: name)
    }
}
