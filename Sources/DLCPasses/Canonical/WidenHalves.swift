import DLCGraph
import DLCOps

/// Operators whose kernels know f32 and f64 only compute half-precision tensors in f32. A norm whose scale is of another type than
/// its operand computes in f64 where one of them is f64, else in f32.
///
///     softmax(%x: f16)   →   cast(softmax(cast(%x, f32)), f16)
public let widenHalves = Pass("widen-halves", at: .canonical) { rewriter, node in
    let traits = node.op.definition.traits
    guard !traits.contains(.elementwise), !traits.contains(.movesData), !(node.op is Constant), !(node.op is Fill) else { return nil }
    let isHalf: (ElementType) -> Bool = { $0 == .float16 || $0 == .bfloat16 }
    let types = Set(node.operands.compactMap { $0.map { rewriter.fact($0).element } })
    let isMixed = node.op is RMSNormalization && types.count > 1
    guard isMixed || types.contains(where: isHalf) else { return nil }
    let wide: ElementType = isMixed && types.contains(.float64) ? .float64 : .float32
    let operands = try node.operands.map { operand -> Value? in
        guard let operand, case let type = rewriter.fact(operand).element, isMixed ? type != wide : isHalf(type) else { return operand }
        return try rewriter.add1(Cast(to: wide), [operand])
    }
    let results = try rewriter.add(node.op, operands, name: node.name)
    return try results.enumerated().map { index, result in
        let type = try rewriter.resultType(node, index).element
        return rewriter.fact(result).element == type ? result : try rewriter.add1(Cast(to: type), [result])
    }
}
