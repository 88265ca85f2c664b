import DLCGraph
import DLCOps

/// Layers of dequantized operands (ONNX's QDQ models, and QLinearConv and QLinearMatMul as they are read) compute on the
/// integers: sums are exact in i32 and scaled once, where the definition rounds every product of dequantized numbers in f32.
/// What follows is left as it is, so that scales, bias, activation and the quantization of the result become one region.
///
///     conv(dequantize_linear(%x, %s, %z), dequantize_linear(%w, %t, %v), %bias)
///         →   add(mul(cast(integer_conv(%x, %w, %z, %v)), mul(%s, %t)), %bias)
///
/// A result that is quantized again may differ by one step of its scale from the definition's. Scales that are computed are taken to
/// be finite.
public let integerLayers = Pass("integer-layers", at: .canonical, keepsSums: false) { rewriter, node in
    guard node.op is Conv || node.op is MatMul || node.op is Gemm, let left = node.operands[0], let right = node.operands[1],
        try rewriter.resultType(node).element == .float32, let x = Dequantized(rewriter, left), let w = Dequantized(rewriter, right),
        QuantizedWeights.haveSums(rewriter.shape(right), node.op), x.mayBeScaled(with: w, rewriter)
    else { return nil }
    switch node.op {
    case let op as Conv:
        guard x.axis == nil, w.axis ?? 0 == 0 else { return nil }
        let rank = rewriter.shape(right).count
        let sums = try rewriter.add1(IntegerConv(op), [x.value, w.value, x.zero(&rewriter), w.zero(&rewriter)], name: node.name)
        let channel = Shape([rewriter.shape(right)[0]] + [Dim](repeating: 1, count: rank - 2))
        let bias = try node.operands.count > 2 ? node.operands[2].map { try rewriter.add1(Reshape(shape: channel), [$0]) } : nil
        return [try scaled(&rewriter, node, sums, x.scale(&rewriter), w.scale(&rewriter, shape: channel), bias)]
    case is MatMul:
        let (rows, columns) = (rewriter.shape(left).count, rewriter.shape(right).count)
        guard rows >= 2, columns >= 2, x.axis ?? (rows - 2) == rows - 2, w.axis ?? (columns - 1) == columns - 1 else { return nil }
        let shape: Shape = [rewriter.shape(left)[rows - 2], 1]
        let sums = try rewriter.add1(
            IntegerProduct(), [x.value, w.value, x.zero(&rewriter, shape: shape), w.zero(&rewriter)], name: node.name)
        return [try scaled(&rewriter, node, sums, x.scale(&rewriter, shape: shape), w.scale(&rewriter), nil)]
    case let op as Gemm:
        guard !op.transA, op.alpha == 1, x.axis == nil, w.axis ?? (op.transB ? 0 : 1) == (op.transB ? 0 : 1) else { return nil }
        let matrix = try op.transB ? rewriter.add1(Transpose([1, 0]), [w.value]) : w.value
        let sums = try rewriter.add1(IntegerProduct(), [x.value, matrix, x.zero(&rewriter), w.zero(&rewriter)], name: node.name)
        var bias = node.operands.count > 2 && op.beta != 0 ? node.operands[2] : nil
        if let given = bias, op.beta != 1 {
            bias = try rewriter.add1(Binary(.mul), [given, rewriter.constant(try Tensor(filling: op.beta, type: .float32, shape: []))])
        }
        return [try scaled(&rewriter, node, sums, x.scale(&rewriter), w.scale(&rewriter), bias)]
    default: return nil
    }
}

/// `sums · (s · t) + bias`.
private func scaled(_ rewriter: inout Rewriter, _ node: Node, _ sums: Value, _ s: Value, _ t: Value, _ bias: Value?) throws -> Value {
    let scale = try rewriter.add1(Binary(.mul), [s, t], name: node.name)
    let y = try rewriter.add1(Binary(.mul), [rewriter.add1(Cast(to: .float32), [sums], name: node.name), scale], name: node.name)
    return try bias.map { try rewriter.add1(Binary(.add), [y, $0], name: node.name) } ?? y
}

/// 8-bit integers that a value is dequantized from, with one scale or a vector of them.
private struct Dequantized {
    let value: Value
    /// Along which scales and zero points lie; nil where there is one.
    let axis: Int?
    private let scale: Value
    private let zero: Value?

    init?(_ rewriter: Rewriter, _ result: Value) {
        guard let (op, node) = rewriter.produced(result, by: DequantizeLinear.self), op.blockSize == 0, let value = node.operands[0],
            let scale = node.operands[1], rewriter.fact(scale).element == .float32, [.uint8, .int8].contains(rewriter.fact(value).element)
        else { return nil }
        let shape = rewriter.shape(scale)
        guard shape.count <= 1 else { return nil }
        (self.value, self.scale, zero) = (value, scale, node.operands.count > 2 ? node.operands[2] : nil)
        axis = shape.isEmpty || shape[0].constant == 1 ? nil : op.axis < 0 ? op.axis + rewriter.shape(value).count : op.axis
    }

    /// Whether what is known of both scales makes numbers of all products: 0 times what is none is no sum of nothing, and terms of
    /// both signs that are infinite are no sum's infinity.
    func mayBeScaled(with other: Dequantized, _ rewriter: Rewriter) -> Bool {
        var largest = 255.0 * 255
        for scale in [scale, other.scale] {
            guard let scales = try? rewriter.fact(scale).constant?.doubles() else { continue }
            guard scales.allSatisfy(\.isFinite) else { return false }
            largest *= scales.map(abs).max() ?? 1
        }
        return Float(largest).isFinite
    }

    /// The scale as a scalar, or along its axis as it is or in another shape.
    func scale(_ rewriter: inout Rewriter, shape: Shape? = nil) throws -> Value { try shaped(&rewriter, scale, shape) }

    func zero(_ rewriter: inout Rewriter, shape: Shape? = nil) throws -> Value? { try zero.map { try shaped(&rewriter, $0, shape) } }

    private func shaped(_ rewriter: inout Rewriter, _ value: Value, _ shape: Shape?) throws -> Value {
        let target = axis == nil ? [] : shape ?? rewriter.shape(value)
        return target == rewriter.shape(value) ? value : try rewriter.add1(Reshape(shape: target), [value])
    }
}

/// Which dequantized weights `integerLayers` will want as the integers that they are.
enum QuantizedWeights {
    /// Results of dequantizations that a layer of dequantized data reads as its weights.
    static func results(of graph: Graph) -> Set<Value> {
        func isDequantized(_ value: Value?) -> Bool {
            guard let node = value.flatMap({ graph.producer(of: $0) }), node.op is DequantizeLinear, let source = node.operands[0] else {
                return false
            }
            return [.uint8, .int8].contains(graph.type(source).element)
        }
        var result = Set<Value>()
        for node in graph.nodes where node.op is Conv || node.op is MatMul || node.op is Gemm {
            guard isDequantized(node.operands[0]), isDequantized(node.operands[1]), let weights = node.operands[1] else { continue }
            result.insert(weights)
        }
        return result
    }

    /// Whether there is something to sum over the inputs of weights, and the sums fit 32 bits.
    static func haveSums(_ shape: Shape, _ op: any Operator) -> Bool {
        let terms: Shape
        switch op {
        case is Conv: terms = Shape(shape.dropFirst())
        case let gemm as Gemm: terms = [shape[gemm.transB ? 1 : 0]]
        default: terms = shape.count < 2 ? [] : [shape[shape.count - 2]]
        }
        guard let extents = terms.constants, let count = try? Checked.count(extents) else { return false }
        return count > 0 && count <= Int(Int32.max) / (255 * 255)
    }
}
