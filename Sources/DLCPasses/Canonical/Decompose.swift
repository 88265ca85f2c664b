import DLCGraph
import DLCOps

/// Spells operators without a kernel of their own in elementwise ones, which regions then gather.
///
///     batch_norm(%x, …)            →   add(mul(%x, scale), shift)
///     quantize_linear(%x, %s, %z)  →   cast(clip(add(round(div(%x, %s)), %z)))
///     dequantize_linear(%q, %s, %z) →  mul(sub(cast(%q), cast(%z)), %s)
///     prelu(%x, %slope)            →   where(less(%x, 0), mul(%x, %slope), %x)
///     swish(%x) {alpha}            →   mul(%x, sigmoid(mul(%x, alpha)))
public let decompose = Pass("decompose", at: .canonical) { rewriter, node in
    guard let x = node.operands.first ?? nil else { return nil }
    switch node.op {
    case let op as BatchNormalization:
        guard let scaling = try ChannelScaling(batchNorm: op, node, rewriter) else {
            return [try batchNorm(&rewriter, op, node, x)]
        }
        let type = rewriter.fact(x).element
        let shape = try channelShape(rewriter.shape(x).count, axis: 1, count: scaling.scale.count)
        let scale = rewriter.constant(try Tensor(doubles: scaling.scale, type: type, shape: shape))
        let shift = rewriter.constant(try Tensor(doubles: scaling.shift, type: type, shape: shape))
        let product = try rewriter.add1(Binary(.mul), [x, scale], name: node.name)
        return [try rewriter.add1(Binary(.add), [product, shift], name: node.name)]
    case let op as DequantizeLinear:
        return try dequantize(&rewriter, op, node, x)
    case let op as QuantizeLinear:
        return try quantize(&rewriter, op, node, x)
    case let op as Activation where op.function == .swish && op.alpha != 1:
        let alpha = rewriter.constant(try Tensor(filling: op.alpha, type: rewriter.fact(x).element, shape: []))
        let gate = try rewriter.add1(Unary(.sigmoid), [try rewriter.add1(Binary(.mul), [x, alpha])], name: node.name)
        return [try rewriter.add1(Binary(.mul), [x, gate], name: node.name)]
    case is OneHot where rewriter.fact(x).element.isFloat:
        let indices = try rewriter.add1(Cast(to: .int64), [x], name: node.name)
        return try rewriter.add(node.op, [indices] + node.operands.dropFirst(), name: node.name)
    case is PRelu:
        guard let slope = node.operands[1] else { return nil }
        let zero = rewriter.constant(try Tensor(filling: 0, type: rewriter.fact(x).element, shape: []))
        let isNegative = try rewriter.add1(Binary(.less), [x, zero], name: node.name)
        let scaled = try rewriter.add1(Binary(.mul), [x, rewriter.spread(slope, to: rewriter.shape(x))], name: node.name)
        return [try rewriter.add1(Where(), [isNegative, scaled, x], name: node.name)]
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
    if block == 0 { return try along(&rewriter, value, rank: shape.count, axis: axis) }
    let axis = try InferenceRules.axis(axis, rank: shape.count)
    let own = rewriter.shape(value)
    guard own.count == shape.count else { throw DLCError("blocked parameters must have as many dimensions as x") }
    var (split, spread, whole) = (own, own, own)
    split.insert(1, at: axis + 1)
    spread.insert(Dim(block), at: axis + 1)
    whole[axis] = try own[axis].times(Dim(block))
    let repeated = try rewriter.add1(Expand(shape: spread), [try rewriter.add1(Reshape(shape: split), [value])])
    let blocks = try rewriter.add1(Reshape(shape: whole), [repeated])
    if whole == shape { return blocks }
    return try rewriter.add1(Slice(starts: shape.map { _ in 0 }, sizes: shape, steps: shape.map { _ in 1 }), [blocks])
}

/// Batch norm whose statistics are computed at run time.
private func batchNorm(_ rewriter: inout Rewriter, _ op: BatchNormalization, _ node: Node, _ x: Value) throws -> Value {
    let rank = rewriter.shape(x).count
    var parts: [Value] = []
    for operand in node.operands.dropFirst() {
        guard let operand else { throw DLCError("an operand of batch norm is missing") }
        parts.append(try along(&rewriter, operand, rank: rank, axis: 1))
    }
    guard parts.count == 4 else { throw DLCError("batch norm expects five operands") }
    let epsilon = rewriter.constant(try Tensor(filling: op.epsilon, type: rewriter.fact(parts[3]).element, shape: []))
    let deviation = try rewriter.add1(Unary(.sqrt), [try rewriter.add1(Binary(.add), [parts[3], epsilon])])
    let centred = try rewriter.add1(Binary(.sub), [x, parts[2]], name: node.name)
    let normal = try rewriter.add1(Binary(.div), [centred, deviation], name: node.name)
    let scaled = try rewriter.add1(Binary(.mul), [normal, parts[0]], name: node.name)
    return try rewriter.add1(Binary(.add), [scaled, parts[1]], name: node.name)
}

private func dequantize(_ rewriter: inout Rewriter, _ op: DequantizeLinear, _ node: Node, _ x: Value) throws -> [Value]? {
    guard let scale = node.operands[1] else { return nil }
    let type = rewriter.resultType(node).element
    // int32 values (biases) need all their bits; others are exact in f32.
    var value = try rewriter.add1(Cast(to: type), [x], name: node.name)
    if node.operands.count > 2, let zero = node.operands[2] {
        let point = try rewriter.add1(Cast(to: type), [try grained(&rewriter, zero, like: x, axis: op.axis, block: op.blockSize)])
        value = try rewriter.add1(Binary(.sub), [value, point], name: node.name)
    }
    return [try rewriter.add1(Binary(.mul), [value, try grained(&rewriter, scale, like: x, axis: op.axis, block: op.blockSize)], name: node.name)]
}

private func quantize(_ rewriter: inout Rewriter, _ op: QuantizeLinear, _ node: Node, _ x: Value) throws -> [Value]? {
    guard let scale = node.operands[1] else { return nil }
    let target = rewriter.resultType(node).element
    let type = rewriter.fact(scale).element
    let range: (Double, Double)
    switch target {
    case .int8: range = (-128, 127)
    case .uint8: range = (0, 255)
    case .int16: range = (-32768, 32767)
    case .uint16: range = (0, 65535)
    default: return nil
    }
    let operand = rewriter.fact(x).element == type ? x : try rewriter.add1(Cast(to: type), [x], name: node.name)
    let quotient = try rewriter.add1(
        Binary(.div), [operand, try grained(&rewriter, scale, like: x, axis: op.axis, block: op.blockSize)], name: node.name)
    var value = try rewriter.add1(Unary(.round), [quotient], name: node.name)
    if node.operands.count > 2, let zero = node.operands[2] {
        let point = try rewriter.add1(Cast(to: type), [try grained(&rewriter, zero, like: x, axis: op.axis, block: op.blockSize)])
        value = try rewriter.add1(Binary(.add), [value, point], name: node.name)
    }
    value = try rewriter.add1(Clip(min: range.0, max: range.1), [value], name: node.name)
    return [try rewriter.add1(Cast(to: target), [value], name: node.name)]
}

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
