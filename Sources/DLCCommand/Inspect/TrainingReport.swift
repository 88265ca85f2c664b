import DLC
import DLCModel

/// What a training's step learns, keeps and saves.
struct TrainingReport {
    let lines: [String]

    init(_ training: Training, _ plan: Plan, _ bindings: [String: Int]) throws {
        let weights = training.step.parameters.filter { $0.role == .weight }
        let frozen = Set(training.frozen)
        func count(_ parameters: [ModelParameter]) -> String {
            let elements = parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
            return "\(Format.grouped(elements)) parameters in \(parameters.count) tensors"
        }
        var lines = ["trains  \(count(weights.filter { !frozen.contains($0.name) }))"]
        let still = weights.filter { frozen.contains($0.name) }
        if !still.isEmpty { lines.append("freezes \(count(still)): \(still.map(\.name).joined(separator: ", "))") }
        lines.append("states  \(Format.bytes(plan.stateBytes)): parameters, statistics and what optimisers keep")
        let saved = try plan.savedActivations(bindings)
        lines.append("saves   \(Format.bytes(saved.reduce(0) { $0 + $1.bytes })) of activations from the loss on, the most for")
        for entry in saved.prefix(8) {
            lines.append("        \(entry.layer.isEmpty ? "what has no name" : entry.layer): \(Format.bytes(entry.bytes))")
        }
        lines.append("FLOPs   \(Format.count(try plan.operations(bindings))) a step")
        self.lines = lines
    }
}

extension Plan {
    /// Bytes of all states.
    var stateBytes: Int { states.reduce(0) { $0 + $1.shape.reduce($1.type.size, *) } }

    /// Multiply-adds, counted as two, of all steps.
    func operations(_ bindings: [String: Int]) throws -> Int {
        try steps.reduce(0) { try Checked.add($0, $1.operations.evaluate(bindings)) }
    }

    /// The steps that compute again what was not kept, and their operations.
    func repeatedOperations(_ bindings: [String: Int]) throws -> (steps: Int, operations: Int) {
        let repeated = steps.filter(\.isRepeated)
        return (repeated.count, try repeated.reduce(0) { try Checked.add($0, $1.operations.evaluate(bindings)) })
    }

    /// Bytes of buffers that are alive when the first output, the loss, has been computed, by the layer that writes them, the
    /// largest first.
    func savedActivations(_ bindings: [String: Int]) throws -> [(layer: String, bytes: Int)] {
        guard case .buffer(let loss)? = outputs.first?.location else { return [] }
        let place = buffers[loss].firstStep
        var bytes: [String: Int] = [:]
        for (index, buffer) in buffers.enumerated() where buffer.firstStep < place && buffer.lastStep > place {
            let writer = steps[buffer.firstStep...].first { $0.results.contains { $0?.location == .buffer(index) } }
            bytes[writer?.name ?? "", default: 0] += try buffer.bytes.evaluate(bindings)
        }
        return bytes.map { ($0.key, $0.value) }.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
    }
}
