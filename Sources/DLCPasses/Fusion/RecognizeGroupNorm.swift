import DLCGraph
import DLCOps

/// Recognises group normalisation as exporters without such an operator write it: an instance normalisation of the groups, then a
/// scale and a bias for each channel.
///
///     %r = reshape(%x);  %n = group_norm(%r, ones, zeros);  %b = reshape(%n)   →   %b = group_norm(%x, ones, zeros)
///     mul(group_norm(%x, …), %s)  →  group_norm(%x, …);   add(group_norm(%x, …), %t)  →  group_norm(%x, …)
///
/// Not of halves, whose intermediate results round.
public let recognizeGroupNorm = Pass("recognize-group-norm", at: .canonical) { rewriter, node in
    guard try [.float32, .float64].contains(rewriter.resultType(node).element) else { return nil }
    if node.op is Reshape { return try aroundReshapes(&rewriter, node) }
    for case let (value?, other) in ChannelScaling.sides(of: node) {
        guard let (op, norm) = rewriter.solelyUsed(value, as: GroupNormalization.self), !op.channelsLast,
            try rewriter.keepsShape(node, of: value), let constant = rewriter.constant(other),
            let scale = rewriter.constant(norm.operands[1]), let bias = rewriter.constant(norm.operands[2]),
            let scaling = ChannelScaling(node, constant: constant, axisFromEnd: rewriter.shape(value).count - 1, count: scale.count),
            scaling.isFinite, let scaled = try scaling.scaled(scale, axis: 0)
        else { continue }
        let operands = [norm.operands[0], rewriter.constant(scaled), rewriter.constant(try scaling.shifted(bias, type: bias.type))]
        return [try rewriter.add1(op, operands, name: norm.name)]
    }
    return nil
}

/// The normalisation of an image where one of its groups as channels is between two reshapes.
private func aroundReshapes(_ rewriter: inout Rewriter, _ node: Node) throws -> [Value]? {
    guard let (op, norm) = rewriter.solelyUsed(node.operands[0], as: GroupNormalization.self), !op.channelsLast,
        let grouped = norm.operands[0], let x = rewriter.produced(grouped, by: Reshape.self)?.node.operands[0]
    else { return nil }
    let (shape, inner) = (rewriter.shape(x), rewriter.shape(grouped))
    guard try shape == rewriter.resultType(node).shape, shape.count >= 2, shape[0] == inner[0], let channels = shape[1].constant,
        channels > 0, channels % op.groups == 0
    else { return nil }
    var operands: [Value?] = [x]
    for parameter in norm.operands.dropFirst() {
        if inner[1] == shape[1] {
            operands.append(parameter)
            continue
        }
        guard let tensor = rewriter.constant(parameter), let spread = try spread(tensor, groups: op.groups, channels: channels) else {
            return nil
        }
        operands.append(rewriter.constant(spread))
    }
    return [try rewriter.add1(op, operands, name: norm.name)]
}

/// What the channels of each group share, for another number of channels; nil where they share nothing.
private func spread(_ tensor: Tensor, groups: Int, channels: Int) throws -> Tensor? {
    let values = try tensor.doubles(), width = values.count / groups
    guard width > 0, values.indices.allSatisfy({ values[$0] == values[$0 / width * width] }) else { return nil }
    return try Tensor(doubles: (0..<channels).map { values[$0 / (channels / groups) * width] }, type: tensor.type, shape: [channels])
}
