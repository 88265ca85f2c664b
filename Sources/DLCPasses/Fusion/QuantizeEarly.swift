import DLCGraph
import DLCOps

/// Quantizations move up through what only moves elements and through maxima, to where the numbers come from; where these are
/// dequantized with the same scale and zero point, both go. Integers so stay integers between layers, to the last bit: rounding
/// and saturation keep the order of numbers, and (n·s)/s is n for integers of 8 bits.
///
///     quantize_linear(concat(dequantize_linear(%a, %s, %z), %f), %s, %z)   →   concat(%a, quantize_linear(%f, %s, %z))
///     quantize_linear(max_pool(dequantize_linear(%a, %s, %z)), %s, %z)     →   max_pool(%a)
public let quantizeEarly = Pass("quantize-early", at: .canonical) { rewriter, node in
    guard let op = node.op as? QuantizeLinear, let x = node.operands[0], let grain = Grain(rewriter, node), [.uint8, .int8].contains(op.to),
        op.blockSize == 0
    else { return nil }
    if let (inner, source) = rewriter.produced(x, by: DequantizeLinear.self), inner.blockSize == 0, let integers = source.operands[0],
        rewriter.fact(integers).element == op.to, Grain(rewriter, source) == grain
    {
        return [integers]
    }
    guard rewriter.useCount(x) == 1, let source = rewriter.producer(of: x), source.results[0] == x,
        source.results.dropFirst().allSatisfy({ rewriter.useCount($0) == 0 }), rewriter.fact(x).element == .float32
    else { return nil }
    let count: Int
    switch source.op {
    case is Reshape, is Transpose, is Slice: count = 1
    case is Concat: count = source.operands.count
    // What is dequantized is never NaN, whose place among the maxima would be another.
    case let pool as Pool where pool.kind == .max: count = rewriter.produced(source.operands[0], by: DequantizeLinear.self) == nil ? 0 : 1
    default: return nil
    }
    guard count > 0, source.operands.prefix(count).contains(where: { isDequantized(rewriter, $0) }) else { return nil }
    var operands = source.operands
    for index in 0..<count {
        operands[index] = try operands[index].map { try rewriter.add1(op, [$0] + node.operands.dropFirst(), name: node.name) }
    }
    return [try rewriter.add(source.op, operands, name: source.name)[0]]
}

/// Whether a value comes from integers, through what the pass moves quantizations through.
private func isDequantized(_ rewriter: Rewriter, _ value: Value?, depth: Int = 0) -> Bool {
    guard depth < 8, let node = rewriter.producer(of: value) else { return false }
    switch node.op {
    case is DequantizeLinear: return true
    case is Reshape, is Transpose, is Slice: return isDequantized(rewriter, node.operands[0], depth: depth + 1)
    case is Concat: return node.operands.contains { isDequantized(rewriter, $0, depth: depth + 1) }
    case let pool as Pool: return pool.kind == .max && isDequantized(rewriter, node.operands[0], depth: depth + 1)
    default: return false
    }
}

/// One constant scale with its zero point, for which dividing what was multiplied gives the integer back.
struct Grain: Equatable {
    let scale: Double
    let zero: Double

    init?(_ rewriter: Rewriter, _ node: Node) {
        guard let value = node.operands[1], rewriter.fact(value).element == .float32, let scale = rewriter.scalar(value),
            (0x1p-100...0x1p100).contains(scale)
        else { return nil }
        self.scale = scale
        guard node.operands.count > 2, let zero = node.operands[2] else {
            self.zero = 0
            return
        }
        guard let number = rewriter.scalar(zero) else { return nil }
        self.zero = number
    }
}
