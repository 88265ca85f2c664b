import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// Recurrent layers.
    mutating func lower(_ op: Recurrent, _ node: Node) throws {
        func at(_ index: Int) -> Value? { index < node.operands.count ? node.operands[index] : nil }
        let (x, w) = (try operand(node, 0), try operand(node, 1))
        guard graph.type(x).element == .float32 else { throw DLCError("has no kernel for \(operandTypes(node))") }
        var kernel = try recurrentKernel(op)
        kernel.layout.form = try compactForm([w, operand(node, 2)], node)
        let (layout, isa) = (kernel.layout, target.isa)
        let packed = try packed(
            RecurrentPackKernel { $0.layout = layout }, [w, try operand(node, 2), at(3), at(7)], name: node.name,
            bytes: { try layout.bytes(input: $0[0]?.shape[2] ?? 0, hidden: op.hiddenSize, isa: isa) },
            layout: { try $0.isContiguous() ? $0 : nil })
        let lengths = try at(4).map { try contiguous($0) }
        let (h, c) = (try at(5).map { try contiguous($0) }, try at(6).map { try contiguous($0) })
        var (targets, copies) = try readResults(node, count: 3)
        if let gates = try gates(of: op, node) {
            savedGates[node.results[0].index] = gates
            targets.append(gates)
        }
        let rows = try graph.shape(x).dropLast().reduce(Dim(1)) { try $0.times($1) }
        let work = try rows.times(elements(w).plus(elements(operand(node, 2)))).times(2)
        emit(kernel, node, operands: [try contiguous(x), packed, lengths, h, c], results: targets, operations: work)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// Gradients of recurrent layers. What only LSTM has stands in the kernel's lists between other operands.
    mutating func lower(_ op: RecurrentGradient, _ node: Node) throws {
        let (x, count) = (try operand(node, 0), op.forwardCount)
        guard graph.type(x).element == .float32 else { throw DLCError("has no kernel for \(operandTypes(node))") }
        func at(_ index: Int) -> Value? { index < node.operands.count ? node.operands[index] : nil }
        let isLSTM = op.kind == .lstm
        let ofLSTM = isLSTM ? [at(6), at(7), at(count + 3)] : [nil, nil, nil]
        let values = (0..<6).map(at) + ofLSTM.prefix(2) + (0..<3).map { at(count + $0) } + ofLSTM.suffix(1)
        let layer = try recurrentKernel(op.layer)
        let (targets, copies) = try readResults(node, count: 7)
        let rows = try graph.shape(x).dropLast().reduce(Dim(1)) { try $0.times($1) }
        // Gates again, then gradients of what was multiplied and of the weights.
        let work = try rows.times(elements(operand(node, 1)).plus(elements(operand(node, 2)))).times(6)
        let gates = try savedGates[operand(node, count).index].flatMap { try isGradient(node, of: producerOfY(node)) ? $0 : nil }
        let operands = try values.map { try $0.map { try contiguous($0) } } + [gates]
        emit(RecurrentGradientKernel { $0.layer = layer }, node, operands: operands, results: targets, operations: work)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    private func producerOfY(_ node: Node) throws -> Node? {
        guard let op = node.op as? RecurrentGradient else { return nil }
        return graph.producer(of: try operand(node, op.forwardCount))
    }

    /// Whether a node is the gradient of just that layer: the same operands, attributes and y.
    private func isGradient(_ node: Node, of layer: Node?) -> Bool {
        guard let gradient = node.op as? RecurrentGradient, let layer, let op = layer.op as? Recurrent else { return false }
        let count = gradient.forwardCount
        let attributes = zip(op.attributes, gradient.layer.attributes)
        guard node.operands.count > count, node.operands[count] == layer.results[0], op.kind == gradient.kind,
            attributes.allSatisfy({ $0.value == $1.value })
        else { return false }
        return (0..<count).allSatisfy { node.operands[$0] == ($0 < layer.operands.count ? layer.operands[$0] : nil) }
    }

    /// A place for the gates of a layer whose gradient is in the graph and so need not compute them again.
    private mutating func gates(of op: Recurrent, _ node: Node) throws -> Plan.Operand? {
        guard graph.nodes.contains(where: { isGradient($0, of: node) }) else { return nil }
        let (x, directions) = (graph.shape(try operand(node, 0)), graph.shape(try operand(node, 1))[0])
        let columns = try recurrentKernel(op).layout.gatesColumns(hidden: op.hiddenSize)
        let (steps, batch) = op.batchFirst ? (x[1], x[0]) : (x[0], x[1])
        return try buffer(.float32, [directions, steps, batch, Dim(columns)])
    }

    /// Places for those of a node's results that somebody reads, and copies to where they shall lie.
    private mutating func readResults(
        _ node: Node, count: Int
    ) throws -> (targets: [Plan.Operand?], copies: [(from: Plan.Operand, to: Plan.Operand)]) {
        var targets: [Plan.Operand?] = []
        var copies: [(from: Plan.Operand, to: Plan.Operand)] = []
        for index in 0..<count {
            guard index < node.results.count, useCounts[node.results[index].index] > 0 else {
                targets.append(nil)
                continue
            }
            let (target, place) = try contiguousDestination(node.results[index])
            targets.append(target)
            if let place { copies.append((target, place)) }
        }
        return (targets, copies)
    }

    private func recurrentKernel(_ op: Recurrent) throws -> RecurrentKernel {
        let perDirection = op.kind.activations.count
        let functions = try (0..<6).map { place -> RecurrentFunction in
            let (direction, position) = place.quotientAndRemainder(dividingBy: 3)
            let index = direction * perDirection + position
            guard position < perDirection, index < op.activations.count else { return RecurrentFunction() }
            return try RecurrentFunction {
                $0.function = try dlc_rnn_function(named: op.activations[index].lowercased())
                ($0.alpha, $0.beta) = (op.alphas[index], op.betas[index])
            }
        }
        return try RecurrentKernel {
            $0.layout.kind = try dlc_rnn_kind(named: op.kind.rawValue)
            $0.layout.direction = try dlc_rnn_direction(named: op.direction.rawValue)
            $0.layout.linearBeforeReset = op.linearBeforeReset
            $0.batchFirst = op.batchFirst
            $0.inputForget = op.inputForget
            $0.hidden = op.hiddenSize
            if let clip = op.clip { $0.clip = clip }
            $0.functions = functions
        }
    }
}
