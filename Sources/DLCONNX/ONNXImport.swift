#if ONNX
internal import CONNX
public import DLCGraph

/// Reads an ONNX file into a graph.
///
/// Weights stay where the file's bytes lie. Functions are inlined, nodes sorted, initializers that are inputs too
/// (IR version 3) taken as constants, and names of inputs, outputs, nodes and values kept. An input and an output that the
/// metadata pair are a state (`StateNotes`). Constant expressions of
/// few elements are computed, so that shapes and conditions are known; nodes that no output needs are dropped.
/// - Parameters:
///   - settings: extents that are settled for good, and inputs that become constants.
/// - Throws: for a file that is no valid model, with the place inside it; for operators without support all at once.
public func importONNX(path: String, _ settings: InputSettings = InputSettings()) throws -> Graph {
    try importModel(try ONNXDocument(path: path, kind: CONNX_MODEL), path: path, settings)
}

/// Reads a model in ONNX's text syntax (`onnx/defs/parser.h`), as `importONNX(path:)` does.
public func importONNX(text: String, _ settings: InputSettings = InputSettings()) throws -> Graph {
    try importModel(try ONNXDocument(text: text), path: nil, settings)
}

/// - Parameter given: initializers of which the document has only the names.
func importModel(_ document: ONNXDocument, path: String?, _ settings: InputSettings, given: [String: Tensor] = [:]) throws -> Graph {
    let model = connx_document_model(document.raw)
    guard connx_model_has_graph(model) else { throw DLCError("the file holds no graph; is it an ONNX model?") }
    let graph = connx_model_graph(model)
    var opsets = try ImportContext.opsets(
        connx_model_opset_count(model), domain: { connx_model_opset_domain(model, $0) },
        version: { connx_model_opset_version(model, $0) })
    if opsets.isEmpty, connx_model_ir_version(model) < 3 { opsets[""] = 1 }
    var settled: [SettledSymbol] = []
    let branches = BranchChoices()
    var firstError: (any Error)?
    // With the likely branches, where no others give outputs of the ranks that are declared.
    var likely: Graph?
    while true {
        let site = GraphSite(GraphBuilder(name: graph.name, foldLimit: GraphBuilder.usualFoldLimit))
        do {
            let imported = try importModel(document, path: path, opsets, site, settings, settled, branches, given)
            if branches.isAsked, !hasDeclaredRanks(imported, graph) {
                likely = likely ?? imported
                if branches.turn() { continue }
            }
            return hasDeclaredRanks(imported, graph) ? imported : likely ?? imported
        } catch {
            if let likely {
                if branches.turn() { continue }
                return likely
            }
            // Some operators are read for known extents only. Those that other operators have settled are known the next time.
            let found = try site.builder.graph.settledByConstraints()
            if found.isEmpty {
                // A branch that was likely may be one that its readers cannot take.
                firstError = firstError ?? error
                if branches.turn() { continue }
                throw firstError ?? error
            }
            branches.restart()
            let values = Dictionary(found.map { ($0.symbol, $0.value) }, uniquingKeysWith: { first, _ in first })
            settled = try settled.map { try $0.substituting(values) } + found
        }
    }
}

/// Whether all outputs have as many dimensions as the file says of them.
private func hasDeclaredRanks(_ imported: Graph, _ graph: connx_graph) -> Bool {
    graph.outputs.allSatisfy { info in
        guard let rank = TypeReader.rank(info), let output = imported.outputs.first(where: { $0.name == info.name }) else { return true }
        let type = imported.type(output.value)
        return type.container != nil || type.rank == rank
    }
}

private func importModel(
    _ document: ONNXDocument, path: String?, _ opsets: [String: Int], _ site: GraphSite, _ settings: InputSettings,
    _ settled: [SettledSymbol], _ branches: BranchChoices, _ given: [String: Tensor]
) throws -> Graph {
    let model = connx_document_model(document.raw)
    let graph = connx_model_graph(model)
    let context = try ImportContext(document: document, modelPath: path, branches: branches, given: given)
    try context.checkSize(of: graph)
    try context.checkOperators(of: graph)
    for symbol in settled { site.builder.settle(symbol) }
    for index in 0..<connx_model_metadata_count(model) {
        site.builder.setMetadata(
            String(connx_model_metadata_key(model, index)), String(connx_model_metadata_value(model, index)))
    }
    let body = try BodyImporter(context, site: site, opsets: opsets)
    try body.readInitializers(of: graph)
    let nextNames = try addInputs(graph, settings, settled, body)
    let outputs = graph.outputs
    guard !outputs.isEmpty else { throw DLCError("the graph has no outputs") }
    let values = try body.importNodes(graph.nodes, outputs: outputs.map(\.name))
    var named: [String: Value] = [:]
    for (info, computed) in zip(outputs, values) {
        try located("output '\(info.name)'") {
            guard var value = computed else { throw DLCError("is never computed") }
            // Maps with scores for labels stay the table of scores; the metadata says the labels.
            let isTable = TypeReader.isSequence(info) && site.builder.fact(value).type.container == nil && site.builder.graph.metadata["\(info.name).labels"] != nil
            if !isTable, connx_type_get_kind(info.type) != CONNX_TYPE_NONE {
                value = try site.builder.asDeclared(value, TypeReader.container(info.type), named: info.name)
            }
            if settings.isEmpty, !isTable { try TypeReader.check(info, against: site.builder.fact(value).type) }
            // A value that is listed twice is one output.
            if named[info.name] == value { return }
            named[info.name] = value
            if !nextNames.values.contains(info.name) { try site.builder.output(info.name, value) }
        }
    }
    for (name, output) in nextNames.sorted(by: { $0.key < $1.key }) {
        guard let index = outputs.firstIndex(where: { $0.name == output }), let value = values[index] else {
            throw DLCError("state \(name) is computed by output \(output), which the model does not have")
        }
        try site.builder.next(name, value)
    }
    return site.builder.graph.withConstantsAtFirstUse()
}

/// Adds the states, and the inputs that are no initializers and not given as constants.
/// - Parameter settled: symbols that an earlier import has found to be other extents.
/// - Returns: the output that is the next value of each state, by the state's name.
private func addInputs(
    _ graph: connx_graph, _ settings: InputSettings, _ settled: [SettledSymbol], _ body: BodyImporter
) throws -> [String: String] {
    let values = Dictionary(settled.map { ($0.symbol, $0.value) }, uniquingKeysWith: { first, _ in first })
    var names = Set<String>()
    let extentNames = SymbolNames(graph.inputs.filter { !body.isInitializer($0.name) }.flatMap(TypeReader.extentNames))
    var types: [(name: String, type: TensorType)] = []
    var nextNames: [String: String] = [:]
    var maps: [(name: String, keys: ElementType)] = []
    let metadata = body.site.builder.graph.metadata
    for info in graph.inputs {
        let name = info.name
        guard !name.isEmpty else { throw DLCError("an input has no name") }
        guard names.insert(name).inserted else { throw DLCError("two inputs are named '\(name)'") }
        if let map = try located("input '\(name)'", { try TypeReader.map(info) }) {
            for (part, type) in [(MapNotes.keys(name), map.keys), (MapNotes.values(name), map.values)] {
                guard names.insert(part).inserted else { throw DLCError("two inputs are named '\(part)'") }
                types.append((part, type))
            }
            maps.append((name, map.keys.element))
            continue
        }
        if let output = StateNotes.output(for: name, metadata), settings.constants[name] == nil {
            nextNames[name] = output
        } else if body.isInitializer(name) {
            continue
        }
        let shape = settings.constants[name]?.shape ?? settings.shapes[name]
        var type = try located("input '\(name)'") {
            try TypeReader.input(info, rank: shape?.count ?? settings.ranks[name], names: extentNames)
        }
        if type.container?.elements == .any, let known = settings.elements[name] { type.container?.elements = known }
        types.append((name, type))
    }
    let symbols = try settings.symbols(of: types)
    for (name, declared) in types {
        try located("input '\(name)'") {
            let type = declared.with(try declared.shape.map { try $0.substituting(symbols) })
            if nextNames[name] != nil {
                try addState(name, type, metadata, body)
            } else if let constant = settings.constants[name] {
                try body.define(name, as: constant)
            } else {
                let shape = try type.shape.map { try $0.substituting(values) }
                body.values[name] = .some(try body.site.builder.input(name, type.with(shape)))
                if shape != type.shape { body.site.builder.declare(name, type.shape) }
            }
        }
    }
    for (name, keys) in maps {
        guard let part = body.values[MapNotes.keys(name)] ?? nil, let values = body.values[MapNotes.values(name)] ?? nil else { continue }
        body.values[name] = .some(part)
        body.site.mapValues[part] = values
        body.site.builder.setMetadata(MapNotes.note(name), keys == .string ? "string" : "int64")
    }
    return nextNames
}

/// Adds an input that is a state, with its default as the initial value.
private func addState(_ name: String, _ type: TensorType, _ metadata: [String: String], _ body: BodyImporter) throws {
    let initial = try body.removeInitializer(name) ?? StateNotes.initial(name, type, metadata)
    body.values[name] = .some(try body.site.builder.state(name, type, initial: initial))
    var notes = metadata
    StateNotes.removing(name, from: &notes)
    for key in metadata.keys where notes[key] == nil { body.site.builder.removeMetadata(key) }
}
#endif
