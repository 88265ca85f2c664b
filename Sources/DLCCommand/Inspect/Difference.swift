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
        var builder = GraphBuilder(like: original)
        builder.setStage(original.stage)
        var map: [Value: Value] = [:]
        for port in original.inputs { map[port.value] = try builder.input(port.name, original.type(port.value)) }
        var taps: [(output: String, label: String, value: Value)] = []
        let uses = original.useCounts()
        for (index, node) in original.nodes.enumerated() {
            let names = node.results.map { original.name(of: $0) }
            if let constant = node.op as? Constant {
                map[node.results[0]] = builder.constant(constant.value, name: names[0])
                continue
            }
            let operands = try node.operands.map { operand -> Value? in
                guard let operand else { return nil }
                guard let mapped = map[operand] else { throw DLCError("a value is read before it is computed") }
                return mapped
            }
            let results = try builder.add(node.op, operands, name: node.name, resultNames: names)
            for (position, (old, new)) in zip(node.results, results).enumerated() {
                map[old] = new
                let label = "\(node.op.name) \(node.name.isEmpty ? names[position] ?? "" : node.name)"
                if uses[old.index] > 0 { taps.append(("tap \(index).\(position)", label, new)) }
            }
        }
        for port in original.outputs {
            guard let value = map[port.value] else { throw DLCError("output \(port.name) is never computed") }
            try builder.output(port.name, value)
        }
        for tap in taps { try builder.output(tap.output, tap.value) }
        graph = builder.graph
        self.taps = taps.map { ($0.output, $0.label) }
    }
}
