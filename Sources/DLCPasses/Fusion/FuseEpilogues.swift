import DLCGraph
import DLCOps

/// An operator whose kernel finishes each tile with a bias, a residual and an activation.
protocol HasEpilogue: Operator {
    var activation: ActivationKind { get set }
    var alpha: Double { get set }
    var beta: Double { get set }
    var residualAfterActivation: Bool { get set }
}

extension FusedConv: HasEpilogue {}
extension FusedConvTranspose: HasEpilogue {}
extension FusedMatMul: HasEpilogue {}

/// Positions of the epilogue's operands, the same in all operators that have one.
enum EpilogueOperand {
    static let bias = 2
    static let residual = 3
    static let slope = 4
}

/// Convolutions and matrix products become their fused forms, still without an epilogue.
public let enterFusedForms = Pass("enter-fused-forms", at: .canonical) { rewriter, node in
    guard let x = node.operands.first ?? nil else { return nil }
    switch node.op {
    case let conv as Conv:
        return [try rewriter.add1(FusedConv(conv), node.operands, name: node.name)]
    case let conv as ConvTranspose:
        return [try rewriter.add1(FusedConvTranspose(conv), node.operands, name: node.name)]
    case is MatMul:
        guard let b = node.operands[1] else { return nil }
        let (rows, columns) = (rewriter.shape(x), rewriter.shape(b))
        if rows.count >= 2 && columns.count >= 2 { return [try rewriter.add1(FusedMatMul(), [x, b], name: node.name)] }
        // A vector is a row on the left and a column on the right.
        let left = rows.count == 1 ? try rewriter.add1(Reshape(shape: [1] + rows), [x]) : x
        let right = columns.count == 1 ? try rewriter.add1(Reshape(shape: columns + [1]), [b]) : b
        let product = try rewriter.add1(FusedMatMul(), [left, right], name: node.name)
        return [try rewriter.add1(Reshape(shape: rewriter.resultType(node).shape), [product], name: node.name)]
    case let gemm as Gemm: return try product(&rewriter, gemm, node)
    default: return nil
    }
}

/// Whether products of a type take a scale: kernels hold it in f32, and integers have none. Of 0 they would lose the sign.
private func isProductScale(_ scale: Double, _ type: ElementType) -> Bool {
    scale == 1 || type.isFloat && scale != 0 && scale.isFinite && (type != .float64 || Double(Float(scale)) == scale)
}

/// A Gemm as a product, its C as a bias where it is a constant row. Products of integers have no scale. With a beta of 0, C is not read.
private func product(_ rewriter: inout Rewriter, _ gemm: Gemm, _ node: Node) throws -> [Value]? {
    let result = try rewriter.resultType(node)
    func factor(_ number: Double) throws -> Value { rewriter.constant(try Tensor(filling: number, type: result.element, shape: [])) }
    var op = FusedMatMul()
    op.transA = gemm.transA
    op.transB = gemm.transB
    let isScale = isProductScale(gemm.alpha, result.element)
    op.scale = isScale ? gemm.alpha : 1
    let operands = Array(node.operands.prefix(2))
    func scaled() throws -> Value {
        let y = try rewriter.add1(op, operands, name: node.name)
        return isScale ? y : try rewriter.add1(Binary(.mul), [y, try factor(gemm.alpha)], name: node.name)
    }
    guard gemm.beta != 0, let c = node.operands.count > 2 ? node.operands[2] : nil else { return [try scaled()] }
    if isScale, let row = rewriter.constant(c), let width = result.shape.last?.constant, row.count == width, row.shape.last == width {
        let values = gemm.beta == 1 ? row : try Tensor(doubles: row.doubles().map { $0 * gemm.beta }, type: row.type, shape: row.shape)
        return [try rewriter.add1(op, operands + [rewriter.constant(try values.reshaped([width]))], name: node.name)]
    }
    let addend = gemm.beta == 1 ? c : try rewriter.add1(Binary(.mul), [c, try factor(gemm.beta)], name: node.name)
    return [try rewriter.add1(Binary(.add), [try scaled(), rewriter.spread(addend, to: result.shape)], name: node.name)]
}

/// Scales and transposed operands move into matrix products, scales of floats only.
///
///     matmul(%a, transpose(%b))   →   matmul(%a, %b) {trans_b}
///     matmul(%a, %b) * c          →   matmul(%a, %b) {scale: c}
public let fuseProductOperands = Pass("fuse-product-operands", at: .canonical) { rewriter, node in
    if let op = node.op as? FusedMatMul {
        for position in 0..<2 {
            guard let (transpose, inner) = rewriter.produced(node.operands[position], by: Transpose.self), let source = inner.operands[0]
            else { continue }
            let rank = transpose.perm.count
            guard rank >= 2, Array(transpose.perm.prefix(rank - 2)) == Array(0..<(rank - 2)), transpose.perm[rank - 1] == rank - 2 else {
                continue
            }
            var copy = op
            if position == 0 { copy.transA.toggle() } else { copy.transB.toggle() }
            var operands = node.operands
            operands[position] = source
            return [try rewriter.add1(copy, operands, name: node.name)]
        }
        return nil
    }
    guard node.op.name == "mul", let (c, value) = rewriter.either(node, { rewriter.scalar($0) }),
        let (op, product) = rewriter.solelyUsed(value, as: FusedMatMul.self), product.operands.count == 2, op.activation == .none,
        try rewriter.keepsShape(node, of: value), isProductScale(op.scale * c, rewriter.fact(value).element)
    else { return nil }
    var copy = op
    copy.scale *= c
    return [try rewriter.add1(copy, product.operands, name: product.name)]
}

/// Bias, residual and activation move into the convolution or product before them. Between a product and what follows
/// there may be a reshape that leaves its columns alone; it then comes last.
///
///     relu(add(conv(%x, %w, %b), %r))   →   fused_conv(%x, %w, %b, %r) {activation: "relu"}
///     add(reshape(matmul(%x, %w)), %r)  →   reshape(fused_matmul(%x, %w, _, reshape(%r)))
public let fuseEpilogues = Pass("fuse-epilogues", at: .canonical) { rewriter, node in
    if node.op.name == "add" { return try addition(&rewriter, node) }
    guard let value = node.operands.first ?? nil, rewriter.fact(value).element == .float32,
        let (producer, inner) = finished(rewriter, value), var op = producer.op as? any HasEpilogue, op.activation == .none,
        !op.residualAfterActivation,
        let activation = try EpilogueActivation(node, rewriter, channels: rewriter.shape(inner), of: producer.op)
    else { return nil }
    op.activation = activation.kind
    op.alpha = activation.alpha
    op.beta = activation.beta
    var operands = producer.operands
    if let slope = activation.slope {
        while operands.count <= EpilogueOperand.slope { operands.append(nil) }
        operands[EpilogueOperand.slope] = rewriter.constant(slope)
    }
    return [try reshaped(&rewriter, try rewriter.add1(op, operands, name: producer.name), to: rewriter.shape(value))]
}

/// The convolution or product whose only reader reads `value`, and its result: the value itself, or what it is a reshape of
/// with the same columns.
private func finished(_ rewriter: Rewriter, _ value: Value) -> (producer: Node, result: Value)? {
    guard rewriter.useCount(value) == 1, let node = rewriter.producer(of: value) else { return nil }
    if node.op is any HasEpilogue { return (node, value) }
    guard node.op is Reshape, let inner = node.operands[0], rewriter.useCount(inner) == 1, let producer = rewriter.producer(of: inner),
        producer.op is FusedMatMul, rewriter.shape(inner).last == rewriter.shape(value).last
    else { return nil }
    return (producer, inner)
}

private func reshaped(_ rewriter: inout Rewriter, _ value: Value, to shape: Shape) throws -> Value {
    rewriter.shape(value) == shape ? value : try rewriter.add1(Reshape(shape: shape), [value])
}

/// An addition after a fused form: of a vector along its columns, a bias; of a tensor of its own shape, a residual.
private func addition(_ rewriter: inout Rewriter, _ node: Node) throws -> [Value]? {
    guard let a = node.operands[0], let b = node.operands[1] else { return nil }
    let shape = try rewriter.resultType(node).shape
    // The later of the two, so that the other is computed by then.
    for (value, other) in a.index > b.index ? [(a, b), (b, a)] : [(b, a), (a, b)] {
        guard rewriter.fact(value).element == .float32, rewriter.shape(value) == shape,
            let (producer, inner) = finished(rewriter, value), var op = producer.op as? any HasEpilogue
        else { continue }
        var operands = producer.operands
        while operands.count <= EpilogueOperand.residual { operands.append(nil) }
        if producer.op is FusedMatMul, op.activation == .none, operands[EpilogueOperand.bias] == nil,
            operands[EpilogueOperand.residual] == nil,
            let tensor = rewriter.constant(other), let width = shape.last?.constant, tensor.count == width, tensor.shape.last == width
        {
            operands[EpilogueOperand.bias] = rewriter.constant(try tensor.reshaped([width]))
            return [try reshaped(&rewriter, try rewriter.add1(op, operands, name: producer.name), to: shape)]
        }
        guard operands[EpilogueOperand.residual] == nil, rewriter.shape(other) == shape, other != value,
            rewriter.fact(other).element == .float32, rewriter.constant(other) == nil
        else { continue }
        operands[EpilogueOperand.residual] = try reshaped(&rewriter, other, to: rewriter.shape(inner))
        op.residualAfterActivation = op.activation != .none
        return [try reshaped(&rewriter, try rewriter.add1(op, operands, name: producer.name), to: shape)]
    }
    return nil
}

/// An activation that an epilogue can apply.
private struct EpilogueActivation {
    var kind: ActivationKind
    var alpha = 0.0
    var beta = 0.0
    var slope: Tensor?

    init?(_ node: Node, _ rewriter: Rewriter, channels shape: Shape, of op: any Operator) throws {
        func number(_ name: String, _ standard: Double) -> Double {
            node.op.attribute(name).flatMap(Double.init(attributeValue:)) ?? standard
        }
        switch node.op.name {
        case "relu": kind = .relu
        case "sigmoid": kind = .sigmoid
        case "tanh": kind = .tanh
        case "hard_swish": kind = .hardSwish
        case "swish":
            guard number("alpha", 1) == 1 else { return nil }
            kind = .silu
        case "gelu": kind = node.op.attribute("approximate") == .string("tanh") ? .geluTanh : .gelu
        case "leaky_relu": (kind, alpha) = (.leakyRelu, number("alpha", 0.01))
        case "elu": (kind, alpha) = (.elu, number("alpha", 1))
        case "hard_sigmoid": (kind, alpha, beta) = (.hardSigmoid, number("alpha", 0.2), number("beta", 0.5))
        case "clip": (kind, alpha, beta) = (.clip, number("min", -.infinity), number("max", .infinity))
        case "prelu":
            guard let tensor = rewriter.constant(node.operands[1]) else { return nil }
            let axis = op is FusedMatMul ? shape.count - 1 : 1
            guard shape.indices.contains(axis), let count = shape[axis].constant else { return nil }
            let position = tensor.rank - (shape.count - axis)
            guard tensor.count == 1 || (tensor.count == count && position >= 0 && tensor.shape[position] == count) else { return nil }
            kind = .prelu
            slope =
                tensor.count == 1
                ? try Tensor(filling: try tensor.doubles()[0], type: tensor.type, shape: [count]) : try tensor.reshaped([count])
        default: return nil
        }
    }
}
