import DLCGraph
import DLCOps

/// What pattern rules ask of the rewritten graph.
extension Rewriter {
    /// The node that computes a value where it is the operator with this name.
    func node(_ value: Value?, _ name: String) -> Node? {
        guard let node = producer(of: value), node.op.name == name else { return nil }
        return node
    }

    /// The element of a constant with exactly one.
    func scalar(_ value: Value?) -> Double? {
        guard let tensor = constant(value), tensor.count == 1 else { return nil }
        return (try? tensor.doubles())?.first
    }

    /// Whether a node's result has the shape of one of its operands, which no other operand widens.
    func keepsShape(_ node: Node, of value: Value) throws -> Bool { try shape(value) == resultType(node).shape }

    /// The other operand of a commutative node, where `pick` accepts one of the two.
    func either<R>(_ node: Node, _ pick: (Value) -> R?) -> (picked: R, other: Value)? {
        guard node.operands.count == 2, let a = node.operands[0], let b = node.operands[1] else { return nil }
        if let picked = pick(b) { return (picked, a) }
        if let picked = pick(a) { return (picked, b) }
        return nil
    }

    /// The value as a product of a number and factors: multiplications and divisions by constants are followed.
    func factors(_ value: Value, depth: Int = 0) -> (scale: Double, factors: [Value]) {
        if depth < 6 {
            if let node = node(value, "mul"), let a = node.operands[0], let b = node.operands[1] {
                if let c = scalar(b) { return scaled(a, c, depth) }
                if let c = scalar(a) { return scaled(b, c, depth) }
                let (x, y) = (factors(a, depth: depth + 1), factors(b, depth: depth + 1))
                return (x.scale * y.scale, x.factors + y.factors)
            }
            if let node = node(value, "div"), let a = node.operands[0], let c = scalar(node.operands[1]), c != 0 {
                return scaled(a, 1 / c, depth)
            }
        }
        return (1, [value])
    }

    private func scaled(_ value: Value, _ scale: Double, _ depth: Int) -> (scale: Double, factors: [Value]) {
        let inner = factors(value, depth: depth + 1)
        return (inner.scale * scale, inner.factors)
    }
}

/// Whether two numbers are the same in an element type, a few roundings apart: what a model spells with another constant
/// is another function.
func isClose(_ a: Double, _ b: Double, in type: ElementType) -> Bool {
    let precision: Double = switch type { case .float64: 0x1p-52; case .float16: 0x1p-10; case .bfloat16: 0x1p-7; default: 0x1p-23 }
    return a.isFinite && b.isFinite && abs(a - b) <= 4 * precision * max(abs(a), abs(b))
}

/// Whether each result pixel depends on one pixel of x, the one at its own place.
func isPointwise(_ conv: Conv, kernel: Shape.SubSequence) -> Bool {
    kernel.allSatisfy { $0 == 1 } && conv.strides.allSatisfy { $0 == 1 } && conv.pads.allSatisfy { $0 == 0 }
}
