#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// A graph being built; bodies that are inlined into one graph share it.
final class GraphSite {
    var builder: GraphBuilder
    /// Values of the graph around this one that are its inputs, in order, where this is the body of control flow.
    var captured: [Value] = []
    /// The values of maps that are inputs, by what their names stand for: their keys (`MapNotes`).
    var mapValues: [Value: Value] = [:]
    /// The graph around this one, where it is the body of control flow.
    let around: GraphSite?
    var isBody: Bool { around != nil }
    /// The number of the round, where it is the body of a loop.
    var round: Value?

    init(_ builder: GraphBuilder, in around: GraphSite? = nil) { (self.builder, self.around) = (builder, around) }

    /// A value of the graph around this one: what is known of it is made anew, else it becomes an input.
    func captured(_ outer: Value, of fact: Fact, _ name: String) throws -> Value {
        if let tensor = fact.constant { return builder.constant(tensor, name: name) }
        if let content = fact.content, let shape = fact.shape.constants {
            return try builder.add1(Extents(values: content, shape: shape, type: fact.element), [], resultName: name)
        }
        if let place = captured.firstIndex(of: outer) {
            let inputs = builder.graph.inputs
            return inputs[inputs.count - captured.count + place].value
        }
        var unused = name
        while builder.graph.inputs.contains(where: { $0.name == unused }) { unused += "'" }
        let value = try builder.input(unused, fact.type)
        captured.append(outer)
        return value
    }

    /// The key of the random numbers that are drawn in the graph. A body's comes from around it.
    @discardableResult
    func keyOfDraws() throws -> Value {
        if let around, builder.randomKey == nil {
            let outer = try around.keyOfDraws()
            let key = try captured(outer, of: around.builder.fact(outer), "training.key")
            try builder.openKeyOfDraws(key, round: round, place: around.builder.graph.nodes.count)
        }
        return try builder.keyOfDraws()
    }
}

/// Imports the nodes of one body: the main graph, a branch, a loop's body or a function, each a scope of names.
final class BodyImporter {
    let context: ImportContext
    let site: GraphSite
    /// The scope outside, nil for the main graph and for functions.
    let parent: BodyImporter?
    let opsets: [String: Int]
    /// Stands in front of the names of inlined values and nodes.
    let prefix: String
    /// Final names of values that have others in the body, such as a function's results.
    let renamed: [String: String]
    /// The attributes of the function that is being inlined.
    let bindings: [String: AttributeValue]
    /// Functions and graphs around this body.
    let enclosing: [OperatorKey]

    var values: [String: Value?] = [:]
    private var initializers: [String: Tensor] = [:]

    init(
        _ context: ImportContext, site: GraphSite, parent: BodyImporter? = nil, opsets: [String: Int],
        prefix: String = "", renamed: [String: String] = [:], bindings: [String: AttributeValue] = [:],
        enclosing: [OperatorKey] = []
    ) throws {
        guard enclosing.count <= ImportContext.depthLimit else {
            throw DLCError("functions and graphs are nested deeper than \(ImportContext.depthLimit)")
        }
        self.context = context
        self.site = site
        self.parent = parent
        self.opsets = opsets
        self.prefix = prefix
        self.renamed = renamed
        self.bindings = bindings
        self.enclosing = enclosing
    }

    /// Reads a graph's initializers; they become constants where they are first used.
    func readInitializers(of graph: connx_graph) throws {
        for tensor in graph.initializers {
            let name = String(connx_tensor_name(tensor))
            try define(name, as: try located("initializer '\(name)'") { try context.given[name] ?? context.tensors.read(tensor) })
        }
        for sparse in graph.sparseInitializers {
            let name = String(connx_tensor_name(connx_sparse_tensor_values(sparse)))
            try define(name, as: try located("initializer '\(name)'") { try context.tensors.read(sparse) })
        }
    }

    /// Makes a name stand for a tensor.
    func define(_ name: String, as tensor: Tensor) throws {
        guard !name.isEmpty else { throw DLCError("an initializer has no name") }
        if initializers.updateValue(tensor, forKey: name) != nil { throw DLCError("two initializers are named '\(name)'") }
    }

    /// Takes a tensor away from a name.
    func removeInitializer(_ name: String) -> Tensor? { initializers.removeValue(forKey: name) }

    func isInitializer(_ name: String) -> Bool { initializers[name] != nil }

    /// Imports nodes and returns the values of `outputs`.
    func importNodes(_ nodes: [connx_node], outputs: [String]) throws -> [Value?] {
        try context.countNodes(nodes.count)
        try importNodes(nodes.map(SourceNode.init).topologicallySorted(isKnown: isKnown)[...], outputs)
        return try outputs.map { name in
            guard isKnown(name) else { throw DLCError("output '\(name)' is never computed") }
            return try value(name)
        }
    }

    /// Imports nodes in order.
    private func importNodes(_ nodes: ArraySlice<SourceNode>, _ outputs: [String]) throws {
        for (position, node) in zip(nodes.indices, nodes) {
            let results: [Value?]
            do {
                results = try located(node.label) { try importNode(node) }
            } catch let ranks as ControlFlow.RanksDiffer {
                // What reads the results becomes a part of both branches.
                var reached = Set(node.outputs).subtracting([""])
                let rest = nodes[(position + 1)...]
                let readers = rest.filter { next in
                    guard !reached.isDisjoint(with: next.inputs + next.captured) else { return false }
                    reached.formUnion(next.outputs.filter { !$0.isEmpty })
                    return true
                }
                try importNodes(rest.filter { reached.isDisjoint(with: $0.outputs) }[...], outputs)
                let left = outputs.filter(reached.contains)
                let results = try located(node.label) {
                    try ControlFlow.importBranches(node, followedBy: readers, outputs: left, in: self, ranks)
                }
                for (name, result) in zip(left, results) { values[name] = .some(result) }
                return
            }
            for (index, name) in node.outputs.enumerated() where !name.isEmpty {
                guard index < results.count else {
                    throw DLCError("\(node.label) has \(node.outputs.count) outputs, the operator has \(results.count)")
                }
                values[name] = .some(results[index])
            }
        }
    }

    private func isKnown(_ name: String) -> Bool {
        values[name] != nil || initializers[name] != nil || parent?.isKnown(name) == true
    }

    /// The value with a name in this scope or around it, nil for an optional input that is absent.
    func value(_ name: String) throws -> Value? {
        if let known = values[name] { return known }
        if let tensor = initializers[name] {
            let value = site.builder.constant(tensor, name: finalName(name))
            values[name] = .some(value)
            return value
        }
        guard let parent, let outer = try parent.value(name) else { return nil }
        if parent.site === site { return outer }
        let value = try captured(outer, of: parent.site.builder.fact(outer), name)
        // For every scope of this graph, so that it is captured once.
        var scope = self
        while let next = scope.parent, next.site === site { scope = next }
        scope.values[name] = .some(value)
        return value
    }

    func captured(_ outer: Value, of fact: Fact, _ name: String) throws -> Value { try site.captured(outer, of: fact, name) }

    private static let vectorizer = OperatorKey(domain: "ai.onnx.ml", opType: "DictVectorizer")

    func finalName(_ name: String) -> String { renamed[name] ?? prefix + name }

    private func importNode(_ node: SourceNode) throws -> [Value?] {
        if let function = context.functions[node.key] { return try inline(function, node) }
        if let results = try ControlFlow.importNode(node, in: self) ?? FlexAttention.importNode(node, in: self) { return results }
        if let results = try ControlFlow.importSqueeze(node, in: self) { return results }
        var operands = try Differentiation.operands(of: node, in: self) ?? node.inputs.map { $0.isEmpty ? nil : try value($0) }
        if !site.mapValues.isEmpty, let map = operands.first ?? nil, let values = site.mapValues[map] {
            guard node.key == Self.vectorizer else { throw DLCError("reads a map, which only DictVectorizer can") }
            operands.append(values)
        }
        guard let mapping = context.mapping(node.key) else {
            let types = operands.map { $0.map { site.builder.fact($0).type } }
            let given = try attributes(of: node)
            let body = try context.document.operatorBody(node, given, opset: opset(of: node), types: types)
            return try inline(body, node)
        }
        return try read(mapping, node, operands: operands, attributes: try attributes(of: node), outputs: node.outputs)
    }

    /// Runs an operator's reader on operands and attributes; `outputs` name the results in the body.
    func read(
        _ mapping: ONNXMapping, _ node: SourceNode, operands: [Value?], attributes: [String: AttributeValue],
        outputs: [String] = []
    ) throws -> [Value] {
        if site.isBody, site.builder.draws(node.key.opType, operands) { try site.keyOfDraws() }
        var reader = ONNXReader(
            builder: takeBuilder(), opType: node.key.opType, opset: try opset(of: node),
            name: node.name.isEmpty ? "" : prefix + node.name,
            operands: operands, attributes: attributes,
            resultNames: outputs.map { $0.isEmpty ? nil : finalName($0) })
        // Also where it throws: what was required until then may settle extents.
        defer { site.builder = reader.builder }
        let results = try mapping.read(&reader)
        for result in results { try checkSize(reader.builder.fact(result).type) }
        return results
    }

    /// Throws where a type's bytes overflow, which shapes from attributes and constants can make them do.
    private func checkSize(_ type: TensorType) throws {
        guard let extents = type.shape.constants else { return }
        _ = try located("result \(type)") { try Checked.multiply(Checked.count(extents), type.element.size) }
    }

    private func opset(of node: SourceNode) throws -> Int {
        // Of the operators of ONNX Runtime there is one version, which models that came by them without an import mean too.
        guard let opset = opsets[node.key.domain] ?? (node.key.domain == "com.microsoft" ? 1 : nil) else {
            throw DLCError("domain '\(node.key.domain)' is not imported by the model")
        }
        return opset
    }

    /// Moves the builder out, so that the reader changes it in place instead of copying the graph.
    private func takeBuilder() -> GraphBuilder {
        let builder = site.builder
        site.builder = GraphBuilder()
        return builder
    }

    /// The node's attributes that are no graphs, with references to the function's attributes replaced.
    func attributes(of node: SourceNode) throws -> [String: AttributeValue] {
        var result: [String: AttributeValue] = [:]
        for attribute in node.handle.attributes {
            let name = attribute.name
            try located("attribute '\(name)'") {
                let reference = String(connx_attribute_reference(attribute))
                if !reference.isEmpty {
                    if let value = bindings[reference] { result[name] = value }
                } else if attribute.graphs.isEmpty {
                    let value = try AttributeReader.value(attribute, &context.tensors)
                    if result.updateValue(value, forKey: name) != nil { throw DLCError("is given twice") }
                }
            }
        }
        return result
    }
}
#endif
