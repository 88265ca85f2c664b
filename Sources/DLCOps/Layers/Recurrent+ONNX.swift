import DLCGraph

extension Recurrent {
    static func read(_ kind: RecurrentKind, _ reader: inout ONNXReader) throws -> [Value] {
        var allowed = ["activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout"]
        if kind == .lstm { allowed.append("input_forget") }
        if kind == .gru { allowed.append("linear_before_reset") }
        try reader.allowAttributes(allowed)
        let r = try reader.fact(2)
        guard let hidden: Int = try reader.attribute("hidden_size") ?? r.shape.last?.constant else {
            throw DLCError("hidden_size is missing and r is \(r.type)")
        }
        var op = Recurrent(kind, hiddenSize: hidden, direction: try reader.attribute("direction") ?? .forward)
        op.batchFirst = try reader.attribute("layout") ?? false
        op.clip = try reader.attribute("clip").flatMap { $0 == 0 ? nil : $0 }
        op.inputForget = try reader.attribute("input_forget") ?? false
        op.linearBeforeReset = try reader.attribute("linear_before_reset") ?? false
        if let names: [String] = try reader.attribute("activations") {
            op.activations = try names.map { try RecurrentActivation(named: $0).rawValue }
        }
        // Parameters are listed only for functions that take them, in order; missing ones have their defaults.
        var alphas: [Double] = try reader.attribute("activation_alpha") ?? []
        var betas: [Double] = try reader.attribute("activation_beta") ?? []
        func take(_ list: inout [Double], _ standard: Double?) -> Double {
            guard let standard else { return 0 }
            return list.isEmpty ? standard : list.removeFirst()
        }
        let functions = try op.activations.map { try RecurrentActivation(named: $0) }
        op.alphas = functions.map { take(&alphas, $0.standardAlpha) }
        op.betas = functions.map { take(&betas, $0.standardBeta) }
        return try reader.add(op, reader.operands)
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Recurrent else { return }
        let name = op.kind.rawValue.uppercased()
        try writer.require(7, name)
        let functions = try op.activations.map { try RecurrentActivation(named: $0) }
        var attributes: [(name: String, value: AttributeValue)] = [
            ("direction", .string(op.direction.rawValue)), ("hidden_size", .int(op.hiddenSize)), ("activations", .strings(op.activations)),
        ]
        let alphas = zip(functions, op.alphas).filter { $0.0.standardAlpha != nil }.map(\.1)
        let betas = zip(functions, op.betas).filter { $0.0.standardBeta != nil }.map(\.1)
        if !alphas.isEmpty { attributes.append(("activation_alpha", .floats(alphas))) }
        if !betas.isEmpty { attributes.append(("activation_beta", .floats(betas))) }
        if let clip = op.clip { attributes.append(("clip", .float(clip))) }
        if op.inputForget { attributes.append(("input_forget", .int(1))) }
        if op.linearBeforeReset { attributes.append(("linear_before_reset", .int(1))) }
        guard op.batchFirst else { return writer.node(name, attributes: attributes) }
        // ONNX Runtime knows no `layout` but the one with steps first, so the others are transposed to it.
        let stateOperands = [5, 6]
        var inputs = writer.inputs
        for index in [0] + stateOperands where index < inputs.count && !inputs[index].isEmpty {
            inputs[index] = writer.intermediate("Transpose", [inputs[index]], [("perm", .ints([1, 0, 2]))])
        }
        let outputs = writer.outputs.map { $0.isEmpty ? "" : writer.unusedName($0) }
        writer.node(name, inputs: inputs, outputs: outputs, attributes: attributes)
        for (index, (inner, result)) in zip(outputs, writer.outputs).enumerated() where !result.isEmpty {
            writer.node(
                "Transpose", inputs: [inner], outputs: [result], attributes: [("perm", .ints(index == 0 ? [2, 0, 1, 3] : [1, 0, 2]))])
        }
    }
}
