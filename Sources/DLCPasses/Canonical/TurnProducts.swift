import DLCGraph
import DLCOps

/// A product that is transposed, of a matrix that is transposed too, is the product of the two the other way round: what a
/// layer that keeps its weights as `[outputs, inputs]` has as their gradient.
///
///     transpose(matmul(transpose(%x), %dy))   →   matmul(transpose(%dy), %x)
public let turnProducts = Pass("turn-products", at: .canonical) { rewriter, node in
    guard let transpose = node.op as? Transpose, transpose.perm == [1, 0], let product = node.operands[0],
        rewriter.useCount(product) == 1, let (_, inner) = rewriter.produced(product, by: MatMul.self),
        let (left, leftNode) = rewriter.produced(inner.operands[0], by: Transpose.self), left.perm == [1, 0],
        let x = leftNode.operands[0], let dy = inner.operands[1], rewriter.shape(dy).count == 2
    else { return nil }
    return [try rewriter.add1(MatMul(), [try rewriter.add1(Transpose([1, 0]), [dy]), x], name: inner.name)]
}
