import DLCGraph
import DLCOps

/// Gradients of queries, keys and values that were parts of one tensor are put together head by head, so that the kernel writes
/// them where they shall lie.
///
///     %dq, %dk, %dv = attention_gradient(…) {heads_inner: true}
///     concat(reshape(%dq), reshape(%dk), reshape(%dv)) {axis: 2}   →   reshape(concat(%dq, %dk, %dv) {axis: 2})
///
/// Each reshape makes rows `[N, L, H · D]` of heads `[N, L, H, D]`.
public let concatenateHeads = Pass("concatenate-heads", at: .canonical) { rewriter, node in
    guard let concat = node.op as? Concat else { return nil }
    let result = try rewriter.resultType(node).shape
    guard result.count == 3, concat.axis == 2 || concat.axis == -1 else { return nil }
    var heads: [Value] = []
    for operand in node.operands {
        guard let (_, reshape) = rewriter.produced(operand, by: Reshape.self), let inner = reshape.operands[0],
            rewriter.produced(inner, by: AttentionGradient.self) != nil, rewriter.shape(inner).count == 4,
            Shape(rewriter.shape(inner).prefix(2)) == Shape(result.prefix(2)),
            rewriter.shape(inner)[3] == rewriter.shape(heads.first ?? inner)[3]
        else { return nil }
        heads.append(inner)
    }
    return [try rewriter.add1(Reshape(shape: result), [rewriter.add1(Concat(axis: 2), heads, name: node.name)], name: node.name)]
}
