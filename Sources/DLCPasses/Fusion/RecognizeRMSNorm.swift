import DLCGraph
import DLCOps

/// Recognises division by the root mean square in its primitive form (Zhang and Sennrich, arXiv:1910.07467), as Llama and T5 are
/// exported.
///
///     %r = sqrt(reduce_mean(%x²) + ε);  div(%x, %r), mul(%x, div(1, %r)) or mul(%x, reciprocal(%r))
///     →  rms_norm(%x, 1)
///     mul(rms_norm(%x, 1), %g)  →  rms_norm(%x, %g)
///
/// Not of halves, whose intermediate results round and overflow, nor where a constant widens the result.
public let recognizeRMSNorm = Pass("recognize-rms-norm", at: .canonical) { rewriter, node in
    guard try [.float32, .float64].contains(rewriter.resultType(node).element) else { return nil }
    switch node.op.name {
    case "div":
        guard let x = node.operands[0] else { return nil }
        return try norm(&rewriter, node, x, root: node.operands[1])
    case "mul":
        for (x, factor) in [(node.operands[0], node.operands[1]), (node.operands[1], node.operands[0])] {
            guard let x else { continue }
            if let inverted = inverted(rewriter, factor), let results = try norm(&rewriter, node, x, root: inverted) { return results }
            guard let (op, norm) = rewriter.solelyUsed(x, as: RMSNormalization.self), try rewriter.keepsShape(node, of: x),
                let length = rewriter.shape(x).last?.constant, let scale = rewriter.constant(factor), scale.count == length,
                scale.shape.last == length, scale.type == rewriter.fact(x).element, let old = rewriter.constant(norm.operands[1]),
                old.shape == [length], try old.doubles().allSatisfy({ $0 == 1 })
            else { continue }
            let vector = rewriter.constant(try scale.reshaped([length]))
            return [try rewriter.add1(op, [norm.operands[0], vector], name: node.name)]
        }
        return nil
    default: return nil
    }
}

/// What a value is one over.
private func inverted(_ rewriter: Rewriter, _ value: Value?) -> Value? {
    if let quotient = rewriter.node(value, "div"), rewriter.scalar(quotient.operands[0]) == 1 { return quotient.operands[1] }
    return rewriter.node(value, "reciprocal")?.operands[0]
}

/// A norm of x in place of a node, where `root` is the root of its mean square.
private func norm(_ rewriter: inout Rewriter, _ node: Node, _ x: Value, root: Value?) throws -> [Value]? {
    guard let root = rewriter.node(root, "sqrt"), let sum = rewriter.node(root.operands[0], "add"),
        let (epsilon, mean) = rewriter.either(sum, { rewriter.scalar($0) }), let square = lastAxisMean(rewriter, mean),
        isSquare(rewriter, square, of: x), let length = rewriter.shape(x).last?.constant, try rewriter.keepsShape(node, of: x)
    else { return nil }
    let ones = rewriter.constant(try Tensor(filling: 1, type: rewriter.fact(x).element, shape: [length]))
    return [try rewriter.add1(RMSNormalization(epsilon: epsilon), [x, ones], name: node.name)]
}
