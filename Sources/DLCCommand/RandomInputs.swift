import DLC

/// Values to measure and compare with where no file is given: normal floats, ones in masks and bools, integers from 0
/// to 79 (indices that most vocabularies have). Symbols are 1 unless bound.
enum RandomInputs {
    static func tensors(for ports: [Plan.Port], binding symbols: [String: Int] = [:]) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for (index, port) in ports.enumerated() {
            let shape = try port.shape.map { dim in
                try dim.evaluate(Dictionary(uniqueKeysWithValues: dim.symbols.map { ($0, symbols[$0] ?? 1) }))
            }
            tensors[port.name] = try tensor(port, shape, seed: UInt64(index + 1))
        }
        return tensors
    }

    private static func tensor(_ port: Plan.Port, _ shape: [Int], seed: UInt64) throws -> Tensor {
        if port.type == .bool || (port.type.isInteger && port.name.contains("mask")) {
            return try Tensor(filling: 1, type: port.type, shape: shape)
        }
        if port.type.isFloat { return try Tensor.random(seed: seed, type: port.type, shape: shape) }
        var generator = SplitMix64(seed: seed)
        let values = (0..<(try Checked.count(shape))).map { _ in Int64.random(in: 0..<80, using: &generator) }
        return try Tensor(integers: values, type: port.type, shape: shape)
    }
}

/// `NAME=EXTENT` on the command line, for symbolic dimensions.
struct SymbolBindings {
    var values: [String: Int] = [:]

    init(_ texts: [String], for model: CompiledModel) throws {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let extent = Int(parts[1]), extent >= 0 else {
                throw DLCError("--dim \(text): expected NAME=EXTENT")
            }
            guard model.plan.symbols.contains(parts[0]) else {
                let known = model.plan.symbols.isEmpty ? "none" : model.plan.symbols.joined(separator: ", ")
                throw DLCError("--dim \(text): there is no dimension \(parts[0]); the model has \(known)")
            }
            values[parts[0]] = extent
        }
    }
}
