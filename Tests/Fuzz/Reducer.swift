import DLC
import Foundation

/// Makes a failing case small (delta debugging, Zeller and Hildebrandt, 2002): fewer runs, outputs and nodes, numbers for
/// symbols, smaller extents, simpler values; every step is kept where the case still fails.
struct Reducer {
    private(set) var test: FuzzCase
    private let deadline: Date
    private let fails: (FuzzCase) -> Bool

    init(_ test: FuzzCase, seconds: Double, fails: @escaping (FuzzCase) -> Bool) {
        self.test = test
        self.fails = fails
        deadline = Date(timeIntervalSinceNow: seconds)
    }

    mutating func reduce() {
        var isSmaller = true
        while isSmaller, Date() < deadline {
            isSmaller = false
            if dropRuns() { isSmaller = true }
            if dropOutputs() { isSmaller = true }
            if cutNodes() { isSmaller = true }
            if bypassNodes() { isSmaller = true }
            if settleSymbols() { isSmaller = true }
            if shrinkExtents() { isSmaller = true }
            if simplifyAttributes() { isSmaller = true }
            if simplifyValues() { isSmaller = true }
            if simplifyTarget() { isSmaller = true }
        }
    }

    /// Takes a candidate over where it builds and still fails.
    private mutating func take(_ edit: (inout FuzzCase) throws -> Void) -> Bool {
        guard Date() < deadline else { return false }
        var candidate = test
        guard (try? edit(&candidate)) != nil else { return false }
        candidate.sketch.dropUnused()
        // The graph merges equal nodes and drops dead ones; go on from what is left.
        guard let graph = try? candidate.sketch.build() else { return false }
        candidate.sketch = Sketch(graph)
        let names = Set(candidate.sketch.inputs.map(\.name))
        let symbols = Set(candidate.sketch.symbols)
        for index in candidate.runs.indices {
            candidate.runs[index].inputs = candidate.runs[index].inputs.filter { names.contains($0.key) }
            candidate.runs[index].bindings = candidate.runs[index].bindings.filter { symbols.contains($0.key) }
        }
        guard fails(candidate) else { return false }
        test = candidate
        return true
    }

    private mutating func dropRuns() -> Bool {
        if test.runs.count < 2 { return false }
        for run in test.runs where take({ $0.runs = [run] }) { return true }
        return test.runs.indices.reversed().contains { index in take { $0.runs.remove(at: index) } }
    }

    private mutating func dropOutputs() -> Bool {
        if test.sketch.outputs.count < 2 { return false }
        for output in test.sketch.outputs where take({ $0.sketch.outputs = [output] }) { return true }
        return test.sketch.outputs.indices.reversed().contains { index in take { $0.sketch.outputs.remove(at: index) } }
    }

    /// A node's results become inputs with the values that the oracle has for them.
    private mutating func cutNodes() -> Bool {
        var isSmaller = false
        var index = 0
        while index < test.sketch.steps.count {
            let at = index
            if test.sketch.steps[at].constant == nil, take({ try Self.cut(&$0, at) }) { isSmaller = true } else { index += 1 }
        }
        return isSmaller
    }

    private static func cut(_ test: inout FuzzCase, _ index: Int) throws {
        let graph = try test.sketch.build()
        test.sketch = Sketch(graph)
        guard test.sketch.steps.indices.contains(index) else { throw DLCError("there is no such step") }
        let results = test.sketch.steps[index].results
        let facts = try test.sketch.facts()
        let isRead = Set(test.sketch.steps.flatMap(\.operands).compactMap { $0 } + test.sketch.outputs.map(\.id))
        var rng = SplitMix64(seed: 0)
        // Where the oracle refuses a run, there are values up to what it refuses.
        let values = test.runs.map { run in
            var tensors: [Tensor?] = []
            try? StableOracle.compute(graph, run, nudge: 0, &rng, into: &tensors)
            return tensors
        }
        test.sketch.steps.remove(at: index)
        for id in results where isRead.contains(id) {
            guard let fact = facts[id] else { throw DLCError("a value has no type") }
            let input = test.sketch.addInput(fact.type)
            test.sketch.replaceUses(of: id, by: input)
            for (run, tensors) in values.enumerated() {
                guard tensors[id] != nil else { throw DLCError("a value is not known") }
                test.runs[run].inputs[test.sketch.inputs[test.sketch.inputs.count - 1].name] = tensors[id]
            }
        }
    }

    /// A node gives way to an operand of its type.
    private mutating func bypassNodes() -> Bool {
        var isSmaller = false
        for index in test.sketch.steps.indices.reversed() {
            guard test.sketch.steps.indices.contains(index), let facts = try? test.sketch.facts() else { continue }
            let step = test.sketch.steps[index]
            for case let operand? in step.operands where facts[operand]?.type == facts[step.results[0]]?.type {
                if take({ $0.sketch.replaceUses(of: step.results[0], by: operand, from: index + 1) }) {
                    isSmaller = true
                    break
                }
            }
            for position in step.operands.indices.reversed()
            where test.sketch.steps.indices.contains(index) && step.operands[position] != nil {
                isSmaller = take { try $0.edit(index) { $0.operands[position] = nil } } || isSmaller
            }
        }
        return isSmaller
    }

    private mutating func settleSymbols() -> Bool {
        guard test.runs.count == 1, let run = test.runs.first else { return false }
        return test.sketch.symbols.contains { symbol in
            take { test in
                guard let value = run.bindings[symbol] else { throw DLCError("\(symbol) is not bound") }
                for index in test.sketch.inputs.indices {
                    test.sketch.inputs[index].type.shape = try test.sketch.inputs[index].type.shape.map {
                        try $0.substituting([symbol: Dim(value)])
                    }
                }
                for index in test.sketch.steps.indices {
                    test.sketch.steps[index].op = try test.sketch.steps[index].op.substituting([symbol: Dim(value)])
                }
            }
        }
    }

    private mutating func shrinkExtents() -> Bool {
        let extents = Set(
            test.sketch.inputs.flatMap { $0.type.shape.compactMap(\.constant) } + test.sketch.steps.flatMap { $0.constant?.shape ?? [] })
        var isSmaller = false
        for old in extents.sorted(by: >) where old > 1 {
            for new in Set([1, 2, old / 2, old - 1]).sorted() where new < old && take({ try $0.resize(old, to: new) }) {
                isSmaller = true
                break
            }
        }
        for symbol in test.sketch.symbols {
            for run in test.runs.indices {
                guard let old = test.runs[run].bindings[symbol] else { continue }
                for new in [0, 1, 2, old / 2, old - 1] where new >= 0 && new < old && take({ try $0.rebind(symbol, in: run, to: new) }) {
                    isSmaller = true
                    break
                }
            }
        }
        return isSmaller
    }

    private mutating func simplifyAttributes() -> Bool {
        var isSmaller = false
        for index in test.sketch.steps.indices where test.sketch.steps.indices.contains(index) && test.sketch.steps[index].constant == nil
        {
            let op = test.sketch.steps[index].op
            for (name, _) in op.changedAttributes {
                guard let value = op.definition.prototype.attribute(name) else { continue }
                isSmaller = take { try $0.edit(index) { $0.op = try $0.op.setting(name, to: value) } } || isSmaller
            }
        }
        return isSmaller
    }

    /// Ones, zeros or numbers with one digit in the place of floats.
    private mutating func simplifyValues() -> Bool {
        func simpler(_ tensor: Tensor) -> [Tensor] {
            guard tensor.type.isFloat, tensor.count > 0, let values = try? tensor.doubles() else { return [] }
            let candidates = [
                values.map { _ in 1.0 }, values.map { _ in 0.0 }, values.map { $0.isFinite ? $0.rounded() : $0 },
                values.map { $0.isFinite ? ($0 * 10).rounded() / 10 : $0 },
            ]
            if candidates[0] == values || candidates[1] == values { return [] }
            return candidates.filter { $0 != values }.compactMap { try? Tensor(doubles: $0, type: tensor.type, shape: tensor.shape) }
                .filter { $0 != tensor }
        }
        var isSmaller = false
        for run in test.runs.indices {
            for (name, tensor) in test.runs[run].inputs.sorted(by: { $0.key < $1.key }) {
                isSmaller = simpler(tensor).contains { simple in take { $0.runs[run].inputs[name] = simple } } || isSmaller
            }
        }
        for index in test.sketch.steps.indices where test.sketch.steps.indices.contains(index) {
            guard let tensor = test.sketch.steps[index].constant else { continue }
            isSmaller = simpler(tensor).contains { simple in take { try $0.edit(index) { $0.op = Constant(simple) } } } || isSmaller
        }
        return isSmaller
    }

    private mutating func simplifyTarget() -> Bool {
        if test.isExact, take({ $0.isExact = false }) { return true }
        return test.target != .native && take { $0.target = .native }
    }
}

extension FuzzCase {
    /// Changes a step, where there is one still.
    fileprivate mutating func edit(_ index: Int, _ change: (inout Sketch.Step) throws -> Void) throws {
        guard sketch.steps.indices.contains(index) else { throw DLCError("there is no step \(index)") }
        try change(&sketch.steps[index])
    }

    /// Another extent everywhere, with as much of the values as fits.
    fileprivate mutating func resize(_ old: Int, to new: Int) throws {
        for index in sketch.inputs.indices {
            sketch.inputs[index].type.shape = sketch.inputs[index].type.shape.map { $0.constant == old ? Dim(new) : $0 }
        }
        try sketch.replaceExtents(ofSteps: old, by: Dim(new))
        for run in runs.indices { try fit(run) }
    }

    fileprivate mutating func rebind(_ symbol: String, in run: Int, to new: Int) throws {
        runs[run].bindings[symbol] = new
        try fit(run)
    }

    private mutating func fit(_ run: Int) throws {
        for input in sketch.inputs {
            let shape = try input.type.shape.map { try $0.evaluate(runs[run].bindings) }
            runs[run].inputs[input.name] = try runs[run].inputs[input.name]?.fitted(to: shape)
        }
    }
}
