import DLCGraph
import DLCOps

/// Recognises activations that exporters spell in primitive operators.
///
///     x * sigmoid(x)                                        →   swish(x)
///     x * hard_sigmoid(x), x * clip(x + 3, 0, 6) / 6        →   hard_swish(x)
///     0.5 * x * (1 + erf(x / √2))                           →   gelu(x)
///     0.5 * x * (1 + tanh(√(2/π) * (x + 0.044715 * x³)))    →   gelu(x) {approximate: "tanh"}
///     x * tanh(softplus(x))                                 →   mish(x)
public let recognizeActivations = Pass("recognize-activations", at: .canonical) { rewriter, node in
    guard ["mul", "div"].contains(node.op.name), let root = node.operands.first ?? nil, rewriter.fact(root).element.isFloat else {
        return nil
    }
    // The product of the node itself, whose result does not exist yet.
    var (scale, factors) = (1.0, [Value]())
    for (index, operand) in node.operands.enumerated() {
        guard let operand else { return nil }
        if let c = rewriter.scalar(operand) {
            scale *= node.op.name == "div" && index == 1 ? 1 / c : c
        } else if node.op.name == "div" && index == 1 {
            return nil
        } else {
            let part = rewriter.factors(operand)
            scale *= part.scale
            factors += part.factors
        }
    }
    guard factors.count == 2 else { return nil }
    for (x, gate) in [(factors[0], factors[1]), (factors[1], factors[0])] {
        if let op = activation(rewriter, x, gate, scale) {
            guard try rewriter.keepsShape(node, of: x) else { continue }
            return [try rewriter.add1(op, [x], name: node.name)]
        }
    }
    return nil
}

/// The activation `f` with `f(x) = scale * x * gate`, where `gate` is computed from `x` in a known way.
private func activation(_ rewriter: Rewriter, _ x: Value, _ gate: Value, _ scale: Double) -> (any Operator)? {
    guard let node = rewriter.producer(of: gate) else { return nil }
    let operand = node.operands.first ?? nil
    let type = rewriter.fact(x).element
    func isClose(_ a: Double, _ b: Double) -> Bool { DLCPasses.isClose(a, b, in: type) }
    switch node.op.name {
    case "sigmoid" where operand == x && isClose(scale, 1):
        return named("swish")
    case "hard_sigmoid" where operand == x && isClose(scale, 1):
        guard let alpha = node.op.attribute("alpha").flatMap(Double.init(attributeValue:)), isClose(alpha, 1 / 6),
            let beta = node.op.attribute("beta").flatMap(Double.init(attributeValue:)), isClose(beta, 0.5)
        else { return nil }
        return named("hard_swish")
    case "clip":
        guard isClose(scale, 1 / 6), node.op.attribute("min").flatMap(Double.init(attributeValue:)) == 0,
            node.op.attribute("max").flatMap(Double.init(attributeValue:)) == 6, let sum = rewriter.node(operand, "add"),
            let (three, other) = rewriter.either(sum, { rewriter.scalar($0) }), three == 3, other == x
        else { return nil }
        return named("hard_swish")
    case "tanh":
        guard isClose(scale, 1), let softplus = rewriter.node(operand, "softplus"), softplus.operands[0] == x else { return nil }
        return named("mish")
    case "add":
        guard isClose(scale, 0.5), let (one, inner) = rewriter.either(node, { rewriter.scalar($0) }), isClose(one, 1) else { return nil }
        if let erf = rewriter.node(inner, "erf"), let argument = erf.operands[0] {
            let (c, factors) = rewriter.factors(argument)
            return factors == [x] && isClose(c, 0.5.squareRoot()) ? named("gelu") : nil
        }
        if let tanh = rewriter.node(inner, "tanh"), let argument = tanh.operands[0], isTanhArgument(rewriter, argument, x, type) {
            return try? named("gelu")?.setting("approximate", to: .string("tanh"))
        }
        return nil
    default: return nil
    }
}

/// Whether a value is √(2/π) · (x + 0.044715 · x³).
private func isTanhArgument(_ rewriter: Rewriter, _ value: Value, _ x: Value, _ type: ElementType) -> Bool {
    let (c, factors) = rewriter.factors(value)
    guard factors.count == 1, isClose(c, (2 / Double.pi).squareRoot(), in: type), let sum = rewriter.node(factors[0], "add"),
        let (_, cubic) = rewriter.either(sum, { $0 == x ? $0 : nil })
    else { return false }
    let (k, parts) = rewriter.factors(cubic)
    guard isClose(k, 0.044715, in: type) else { return false }
    if parts == [x, x, x] { return true }
    if parts.count == 1, let power = rewriter.node(parts[0], "pow") {
        return power.operands[0] == x && rewriter.scalar(power.operands[1]) == 3
    }
    return false
}

private func named(_ name: String) -> (any Operator)? {
    AllOps.definitions.first { $0.name == name }?.prototype
}
