import DLCGraph
import DLCOps

/// Spells operators without a kernel of their own in elementwise ones, which regions then gather.
///
///     batch_norm(%x, …)            →   add(mul(%x, scale), shift)
///     quantize_linear(%x, %s, %z)  →   cast(clip(add(round(div(%x, %s)), %z)))
///     dequantize_linear(%q, %s, %z) →  mul(sub(cast(%q), cast(%z)), %s)
///     swish(%x) {alpha}            →   mul(%x, sigmoid(mul(%x, alpha)))
///     layer_norm(%x, %g) where %g is no vector over what is normalised   →   mul(layer_norm(%x, 1), %g)
///
/// Halves are widened first, so that results are rounded once.
public let decompose = Pass("decompose", at: .canonical) { rewriter, node in
    guard let x = node.operands.first ?? nil else { return nil }
    switch node.op {
    case let op as BatchNormalization:
        guard let scaling = try ChannelScaling(batchNorm: op, node, rewriter), scaling.isFinite else {
            return [try batchNorm(&rewriter, op, node, x)]
        }
        let (result, type) = (rewriter.fact(x).element, wide(rewriter.fact(x).element))
        let (rank, count) = (rewriter.shape(x).count, scaling.scale.count)
        let shape = try rank < 2 ? [count] : channelShape(rank, axis: 1, count: count)
        let scale = rewriter.constant(try Tensor(doubles: scaling.scale, type: type, shape: shape))
        let shift = rewriter.constant(try Tensor(doubles: scaling.shift, type: type, shape: shape))
        let product = try rewriter.add1(Binary(.mul), [try cast(&rewriter, x, to: type), scale], name: node.name)
        return [try cast(&rewriter, try rewriter.add1(Binary(.add), [product, shift], name: node.name), to: result)]
    case let op as LayerNormalization:
        return try layerNorm(&rewriter, op, node, x)
    case let op as RMSNormalization:
        return try rmsNorm(&rewriter, op, node, x)
    case let op as DequantizeLinear:
        return try dequantize(&rewriter, op, node, x)
    case let op as QuantizeLinear:
        return try quantize(&rewriter, op, node, x)
    case let op as Activation where op.function == .swish && op.alpha != 1:
        let result = rewriter.fact(x).element
        let wider = try cast(&rewriter, x, to: wide(result))
        let alpha = rewriter.constant(try Tensor(filling: op.alpha, type: wide(result), shape: []))
        let gate = try rewriter.add1(Unary(.sigmoid), [try rewriter.add1(Binary(.mul), [wider, alpha])], name: node.name)
        return [try cast(&rewriter, try rewriter.add1(Binary(.mul), [wider, gate], name: node.name), to: result)]
    case is OneHot where ![.int32, .int64].contains(rewriter.fact(x).element):
        var indices = x
        if rewriter.fact(x).element == .uint64 {
            // What no tensor has so many elements for must not come out negative, which counts from the end.
            let most = rewriter.constant(try Tensor([UInt64(1) << 62], shape: []))
            indices = try rewriter.add1(Binary(.min), [x, most], name: node.name)
        }
        indices = try rewriter.add1(Cast(to: .int64), [indices], name: node.name)
        return try rewriter.add(node.op, [indices] + node.operands.dropFirst(), name: node.name)
    default: return nil
    }
}

extension Rewriter {
    /// The value repeated to a shape, where broadcasting it against a tensor of that shape could give another one: an open
    /// extent that is the tensor's or 1.
    mutating func spread(_ value: Value, to target: Shape) throws -> Value {
        try InferenceRules.broadcast([target, shape(value)]) == target ? value : add1(Expand(shape: target), [value])
    }
}

/// PReLU that no convolution or product has taken over, in elementwise operators.
///
///     prelu(%x, %slope)   →   where(less(%x, 0), mul(%x, %slope), %x)
public let spellPRelu = Pass("spell-prelu", at: .canonical) { rewriter, node in
    guard node.op is PRelu, let x = node.operands[0], let slope = node.operands[1] else { return nil }
    let zero = rewriter.constant(try Tensor(filling: 0, type: rewriter.fact(x).element, shape: []))
    let isNegative = try rewriter.add1(Binary(.less), [x, zero], name: node.name)
    let scaled = try rewriter.add1(Binary(.mul), [x, rewriter.spread(slope, to: rewriter.shape(x))], name: node.name)
    return [try rewriter.add1(Where(), [isNegative, scaled, x], name: node.name)]
}

/// The type in which results of `type` are computed, to be rounded once: f32 for halves.
private func wide(_ type: ElementType) -> ElementType { type == .float16 || type == .bfloat16 ? .float32 : type }

private func cast(_ rewriter: inout Rewriter, _ value: Value, to type: ElementType) throws -> Value {
    rewriter.fact(value).element == type ? value : try rewriter.add1(Cast(to: type), [value])
}

/// Layer norm whose scale or bias does not cover what is normalised: they follow it.
private func layerNorm(_ rewriter: inout Rewriter, _ op: LayerNormalization, _ node: Node, _ x: Value) throws -> [Value]? {
    let shape = rewriter.shape(x)
    let normalized = Shape(shape[try InferenceRules.axis(op.axis, rank: shape.count)...])
    let parameters = [1, 2].map { $0 < node.operands.count ? node.operands[$0] : nil }
    guard let scale = parameters[0], parameters.contains(where: { $0.map { !covers(rewriter.shape($0), normalized) } ?? false }),
        rewriter.fact(x).element == wide(rewriter.fact(x).element)
    else { return nil }
    let ones = try ones(&rewriter, rewriter.fact(scale).element, normalized)
    var results = try rewriter.add(op, [x, ones], name: node.name)
    results[0] = try rewriter.add1(Binary(.mul), [results[0], rewriter.spread(scale, to: shape)], name: node.name)
    if let bias = parameters[1] {
        results[0] = try rewriter.add1(Binary(.add), [results[0], rewriter.spread(bias, to: shape)], name: node.name)
    }
    return Array(results.prefix(node.results.count))
}

/// RMS norm whose scale does not cover what is normalised: it follows.
private func rmsNorm(_ rewriter: inout Rewriter, _ op: RMSNormalization, _ node: Node, _ x: Value) throws -> [Value]? {
    let shape = rewriter.shape(x)
    let normalized = Shape(shape[try InferenceRules.axis(op.axis, rank: shape.count)...])
    guard let scale = node.operands[1], !covers(rewriter.shape(scale), normalized),
        rewriter.fact(x).element == wide(rewriter.fact(x).element)
    else { return nil }
    let ones = try ones(&rewriter, rewriter.fact(scale).element, normalized)
    let normal = try rewriter.add1(op, [x, ones], name: node.name)
    return [try rewriter.add1(Binary(.mul), [normal, rewriter.spread(scale, to: shape)], name: node.name)]
}

/// Whether lowering can lay a parameter over what is normalised: it is that, or, where its extents are open, may be repeated to it.
private func covers(_ parameter: Shape, _ normalized: Shape) -> Bool {
    if normalized.constants != nil { return parameter == normalized }
    return parameter.dropLast(normalized.count).allSatisfy { $0 == 1 }
}

/// A tensor of ones, a constant where its extents are numbers.
private func ones(_ rewriter: inout Rewriter, _ type: ElementType, _ shape: Shape) throws -> Value {
    if let extents = shape.constants { return rewriter.constant(try Tensor(filling: 1, type: type, shape: extents)) }
    return try rewriter.add1(Fill(shape: shape, value: try Tensor(filling: 1, type: type, shape: [])), [])
}

/// `[1, …, count, …, 1]` with the channels at `axis`.
private func channelShape(_ rank: Int, axis: Int, count: Int) throws -> [Int] {
    var shape = [Int](repeating: 1, count: rank)
    shape[try InferenceRules.axis(axis, rank: rank)] = count
    return shape
}

/// A vector along `axis` as a tensor that broadcasts against `rank` dimensions.
private func along(_ rewriter: inout Rewriter, _ vector: Value, rank: Int, axis: Int) throws -> Value {
    let shape = rewriter.shape(vector)
    guard shape.count == 1, rank > 0 else { return vector }
    var target = Shape(repeating: 1, count: rank)
    target[try InferenceRules.axis(axis, rank: rank)] = shape[0]
    return shape[0].constant == 1 ? try rewriter.add1(Reshape(shape: []), [vector]) : try rewriter.add1(Reshape(shape: target), [vector])
}

/// A parameter of a quantisation: along `axis`, or with a block of elements along it for each of its own.
private func grained(_ rewriter: inout Rewriter, _ value: Value, like x: Value, axis: Int, block: Int) throws -> Value {
    let shape = rewriter.shape(x)
    if block == 0 { return try rewriter.spread(along(&rewriter, value, rank: shape.count, axis: axis), to: shape) }
    let axis = try InferenceRules.axis(axis, rank: shape.count)
    let own = rewriter.shape(value)
    guard own.count == shape.count else { throw DLCError("blocked parameters must have as many dimensions as x") }
    var split = own
    var spread = own
    var whole = own
    split.insert(1, at: axis + 1)
    spread.insert(Dim(block), at: axis + 1)
    whole[axis] = try own[axis].times(Dim(block))
    let repeated = try rewriter.add1(Expand(shape: spread), [try rewriter.add1(Reshape(shape: split), [value])])
    let blocks = try rewriter.add1(Reshape(shape: whole), [repeated])
    if whole == shape { return blocks }
    return try rewriter.add1(Slice(starts: shape.map { _ in 0 }, sizes: shape, steps: shape.map { _ in 1 }), [blocks])
}

/// Batch norm whose statistics are computed at run time, or do not make a scale.
private func batchNorm(_ rewriter: inout Rewriter, _ op: BatchNormalization, _ node: Node, _ x: Value) throws -> Value {
    let rank = rewriter.shape(x).count
    let (result, type) = (rewriter.fact(x).element, wide(rewriter.fact(x).element))
    var parts: [Value] = []
    for operand in node.operands.dropFirst() {
        guard let operand else { throw DLCError("an operand of batch norm is missing") }
        // A vector is of one channel.
        parts.append(try cast(&rewriter, try rank < 2 ? operand : along(&rewriter, operand, rank: rank, axis: 1), to: type))
    }
    guard parts.count == 4 else { throw DLCError("batch norm expects five operands") }
    let epsilon = rewriter.constant(try Tensor(filling: op.epsilon, type: rewriter.fact(parts[3]).element, shape: []))
    let deviation = try rewriter.add1(Unary(.sqrt), [try rewriter.add1(Binary(.add), [parts[3], epsilon])])
    let centred = try rewriter.add1(Binary(.sub), [try cast(&rewriter, x, to: type), parts[2]], name: node.name)
    let normal = try rewriter.add1(Binary(.div), [centred, deviation], name: node.name)
    let scaled = try rewriter.add1(Binary(.mul), [normal, parts[0]], name: node.name)
    return try cast(&rewriter, try rewriter.add1(Binary(.add), [scaled, parts[1]], name: node.name), to: result)
}

private func dequantize(_ rewriter: inout Rewriter, _ op: DequantizeLinear, _ node: Node, _ x: Value) throws -> [Value]? {
    guard let scale = node.operands[1] else { return nil }
    let result = try rewriter.resultType(node).element
    let type = wide(result)
    // int32 values (biases) need all their bits; others are exact in f32.
    var value = try rewriter.add1(Cast(to: type), [x], name: node.name)
    if node.operands.count > 2, let zero = node.operands[2] {
        let point = try rewriter.add1(Cast(to: type), [try grained(&rewriter, zero, like: x, axis: op.axis, block: op.blockSize)])
        value = try rewriter.add1(Binary(.sub), [value, point], name: node.name)
    }
    let factor = try cast(&rewriter, try grained(&rewriter, scale, like: x, axis: op.axis, block: op.blockSize), to: type)
    return [try cast(&rewriter, try rewriter.add1(Binary(.mul), [value, factor], name: node.name), to: result)]
}

private func quantize(_ rewriter: inout Rewriter, _ op: QuantizeLinear, _ node: Node, _ x: Value) throws -> [Value]? {
    guard let scale = node.operands[1] else { return nil }
    let target = try rewriter.resultType(node).element
    let type = wide(rewriter.fact(scale).element)
    let range: (Double, Double)
    switch target {
    case .int8: range = (-128, 127)
    case .uint8: range = (0, 255)
    case .int16: range = (-32768, 32767)
    case .uint16: range = (0, 65535)
    default: return nil
    }
    let divisor = try cast(&rewriter, try grained(&rewriter, scale, like: x, axis: op.axis, block: op.blockSize), to: type)
    let quotient = try rewriter.add1(Binary(.div), [try cast(&rewriter, x, to: type), divisor], name: node.name)
    var value = try rewriter.add1(Unary(.round), [quotient], name: node.name)
    if node.operands.count > 2, let zero = node.operands[2] {
        let point = try rewriter.add1(Cast(to: type), [try grained(&rewriter, zero, like: x, axis: op.axis, block: op.blockSize)])
        value = try rewriter.add1(Binary(.add), [value, point], name: node.name)
    }
    value = try rewriter.add1(Clip(min: range.0, max: range.1), [value], name: node.name)
    return [try rewriter.add1(Cast(to: target), [value], name: node.name)]
}
