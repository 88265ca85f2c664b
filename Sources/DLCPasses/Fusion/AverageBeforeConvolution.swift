import DLCGraph
import DLCOps

/// Averages over whole windows move in front of a 1×1 convolution, which then computes fewer pixels: both are linear,
/// and the weights of an average sum to 1, so that the bias stays.
///
///     average_pool(conv(%x, %w, %b))   →   conv(average_pool(%x), %w, %b)
public let averageBeforeConvolution = Pass("average-before-convolution", at: .canonical) { rewriter, node in
    guard let (conv, inner) = rewriter.solelyUsed(node.operands.first ?? nil, as: Conv.self), !conv.channelsLast,
        let x = inner.operands[0], let w = inner.operands[1], isPointwise(conv, kernel: rewriter.shape(w).dropFirst(2)),
        averagesWholeWindows(node.op, rank: rewriter.shape(x).count)
    else { return nil }
    let average = try rewriter.add1(node.op, [x], name: node.name)
    return [try rewriter.add1(conv, [average] + inner.operands.dropFirst(), name: inner.name)]
}

private func averagesWholeWindows(_ op: any Operator, rank: Int) -> Bool {
    switch op {
    case let pool as Pool:
        pool.kind == .average && !pool.channelsLast && !pool.ceilMode && pool.pads.allSatisfy { $0 == 0 }
            && pool.strides.contains { $0 > 1 }
    case let reduce as Reduce:
        reduce.kind == .mean && reduce.keepDims && rank > 2
            && (try? InferenceRules.axes(reduce.axes, rank: rank).sorted()) == Array(2..<rank)
    default: false
    }
}
