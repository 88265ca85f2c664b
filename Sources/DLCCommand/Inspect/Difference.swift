import DLC

/// How far two tensors are apart.
struct Difference {
    let name: String
    let type: String
    /// The largest finite magnitude of the second.
    let largest: Double
    /// The largest difference of two elements; infinite where one is NaN or infinite and the other is not the same.
    let absolute: Double

    /// As a share of the largest magnitude.
    var share: Double { absolute == 0 ? 0 : absolute / max(largest, 1e-30) }

    /// - Throws: where types or shapes differ.
    init(_ name: String, _ a: Tensor, _ b: Tensor) throws {
        guard a.type == b.type, a.shape == b.shape else {
            throw DLCError("is \(a.type)\(a.shape) in one and \(b.type)\(b.shape) in the other", at: [name])
        }
        self.name = name
        type = Describe.type(a.type, Shape(constants: a.shape))
        var largest = 0.0
        var absolute = 0.0
        if a.type == .string {
            // Strings are equal or not.
            (largest, absolute) = (1, try a.texts() == b.texts() ? 0 : .infinity)
            (self.largest, self.absolute) = (largest, absolute)
            return
        }
        for (x, y) in zip(try a.doubles(), try b.doubles()) {
            if y.isFinite { largest = max(largest, abs(y)) }
            if x == y || (x.isNaN && y.isNaN) { continue }
            absolute = max(absolute, x.isFinite && y.isFinite ? abs(x - y) : .infinity)
        }
        self.largest = largest
        self.absolute = absolute
    }
}

/// A graph whose intermediate values are outputs too, so that a compiled model shows them.
struct TappedGraph {
    let graph: Graph
    /// The added outputs, in order of computation, each with the words that name its layer.
    let taps: [(output: String, label: String)]

    init(_ original: Graph) throws {
        var rewriter = Rewriter(original)
        try rewriter.sweep { _, _ in nil }
        var taps: [(output: String, label: String)] = []
        let uses = original.useCounts()
        for (index, node) in original.nodes.enumerated() where !(node.op is Constant) {
            for (position, result) in node.results.enumerated() where uses[result.index] > 0 {
                let label = "\(node.op.name) \(node.name.isEmpty ? original.name(of: result) ?? "" : node.name)"
                taps.append(("tap \(index).\(position)", label))
                try rewriter.builder.output("tap \(index).\(position)", try rewriter.mapped(result))
            }
        }
        graph = rewriter.builder.graph
        self.taps = taps
    }
}
