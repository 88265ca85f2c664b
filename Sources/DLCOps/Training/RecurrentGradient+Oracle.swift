import DLCGraph

extension RecurrentGradient {
    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (steps, batch) = layer.batchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
        let (inputs, hidden, directions) = (x.shape[2], layer.hiddenSize, layer.direction.count)
        let (xs, ys) = (try x.doubles(), try Oracle.operand(operands, forwardCount).doubles())
        let lengths = try Oracle.optional(operands, 4)?.integers().map { Int($0) } ?? [Int](repeating: steps, count: batch)
        if let bad = lengths.first(where: { $0 < 0 || $0 > steps }) { throw DLCError("sequence_lens holds \(bad); expected 0 to \(steps)") }
        func stateStart(_ d: Int, _ b: Int) -> Int { (layer.batchFirst ? b * directions + d : d * batch + b) * hidden }
        let initial = try (5..<7).map { index in
            index < forwardCount ? try Oracle.optional(operands, index)?.doubles() : nil
        }
        let adjoints = try (1..<4).map { try Oracle.optional(operands, forwardCount + $0)?.doubles() }
        var dx = xs.map { _ in 0.0 }
        let rows = kind.gates * hidden
        var sums = CellSums(directions: directions, rows: rows, inputs: inputs, hidden: hidden)
        var states = [[Double]](repeating: [Double](repeating: 0, count: directions * batch * hidden), count: 2)
        for d in 0..<directions {
            let cell = try RecurrentCell(layer, Array(operands.prefix(forwardCount)), direction: d, inputs: inputs)
            let isReverse = layer.direction == .reverse || d == 1
            for b in 0..<batch {
                let start = stateStart(d, b)
                func state(_ values: [Double]?) -> [Double] { (0..<hidden).map { values?[start + $0] ?? 0 } }
                func row(_ i: Int) -> (x: Int, y: Int) {
                    let t = isReverse ? lengths[b] - 1 - i : i
                    return (
                        (layer.batchFirst ? b * steps + t : t * batch + b) * inputs,
                        (layer.batchFirst ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden
                    )
                }
                var (h, c) = (state(initial[0]), state(initial[1]))
                var before: [(h: [Double], c: [Double])] = []
                for i in 0..<lengths[b] {
                    before.append((h, c))
                    cell.step(xs[row(i).x..<row(i).x + inputs], &h, &c)
                    // States are those of y, whatever made it.
                    for unit in 0..<hidden { h[unit] = ys[row(i).y + unit] }
                }
                // The states that a sequence without steps ends with are zeros, but for a GRU.
                let hasEnd = lengths[b] > 0 || kind == .gru
                var dh = hasEnd ? state(adjoints[1]) : state(nil)
                var dc = hasEnd ? state(adjoints[2]) : state(nil)
                for i in (0..<lengths[b]).reversed() {
                    for unit in 0..<hidden { dh[unit] += adjoints[0]?[row(i).y + unit] ?? 0 }
                    let step = cell.pullback(xs[row(i).x..<row(i).x + inputs], before[i].h, before[i].c, &dh, &dc, &sums, direction: d)
                    for input in 0..<inputs { dx[row(i).x + input] += step[input] }
                }
                for unit in 0..<hidden { (states[0][start + unit], states[1][start + unit]) = (dh[unit], dc[unit]) }
            }
        }
        let state = layer.batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        var results: [([Double], [Int])] = [
            (dx, x.shape), (sums.w, [directions, rows, inputs]), (sums.r, [directions, rows, hidden]), (sums.bias, [directions, 2 * rows]),
            (states[0], state),
        ]
        if kind == .lstm { results += [(states[1], state), (sums.peepholes, [directions, 3 * hidden])] }
        return try results.map { try Tensor(doubles: $0, type: x.type, shape: $1) }
    }
}

/// The gradients with respect to the parameters, summed over sequences and steps.
struct CellSums {
    var w: [Double]
    var r: [Double]
    var bias: [Double]
    var peepholes: [Double]

    init(directions: Int, rows: Int, inputs: Int, hidden: Int) {
        w = [Double](repeating: 0, count: directions * rows * inputs)
        r = [Double](repeating: 0, count: directions * rows * hidden)
        bias = [Double](repeating: 0, count: directions * 2 * rows)
        peepholes = [Double](repeating: 0, count: directions * 3 * hidden)
    }
}

extension RecurrentCell {
    /// One step backwards: `dh` and `dc`, the gradients with respect to the states after the step, become those with respect
    /// to the states `h` and `c` before it.
    /// - Returns: the gradient with respect to the step's input.
    func pullback(
        _ x: ArraySlice<Double>, _ h: [Double], _ c: [Double], _ dh: inout [Double], _ dc: inout [Double], _ sums: inout CellSums,
        direction: Int
    ) -> [Double] {
        let units = op.hiddenSize
        func product(_ matrix: [Double], _ row: Int, _ vector: some Sequence<Double>) -> Double {
            zip(vector, matrix[row * (matrix.count / (op.kind.gates * units))..<matrix.count]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func clipped(_ value: Double) -> Double { op.clip.map { min(max(value, -$0), $0) } ?? value }
        func slope(_ function: Int, _ sum: Double) -> Double {
            op.clip.map { abs(sum) > $0 } ?? false ? 0 : derivatives[function](sum)
        }
        let fromInput = (0..<op.kind.gates * units).map { inputBias[$0] + product(w, $0, x) }
        let fromHidden = (0..<op.kind.gates * units).map { hiddenBias[$0] + product(r, $0, h) }
        // Gradients with respect to what comes from the input and from the state, by row.
        var (inputSide, hiddenSide) = (fromInput.map { _ in 0.0 }, fromHidden.map { _ in 0.0 })
        // What the rows of the state's weights were multiplied by, where it is not the state.
        var scaled: [Double]?
        var old = [Double](repeating: 0, count: units)
        switch op.kind {
        case .rnn:
            for unit in 0..<units { inputSide[unit] = dh[unit] * slope(0, fromInput[unit] + fromHidden[unit]) }
            hiddenSide = inputSide
        case .gru:
            let resetSum = (0..<units).map { fromInput[units + $0] + fromHidden[units + $0] }
            let reset = resetSum.map { functions[0](clipped($0)) }
            let products = zip(reset, h).map { $0 * $1 }
            var dReset = reset.map { _ in 0.0 }
            for unit in 0..<units {
                let row = 2 * units + unit
                let recurrent = op.linearBeforeReset ? reset[unit] * fromHidden[row] : hiddenBias[row] + product(r, row, products)
                let (sum, updateSum) = (fromInput[row] + recurrent, fromInput[unit] + fromHidden[unit])
                let (candidate, update) = (functions[1](clipped(sum)), functions[0](clipped(updateSum)))
                inputSide[unit] = dh[unit] * (h[unit] - candidate) * slope(0, updateSum)
                inputSide[row] = dh[unit] * (1 - update) * slope(1, sum)
                old[unit] = dh[unit] * update
                hiddenSide[unit] = inputSide[unit]
                hiddenSide[row] = op.linearBeforeReset ? inputSide[row] * reset[unit] : inputSide[row]
                if op.linearBeforeReset { dReset[unit] = inputSide[row] * fromHidden[row] }
            }
            if !op.linearBeforeReset {
                scaled = products
                for unit in 0..<units {
                    let adjoint = (0..<units).reduce(0) { $0 + hiddenSide[2 * units + $1] * r[(2 * units + $1) * units + unit] }
                    dReset[unit] = adjoint * h[unit]
                    old[unit] += adjoint * reset[unit]
                }
            }
            for unit in 0..<units {
                inputSide[units + unit] = dReset[unit] * slope(0, resetSum[unit])
                hiddenSide[units + unit] = inputSide[units + unit]
            }
        case .lstm:
            for unit in 0..<units {
                func sum(_ gate: Int, _ extra: Double = 0) -> Double {
                    fromInput[gate * units + unit] + fromHidden[gate * units + unit] + extra
                }
                let inputSum = sum(0, peepholes[unit] * c[unit])
                let forgetSum = sum(2, peepholes[2 * units + unit] * c[unit])
                let (input, cellValue) = (functions[0](clipped(inputSum)), functions[1](clipped(sum(3))))
                let forget = op.inputForget ? 1 - input : functions[0](clipped(forgetSum))
                let next = forget * c[unit] + input * cellValue
                let outputSum = sum(1, peepholes[units + unit] * next)
                let output = functions[0](clipped(outputSum))
                let dOutput = dh[unit] * functions[2](next) * slope(0, outputSum)
                let dNext = dc[unit] + dh[unit] * output * derivatives[2](next) + dOutput * peepholes[units + unit]
                let dForget = op.inputForget ? 0 : dNext * c[unit] * slope(0, forgetSum)
                let dInput = (dNext * cellValue - (op.inputForget ? dNext * c[unit] : 0)) * slope(0, inputSum)
                dc[unit] = dNext * forget + dInput * peepholes[unit] + dForget * peepholes[2 * units + unit]
                let offset = direction * 3 * units + unit
                sums.peepholes[offset] += dInput * c[unit]
                sums.peepholes[offset + units] += dOutput * next
                sums.peepholes[offset + 2 * units] += dForget * c[unit]
                for (gate, adjoint) in [dInput, dOutput, dForget, dNext * input * slope(1, sum(3))].enumerated() {
                    inputSide[gate * units + unit] = adjoint
                }
            }
            hiddenSide = inputSide
        }
        let rows = inputSide.count
        var dx = [Double](repeating: 0, count: inputs)
        for row in 0..<rows {
            sums.bias[direction * 2 * rows + row] += inputSide[row]
            sums.bias[direction * 2 * rows + rows + row] += hiddenSide[row]
            for (input, value) in x.enumerated() {
                sums.w[(direction * rows + row) * inputs + input] += inputSide[row] * value
                dx[input] += inputSide[row] * w[row * inputs + input]
            }
            let isScaled = scaled != nil && row >= 2 * units
            for unit in 0..<units {
                sums.r[(direction * rows + row) * units + unit] += hiddenSide[row] * (isScaled ? scaled?[unit] ?? 0 : h[unit])
                if !isScaled { old[unit] += hiddenSide[row] * r[row * units + unit] }
            }
        }
        dh = old
        return dx
    }
}
