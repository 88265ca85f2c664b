import DLCGraph
import DLCOps

/// A scale and a shift per output channel.
struct ChannelScaling {
    var scale: [Double]
    var shift: [Double]

    /// Of inference batch norm with constant statistics (Ioffe and Szegedy, 2015): `(x - mean) / √(var + ε) * scale + bias`.
    init?(batchNorm op: BatchNormalization, _ node: Node, _ rewriter: Rewriter) throws {
        let parameters = try node.operands.dropFirst().map { try rewriter.constant($0)?.doubles() }
        guard parameters.count == 4, let gamma = parameters[0], let beta = parameters[1], let mean = parameters[2],
            let variance = parameters[3], Set([gamma.count, beta.count, mean.count, variance.count]).count == 1
        else { return nil }
        let factors = zip(gamma, variance).map { $0 / ($1 + op.epsilon).squareRoot() }
        scale = factors
        shift = gamma.indices.map { beta[$0] - mean[$0] * factors[$0] }
    }

    /// Of `count` channels that stay as they are.
    init(ofNothing count: Int) {
        scale = [Double](repeating: 1, count: count)
        shift = [Double](repeating: 0, count: count)
    }

    /// Of a multiplication by or an addition of a constant that varies only along the axis of `count` channels.
    init?(_ node: Node, constant: Tensor, axisFromEnd: Int, count: Int) {
        guard let values = try? constant.doubles() else { return nil }
        let spread: [Double]
        if values.count == 1 {
            spread = [Double](repeating: values[0], count: count)
        } else {
            let position = constant.rank - axisFromEnd
            guard values.count == count, position >= 0, constant.shape[position] == count else { return nil }
            spread = values
        }
        switch node.op.name {
        case "mul": (scale, shift) = (spread, [Double](repeating: 0, count: count))
        case "div": (scale, shift) = (spread.map { 1 / $0 }, [Double](repeating: 0, count: count))
        case "add": (scale, shift) = ([Double](repeating: 1, count: count), spread)
        case "sub": (scale, shift) = ([Double](repeating: 1, count: count), spread.map { -$0 })
        default: return nil
        }
    }

    /// What a product, sum, quotient or difference may scale or shift, each with the constant that would do so; both orders of
    /// operands where these are exchangeable.
    static func sides(of node: Node) -> [(value: Value?, constant: Value?)] {
        switch node.op.name {
        case "mul", "add": [(node.operands[0], node.operands[1]), (node.operands[1], node.operands[0])]
        case "div", "sub": [(node.operands[0], node.operands[1])]
        default: []
        }
    }

    /// Whether weights may take the scale: it is a number for every channel, and so is the shift.
    var isFinite: Bool { scale.allSatisfy(\.isFinite) && shift.allSatisfy(\.isFinite) }

    var isShiftOnly: Bool { scale.allSatisfy { $0 == 1 } }

    /// Weights whose output channels along `axis` are scaled; with `groups`, channels of the axis repeat per group of axis 0.
    /// Nil where a weight would overflow or lose bits below the least normal number.
    func scaled(_ weights: Tensor, axis: Int, groups: Int = 1) throws -> Tensor? {
        if isShiftOnly { return weights }
        return weights.type == .float64
            ? try product(weights, Double.self, scale, axis: axis, groups: groups)
            : try product(weights, Float.self, scale.map(Float.init), axis: axis, groups: groups)
    }

    private func product<T: BinaryFloatingPoint & TensorElement>(_ weights: Tensor, _: T.Type, _ factors: [T], axis: Int, groups: Int)
        throws -> Tensor?
    {
        let inner = weights.shape[(axis + 1)...].reduce(1, *)
        let length = weights.shape[axis]
        let perGroup = weights.count / max(groups, 1)
        func channel(_ index: Int) -> Int { (groups > 1 ? index / perGroup * length : 0) + index / inner % length }
        var isExact = true
        let result = try Tensor(type: weights.type, shape: weights.shape) { bytes in
            let target = bytes.bindMemory(to: T.self)
            try weights.withElements(of: T.self) { source in
                for start in stride(from: 0, to: source.count, by: max(inner, 1)) {
                    let factor = factors[channel(start)]
                    for i in start..<min(start + inner, source.count) {
                        let y = source[i] * factor
                        target[i] = y
                        isExact = isExact && y.isFinite && (y.isNormal || y == 0 && (factor == 0 || source[i] == 0))
                    }
                }
            }
        }
        return isExact ? result : nil
    }

    /// The bias after scaling and shifting.
    func shifted(_ bias: Tensor?, type: ElementType) throws -> Tensor {
        let old = try bias?.doubles() ?? [Double](repeating: 0, count: shift.count)
        return try Tensor(doubles: shift.indices.map { old[$0] * scale[$0] + shift[$0] }, type: type, shape: [shift.count])
    }
}

/// Folds batch norm, and constant scales and shifts per channel, into the convolution, transposed convolution or
/// matrix product before it.
///
///     %1 = conv(%x, %w, %b);  %2 = batch_norm(%1, …)   →   %2 = conv(%x, %w′, %b′)
///
/// Of f32 and f64 only: integers do not divide, and halves would round every weight. C of a Gemm must be a row, and its
/// beta is 1 afterwards.
public let foldChannelScaling = Pass("fold-channel-scaling", at: .canonical) { rewriter, node in
    let isBatchNorm = node.op is BatchNormalization
    guard try [.float32, .float64].contains(rewriter.resultType(node).element) else { return nil }
    for (value, other) in isBatchNorm ? [(node.operands[0], nil)] : ChannelScaling.sides(of: node) {
        guard let value, rewriter.useCount(value) == 1, let producer = rewriter.producer(of: value),
            try rewriter.shape(value) == rewriter.resultType(node).shape
        else { continue }
        func scaling(axisFromEnd: Int, count: Int) throws -> ChannelScaling? {
            if let op = node.op as? BatchNormalization { return try ChannelScaling(batchNorm: op, node, rewriter) }
            guard let constant = rewriter.constant(other) else { return nil }
            return ChannelScaling(node, constant: constant, axisFromEnd: axisFromEnd, count: count)
        }
        let rank = rewriter.shape(value).count
        let weights = producer.operands.count > 1 ? rewriter.constant(producer.operands[1]) : nil
        let hasBias = producer.operands.count > 2 && producer.operands[2] != nil
        let bias = producer.operands.count > 2 ? rewriter.constant(producer.operands[2]) : nil
        guard let weights, !hasBias || bias != nil else { continue }
        func folded(_ op: any Operator, _ scaling: ChannelScaling, axis: Int, groups: Int = 1) throws -> [Value]? {
            guard scaling.isFinite, let scaled = try scaling.scaled(weights, axis: axis, groups: groups) else { return nil }
            let operands = [
                producer.operands[0], rewriter.constant(scaled), rewriter.constant(try scaling.shifted(bias, type: weights.type)),
            ]
            return [try rewriter.add1(op, operands, name: producer.name)]
        }
        switch producer.op {
        case let op as Conv where !op.channelsLast:
            guard let s = try scaling(axisFromEnd: rank - 1, count: weights.shape[0]), let result = try folded(op, s, axis: 0) else {
                continue
            }
            return result
        case let op as ConvTranspose where !op.channelsLast:
            guard let s = try scaling(axisFromEnd: rank - 1, count: weights.shape[1] * op.group),
                let result = try folded(op, s, axis: 1, groups: op.group)
            else { continue }
            return result
        case var op as Gemm:
            let columns = weights.shape[op.transB ? 0 : 1]
            guard op.beta == 1 || bias == nil, bias == nil || bias?.count == columns && bias?.shape.last == columns else { continue }
            op.beta = 1
            guard let s = try scaling(axisFromEnd: 1, count: columns), let result = try folded(op, s, axis: op.transB ? 0 : 1) else {
                continue
            }
            return result
        default: continue
        }
    }
    return nil
}
