import DLCGraph

extension Recurrent {
    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (steps, batch) = batchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
        let (inputs, hidden, directions) = (x.shape[2], hiddenSize, direction.count)
        let xs = try x.doubles()
        let lengths = try Oracle.optional(operands, 4)?.integers().map { Int($0) } ?? [Int](repeating: steps, count: batch)
        if let bad = lengths.first(where: { $0 < 0 || $0 > steps }) {
            throw DLCError("sequence_lens holds \(bad); expected 0 to \(steps)")
        }
        let stateShape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        func stateStart(_ d: Int, _ b: Int) -> Int { (batchFirst ? b * directions + d : d * batch + b) * hidden }
        let initial = try (5..<7).map { try Oracle.optional(operands, $0)?.doubles() }
        var y = [Double](repeating: 0, count: steps * directions * batch * hidden)
        var finals = [[Double]](repeating: [Double](repeating: 0, count: directions * batch * hidden), count: 2)
        for d in 0..<directions {
            let cell = try RecurrentCell(self, operands, direction: d, inputs: inputs)
            let isReverse = direction == .reverse || d == 1
            for b in 0..<batch {
                let start = stateStart(d, b)
                func initialState(_ values: [Double]?) -> [Double] { (0..<hidden).map { values?[start + $0] ?? 0 } }
                var (h, c) = (initialState(initial[0]), initialState(initial[1]))
                for i in 0..<lengths[b] {
                    let t = isReverse ? lengths[b] - 1 - i : i
                    let row = (batchFirst ? b * steps + t : t * batch + b) * inputs
                    cell.step(xs[row..<row + inputs], &h, &c)
                    let target = (batchFirst ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden
                    for unit in 0..<hidden { y[target + unit] = h[unit] }
                }
                // A sequence without steps ends with zeros; that of a GRU, as ONNX Runtime has it, with what it began with.
                if lengths[b] == 0, kind != .gru { (h, c) = (h.map { _ in 0 }, c.map { _ in 0 }) }
                for unit in 0..<hidden { (finals[0][start + unit], finals[1][start + unit]) = (h[unit], c[unit]) }
            }
        }
        let shape = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
        return [try Tensor(doubles: y, type: x.type, shape: shape)]
            + (try finals.prefix(kind == .lstm ? 2 : 1).map { try Tensor(doubles: $0, type: x.type, shape: stateShape) })
    }
}

/// The weights and functions of one direction.
struct RecurrentCell {
    let op: Recurrent
    let inputs: Int
    let w: [Double]
    let r: [Double]
    let inputBias: [Double]
    let hiddenBias: [Double]
    let peepholes: [Double]
    let functions: [(Double) -> Double]
    let derivatives: [(Double) -> Double]

    init(_ op: Recurrent, _ operands: [Tensor?], direction: Int, inputs: Int) throws {
        self.op = op
        self.inputs = inputs
        let rows = op.kind.gates * op.hiddenSize
        func part(_ index: Int, _ count: Int) throws -> [Double] {
            guard let tensor = Oracle.optional(operands, index) else { return [Double](repeating: 0, count: count) }
            return Array(try tensor.doubles()[direction * count..<(direction + 1) * count])
        }
        w = try part(1, rows * inputs)
        r = try part(2, rows * op.hiddenSize)
        let bias = try part(3, 2 * rows)
        inputBias = Array(bias.prefix(rows))
        hiddenBias = Array(bias.suffix(rows))
        peepholes = try op.kind == .lstm ? part(7, 3 * op.hiddenSize) : []
        let count = op.kind.activations.count
        functions = Array(try op.functions()[direction * count..<(direction + 1) * count])
        derivatives = Array(try op.derivatives()[direction * count..<(direction + 1) * count])
    }

    /// One step: `h` and (LSTM) `c` become the next state.
    func step(_ x: ArraySlice<Double>, _ h: inout [Double], _ c: inout [Double]) {
        let units = op.hiddenSize
        let old = h
        func fromInput(_ row: Int) -> Double {
            zip(x, w[row * inputs..<(row + 1) * inputs]).reduce(inputBias[row]) { $0 + $1.0 * $1.1 }
        }
        func fromHidden(_ row: Int, _ state: [Double]) -> Double {
            zip(state, r[row * units..<(row + 1) * units]).reduce(hiddenBias[row]) { $0 + $1.0 * $1.1 }
        }
        func sum(_ gate: Int, _ unit: Int, _ extra: Double = 0) -> Double {
            fromInput(gate * units + unit) + fromHidden(gate * units + unit, old) + extra
        }
        func clipped(_ value: Double) -> Double {
            guard let clip = op.clip else { return value }
            return min(max(value, -clip), clip)
        }
        switch op.kind {
        case .rnn:
            for unit in 0..<units { h[unit] = functions[0](clipped(sum(0, unit))) }
        case .gru:
            let reset = (0..<units).map { functions[0](clipped(sum(1, $0))) }
            let scaled = zip(reset, old).map { $0 * $1 }
            for unit in 0..<units {
                let update = functions[0](clipped(sum(0, unit)))
                let row = 2 * units + unit
                let recurrent = op.linearBeforeReset ? reset[unit] * fromHidden(row, old) : fromHidden(row, scaled)
                let candidate = functions[1](clipped(fromInput(row) + recurrent))
                h[unit] = (1 - update) * candidate + update * old[unit]
            }
        case .lstm:
            for unit in 0..<units {
                let input = functions[0](clipped(sum(0, unit, peepholes[unit] * c[unit])))
                let forget = op.inputForget
                    ? 1 - input : functions[0](clipped(sum(2, unit, peepholes[2 * units + unit] * c[unit])))
                let next = forget * c[unit] + input * functions[1](clipped(sum(3, unit)))
                let output = functions[0](clipped(sum(1, unit, peepholes[units + unit] * next)))
                c[unit] = next
                h[unit] = output * functions[2](next)
            }
        }
    }
}
