#if ONNX
internal import CONNX
internal import DLCGraph

/// Puts written nodes and types into messages.
enum NodeWriter {
    static func write(_ node: ONNXWriter.WrittenNode, to graph: connx_graph) throws {
        let message = add(node.opType, node.domain, node.name, node.inputs, node.outputs, to: graph)
        for (name, value) in node.attributes {
            try located("attribute '\(name)'") { try write(name, value, to: message) }
        }
    }

    /// Gives a value a second name.
    static func writeCopy(of source: String, as name: String, to graph: connx_graph) {
        _ = add("Identity", "", "", [source], [name], to: graph)
    }

    /// Adds a node without attributes; outputs left out at the end are not written.
    static func add(
        _ opType: String, _ domain: String, _ name: String, _ inputs: [String], _ outputs: [String],
        to graph: connx_graph
    ) -> connx_node {
        let node = opType.withView { opType in
            domain.withView { domain in name.withView { connx_graph_add_node(graph, opType, domain, $0) } }
        }
        for input in inputs { input.withView { connx_node_add_input(node, $0) } }
        let last = outputs.lastIndex { !$0.isEmpty } ?? -1
        for output in outputs[...last] { output.withView { connx_node_add_output(node, $0) } }
        return node
    }

    /// Adds an attribute to a node.
    static func write(_ name: String, _ value: AttributeValue, to node: connx_node) throws {
        func add(_ type: connx_attribute_type) -> connx_attribute {
            name.withView { connx_node_add_attribute(node, $0, type) }
        }
        func add(_ values: [Int]) {
            let attribute = add(CONNX_ATTRIBUTE_INTS)
            for value in values { connx_attribute_add_int(attribute, Int64(value)) }
        }
        switch value {
        case .none: break
        case .bool(let value): connx_attribute_set_int(add(CONNX_ATTRIBUTE_INT), value ? 1 : 0)
        case .int(let value): connx_attribute_set_int(add(CONNX_ATTRIBUTE_INT), Int64(value))
        case .type(let type): connx_attribute_set_int(add(CONNX_ATTRIBUTE_INT), Int64(type.onnx))
        case .float(let value): connx_attribute_set_float(add(CONNX_ATTRIBUTE_FLOAT), Float(value))
        case .string(let text):
            let attribute = add(CONNX_ATTRIBUTE_STRING)
            text.withView { connx_attribute_set_string(attribute, $0) }
        case .ints(let values): add(values)
        case .dims(let dims):
            guard let values = dims.constants else {
                throw DLCError("is [\(dims.map(\.description).joined(separator: ", "))]; ONNX needs numbers here")
            }
            add(values)
        case .floats(let values):
            let attribute = add(CONNX_ATTRIBUTE_FLOATS)
            for value in values { connx_attribute_add_float(attribute, Float(value)) }
        case .strings(let texts):
            let attribute = add(CONNX_ATTRIBUTE_STRINGS)
            for text in texts { text.withView { connx_attribute_add_string(attribute, $0) } }
        case .tensor(let tensor):
            let message = connx_attribute_make_tensor(add(CONNX_ATTRIBUTE_TENSOR))
            try TensorWriter(inside: ()).write(tensor, name: nil, to: message)
        case .valueType(let type):
            guard let container = type.container else { throw DLCError("is \(type); expected the type of an optional") }
            write(container, of: type.element, to: connx_attribute_make_type(add(CONNX_ATTRIBUTE_TYPE)), isHeld: true)
        case .graph: throw DLCError("is a graph, which is not exported")
        }
    }

    /// Declares a tensor type. A compound extent such as `2*T + 1` is left unknown.
    static func write(_ type: TensorType, to info: connx_value_info) { write(type, to: connx_value_info_make_type(info)) }

    private static func write(_ type: TensorType, to message: connx_type) {
        if let container = type.container { return write(container, of: type.element, to: message) }
        connx_type_set_tensor(message, Int32(type.element.onnx))
        connx_type_set_shape(message)
        for dim in type.shape {
            if let value = dim.constant {
                connx_type_add_dim_value(message, Int64(value))
            } else {
                (dim.symbolName ?? "").withView { connx_type_add_dim_name(message, $0) }
            }
        }
    }
}

extension NodeWriter {
    /// The type of what holds tensors; those in it have no shape where their ranks are not known.
    /// - Parameter isHeld: whether it is the type of what an optional holds.
    private static func write(_ container: Container, of element: ElementType, to message: connx_type, isHeld: Bool = false) {
        var held = message
        if container.kind.isOptional, !isHeld { held = connx_type_make_held(held, CONNX_TYPE_OPTIONAL) }
        if container.kind.isSequence { held = connx_type_make_held(held, CONNX_TYPE_SEQUENCE) }
        connx_type_set_tensor(held, Int32(element.onnx))
        guard case .shape(let extents) = container.elements else { return }
        connx_type_set_shape(held)
        for extent in extents {
            if let extent { connx_type_add_dim_value(held, Int64(extent)) } else { "".withView { connx_type_add_dim_name(held, $0) } }
        }
    }
}

extension Dim {
    /// The name where the extent is one symbol and nothing else.
    var symbolName: String? {
        guard let name = symbols.first, self == Dim(symbol: name) else { return nil }
        return name
    }
}
#endif
