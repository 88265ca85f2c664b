#if ONNX
internal import CONNX
internal import DLCGraph

extension BodyImporter {
    /// Inlines a model-local function, or one of ONNX's own: its body in a scope of its own, with the node's name in
    /// front of its names.
    func inline(_ function: connx_function, _ node: SourceNode) throws -> [Value?] {
        if enclosing.contains(node.key) { throw DLCError("function \(node.key) calls itself") }
        let formalInputs = function.inputs
        let formalOutputs = function.outputs
        guard node.inputs.count <= formalInputs.count, node.outputs.count <= formalOutputs.count else {
            throw DLCError(
                "function \(node.key) has \(formalInputs.count) inputs and \(formalOutputs.count) outputs, "
                    + "the call \(node.inputs.count) and \(node.outputs.count)")
        }
        guard Set(formalInputs).count == formalInputs.count else {
            throw DLCError("two inputs of \(node.key) have one name")
        }
        let place = node.name.isEmpty ? node.outputs.first ?? node.key.opType : node.name
        let named = zip(formalOutputs, node.outputs).filter { !$0.1.isEmpty }.map { ($0.0, finalName($0.1)) }
        let body = try BodyImporter(
            context, site: site, opsets: try opsets(of: function), prefix: "\(prefix)\(place)/",
            renamed: Dictionary(named) { first, _ in first }, bindings: try bindings(of: function, node),
            enclosing: enclosing + [node.key])
        for (index, name) in formalInputs.enumerated() {
            let actual = index < node.inputs.count ? node.inputs[index] : ""
            body.values[name] = .some(actual.isEmpty ? nil : try value(actual))
        }
        let used = formalOutputs.indices.filter { $0 < node.outputs.count && !node.outputs[$0].isEmpty }
        var results = [Value?](repeating: nil, count: formalOutputs.count)
        for (index, value) in zip(used, try body.importNodes(function.nodes, outputs: used.map { formalOutputs[$0] })) {
            results[index] = value
        }
        return results
    }

    private func opsets(of function: connx_function) throws -> [String: Int] {
        try ImportContext.opsets(
            connx_function_opset_count(function), domain: { connx_function_opset_domain(function, $0) },
            version: { connx_function_opset_version(function, $0) })
    }

    /// The function's attributes: as the node gives them, else their defaults.
    private func bindings(of function: connx_function, _ node: SourceNode) throws -> [String: AttributeValue] {
        let given = try attributes(of: node)
        var bindings: [String: AttributeValue] = [:]
        for index in 0..<connx_function_default_count(function) {
            let attribute = connx_function_default(function, index)
            guard String(connx_attribute_reference(attribute)).isEmpty else { continue }
            bindings[attribute.name] = try AttributeReader.value(attribute, &context.tensors)
        }
        let declared = Set(
            list(connx_function_attribute_count(function)) { String(connx_function_attribute(function, $0)) }
        ).union(bindings.keys)
        for (name, value) in given {
            guard declared.contains(name) else { throw DLCError("function \(node.key) has no attribute '\(name)'") }
            bindings[name] = value
        }
        return bindings
    }
}
#endif
