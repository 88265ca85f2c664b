import DLCGraph
import DLCOps

/// Recognises layer normalisation in its primitive form (Ba et al., 2016).
///
///     %m = reduce_mean(%x);  %d = sub(%x, %m);  %v = reduce_mean(%d²);  %y = div(%d, sqrt(%v + ε))
///     →  %y = layer_norm(%x, 1)
///     mul(layer_norm(%x, 1), %g)  →  layer_norm(%x, %g);   add(layer_norm(%x, %g), %b)  →  layer_norm(%x, %g, %b)
///
/// Not of halves, whose intermediate results round and overflow, nor where a constant widens the result.
public let recognizeLayerNorm = Pass("recognize-layer-norm", at: .canonical) { rewriter, node in
    guard try [.float32, .float64].contains(rewriter.resultType(node).element) else { return nil }
    switch node.op.name {
    case "div":
        guard let d = node.operands[0], let difference = rewriter.node(d, "sub"), let x = difference.operands[0],
            let mean = lastAxisMean(rewriter, difference.operands[1]), mean == x,
            let root = rewriter.node(node.operands[1], "sqrt"), let sum = rewriter.node(root.operands[0], "add"),
            let (epsilon, variance) = rewriter.either(sum, { rewriter.scalar($0) }),
            let square = lastAxisMean(rewriter, variance), isSquare(rewriter, square, of: d),
            let length = rewriter.shape(x).last?.constant, try rewriter.keepsShape(node, of: x)
        else { return nil }
        let ones = rewriter.constant(try Tensor(filling: 1, type: rewriter.fact(x).element, shape: [length]))
        return [try rewriter.add1(LayerNormalization(epsilon: epsilon), [x, ones], name: node.name)]
    case "mul", "add":
        for (value, parameter) in [(node.operands[0], node.operands[1]), (node.operands[1], node.operands[0])] {
            guard let (op, norm) = rewriter.solelyUsed(value, as: LayerNormalization.self),
                norm.results.dropFirst().allSatisfy({ rewriter.useCount($0) == 0 }),
                let value, try rewriter.keepsShape(node, of: value), let length = rewriter.shape(value).last?.constant,
                let tensor = rewriter.constant(parameter), let old = rewriter.constant(norm.operands[1]), old.shape == [length],
                tensor.count == length, tensor.shape.last == length
            else { continue }
            let vector = rewriter.constant(try tensor.reshaped([tensor.count]))
            if node.op.name == "add" {
                guard norm.operands.count < 3 else { continue }
                return [try rewriter.add1(op, [norm.operands[0], norm.operands[1], vector], name: node.name)]
            }
            guard norm.operands.count < 3, try old.doubles().allSatisfy({ $0 == 1 }) else { continue }
            return [try rewriter.add1(op, [norm.operands[0], vector], name: node.name)]
        }
        return nil
    default: return nil
    }
}

/// What a value is the mean of, over the last axis, kept.
func lastAxisMean(_ rewriter: Rewriter, _ value: Value?) -> Value? {
    guard let (reduce, node) = rewriter.produced(value, by: Reduce.self), reduce.kind == .mean, reduce.keepDims,
        let x = node.operands[0]
    else { return nil }
    let rank = rewriter.shape(x).count
    return reduce.axes == [-1] || reduce.axes == [rank - 1] ? x : nil
}

func isSquare(_ rewriter: Rewriter, _ value: Value, of d: Value) -> Bool {
    if let power = rewriter.node(value, "pow") { return power.operands[0] == d && rewriter.scalar(power.operands[1]) == 2 }
    if let product = rewriter.node(value, "mul") { return product.operands[0] == d && product.operands[1] == d }
    return false
}
