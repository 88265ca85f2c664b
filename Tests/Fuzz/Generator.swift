import DLC

/// Makes cases, the same for the same seed: a graph from an operator's example, from a pattern that passes recognise, or a
/// chain of movements; changed at random; with values for its symbols and inputs.
struct Generator {
    var rng: SplitMix64
    var sketch = Sketch()
    /// What the first run's inputs are, by name; and models for those of other runs.
    var inputs: [String: Tensor] = [:]
    /// The first run's symbols.
    var bindings: [String: Int] = [:]
    var style: ValueStyle
    /// Inputs whose values stay plain: weights, which nobody has with NaN, and whose zeros meet padding.
    var plain: Set<String> = []
    private let patterns: [Sketch]

    /// - Parameter patterns: graphs that passes have rules for.
    init(seed: UInt64, patterns: [Sketch]) {
        rng = SplitMix64(seed: seed)
        // Neighbouring seeds begin alike.
        _ = rng.next()
        style = rng.pick([.plain, .plain, .plain, .coarse, .special, .special, .extreme])
        self.patterns = patterns
    }

    /// A case that the oracle computes, or nil where the dice gave none.
    mutating func next() -> FuzzCase? {
        let kind = rng.uniform()
        let changes: Int
        if kind < 0.5 {
            guard (try? startWithOperator()) != nil else { return nil }
            changes = rng.below(6)
        } else if kind < 0.8, !patterns.isEmpty {
            guard (try? start(with: rng.pick(patterns))) != nil else { return nil }
            changes = rng.below(5)
        } else {
            guard (try? startWithInput()) != nil else { return nil }
            for _ in 0..<(2 + rng.below(8)) { change { try $0.grow() } }
            changes = rng.below(4)
        }
        for _ in 0..<changes { mutate() }
        if sketch.outputs.isEmpty { return nil }
        sketch.dropUnused()
        inputs = inputs.filter { name, _ in sketch.inputs.contains { $0.name == name } }
        bindings = bindings.filter { sketch.symbols.contains($0.key) }
        guard isComputable(), let runs = try? runs() else { return nil }
        return FuzzCase(
            sketch: sketch, runs: runs, target: rng.chance(0.5) ? .native : rng.pick(Target.allCases.filter(\.runsHere)),
            isExact: rng.chance(0.2))
    }

    /// Makes a change and takes it back where the graph cannot be built or computed any more.
    @discardableResult
    mutating func change(_ body: (inout Generator) throws -> Void) -> Bool {
        var copy = self
        do {
            try body(&copy)
            if copy.isComputable() {
                self = copy
                return true
            }
        } catch {}
        // The dice have been thrown.
        rng = copy.rng
        return false
    }

    private func isComputable() -> Bool {
        guard let graph = try? sketch.build(), !graph.outputs.isEmpty else { return false }
        var elements = 0
        for node in graph.nodes {
            for value in node.results {
                guard let shape = try? graph.shape(value).map({ try $0.substituting(bindings.mapValues { Dim($0) }) }) else {
                    return false
                }
                elements += (try? Checked.count(shape.map { $0.constant ?? 1 })) ?? Int(Int32.max)
                if elements > 60_000 { return false }
            }
        }
        var rng = SplitMix64(seed: 0)
        return (try? StableOracle.compute(graph, .init(bindings: bindings, inputs: inputs), nudge: 0, &rng)) != nil
    }

    /// The first run, and others with the symbols at 0, 1, equal, and large.
    private mutating func runs() throws -> [FuzzCase.Run] {
        let first = FuzzCase.Run(bindings: bindings, inputs: inputs)
        let symbols = sketch.symbols
        if symbols.isEmpty { return [first] }
        var runs = [first]
        for _ in 0..<(1 + rng.below(3)) {
            var other = bindings
            let common = rng.pick([0, 1, 2, 3, 5])
            let areEqual = rng.chance(0.3)
            for name in symbols where areEqual || rng.chance(0.6) {
                other[name] =
                    areEqual ? common : rng.pick([0, 1, 1, 2, 3, 4, 5, 8, 17, rng.pick(bindings.values.sorted()), rng.below(40)])
            }
            if other == bindings { continue }
            var tensors: [String: Tensor] = [:]
            for input in sketch.inputs {
                let shape = try input.type.shape.map { try $0.evaluate(other) }
                tensors[input.name] = try .drawn(
                    plain.contains(input.name) ? .plain : style, type: input.type.element, shape: shape, like: inputs[input.name], &rng)
            }
            guard tensors.values.allSatisfy({ $0.count <= 20_000 }) else { continue }
            runs.append(.init(bindings: other, inputs: tensors))
        }
        if runs.count > 1, rng.chance(0.5) { runs.append(first) }
        return runs
    }
}
