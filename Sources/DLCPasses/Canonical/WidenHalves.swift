import DLCGraph
import DLCOps

/// Operators whose kernels know f32 and f64 only compute half-precision tensors in f32.
///
///     softmax(%x: f16)   →   cast(softmax(cast(%x, f32)), f16)
public let widenHalves = Pass("widen-halves", at: .canonical) { rewriter, node in
    let traits = node.op.definition.traits
    guard !traits.contains(.elementwise), !traits.contains(.movesData), !(node.op is Constant), !(node.op is Fill) else { return nil }
    let isHalf: (ElementType) -> Bool = { $0 == .float16 || $0 == .bfloat16 }
    guard node.operands.contains(where: { $0.map { isHalf(rewriter.fact($0).element) } ?? false }) else { return nil }
    let operands = try node.operands.map { operand -> Value? in
        guard let operand, isHalf(rewriter.fact(operand).element) else { return operand }
        return try rewriter.add1(Cast(to: .float32), [operand])
    }
    let results = try rewriter.add(node.op, operands, name: node.name)
    return try results.enumerated().map { index, result in
        let type = rewriter.resultType(node, index).element
        return rewriter.fact(result).element == type ? result : try rewriter.add1(Cast(to: type), [result])
    }
}
