#if ONNX
internal import CONNX
internal import DLCGraph

/// ONNX's Gradient (ai.onnx.preview.training 1), which names the values that it is about: y, those that it is taken at (`xs`),
/// and those that y depends on besides (`zs`). Its inputs are what y is computed from in their place, so far the values
/// themselves.
enum Differentiation {
    static let gradient = OperatorKey(domain: "ai.onnx.preview.training", opType: "Gradient")

    /// The names in the attributes: y, then `xs` and `zs`.
    static func names(_ handle: connx_node) -> [String] {
        let attributes = handle.attributes
        let y = attributes.filter { $0.name == "y" }.map { String(connx_attribute_string($0)) }
        return y + ["xs", "zs"].flatMap { name in
            attributes.filter { $0.name == name }.flatMap { attribute in
                list(connx_attribute_string_count(attribute)) { String(connx_attribute_string_at(attribute, $0)) }
            }
        }
    }

    /// y and the values that the gradient is taken at, or nil where the node is no gradient.
    static func operands(of node: SourceNode, in body: BodyImporter) throws -> [Value?]? {
        guard node.key == gradient else { return nil }
        let attributes = try body.attributes(of: node)
        guard case .string(let y)? = attributes["y"], case .strings(let xs)? = attributes["xs"], !xs.isEmpty else {
            throw DLCError("Gradient expects the attributes y and xs")
        }
        var names = xs
        if case .strings(let zs)? = attributes["zs"] { names += zs }
        guard names.count == node.inputs.count else {
            throw DLCError("Gradient has \(node.inputs.count) inputs for \(names.count) names in xs and zs")
        }
        for (name, input) in zip(names, node.inputs) where try body.value(name) != body.value(input) {
            throw DLCError("'\(input)' is given in the place of '\(name)'; only the value itself is supported")
        }
        return try ([y] + xs).map { name in
            guard let value = try body.value(name) else { throw DLCError("'\(name)' is never computed") }
            return value
        }
    }
}
#endif
