@_exported import DLCGraph
import DLCModel
@_exported import DLCONNX
@_exported import DLCOps
@_exported import DLCPasses
@_exported import DLCRuntime

/// From a model to a plan: the one way that the command line, the plugin and apps that compile take.
///
///     let image = try Compiler.compile(Compiler.load("resnet50.onnx"))
///     let session = try Session(CompiledModel(image))
public enum Compiler {
    /// Reads a model file: `.onnx`; `.dlm`, a model in dlc's language; or `.dlir`, the text form of a graph.
    /// - Throws: a `DLCError` naming the file; for a `.dlm` file `ModelErrors`, all its mistakes, or `WeightMismatch`,
    ///   all that its weights lack.
    public static func load(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> Graph {
        try options.check(path)
        if path.hasSuffix(".dlm") {
            let model = try model(path, options)
            return try saying(model.graph(values: values(of: model, options)), options)
        }
        if path.hasSuffix(".dlir") {
            return try located(path) {
                let file = try MappedFile(path: path)
                let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
                return try settled(GraphParser.parse(text, definitions: AllOps.definitions), options)
            }
        }
        guard path.hasSuffix(".onnx") else {
            throw DLCError("unknown kind of model; expected a file ending in .onnx, .dlm, .dlir or .dlc", at: [path])
        }
        return try located(path) { try importONNX(path: path, options.inputs) }
    }

    private static func settled(_ graph: Graph, _ options: ModelOptions) throws -> Graph {
        try graph.settling(options.inputs, foldLimit: GraphBuilder.usualFoldLimit)
    }

    /// A `.dlm` file's model, or the network that its training leaves, whose parameters have no values yet.
    /// - Throws: `ModelErrors`, all mistakes of the file.
    public static func model(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> Model {
        if let program = options.program { return try network(path, program, options) }
        guard options.training == nil else {
            throw DLCError(
                "--training names several programs; build, run, bench and inspect take them together, --program \(prediction) is the network",
                at: [path])
        }
        let model = try Model.load(path, settings: options.settings, model: options.model)
        return try located(path) { try model.rewritten { try settled($0, options) } }
    }

    /// The graph after the passes that lead to `stage`.
    public static func graph(_ graph: Graph, at stage: Stage, _ options: CompileOptions = CompileOptions()) throws -> Graph {
        var result = try Pipelines.passes(to: stage, options).run(graph, options.passes)
        // Both graphs say something: passes settle extents, and take apart what they show on.
        let bounds = graph.indexBounds().merging(result.indexBounds(), uniquingKeysWith: min)
        result.metadata.merge(bounds.map { ("\($0).below", "\($1)") }) { said, _ in said }
        return result
    }

    /// Compiles a graph for `options.target`.
    /// - Throws: where an operator has no kernel for its types, naming the node.
    public static func compile(_ graph: Graph, _ options: CompileOptions = CompileOptions()) throws -> PlanImage {
        guard Scheduling.isNeeded(graph) else { return try Lowering.plan(Self.graph(graph, at: .lowered, options), options) }
        let canonical = try Self.graph(graph, at: .canonical, options)
        // What looked like data may have turned out to be constant.
        guard Scheduling.isNeeded(canonical) else { return try Lowering.plan(Self.graph(canonical, at: .lowered, options), options) }
        return try Scheduling.plan(canonical, options)
    }

    /// Compiles a graph and further programs over the same states. `options.memory` is what a session of the first may take.
    /// - Parameter programs: named after what they are to the first, such as `evaluation`.
    /// - Throws: where an operator has no kernel for its types, naming the node.
    public static func compile(_ graph: Graph, programs: [Graph], _ options: CompileOptions = CompileOptions()) throws -> PlanImage {
        var image = try compile(graph, options)
        var others = options
        others.memory = nil
        for program in programs {
            image.append(
                try located(program.name) {
                    try Lowering.plan(Self.graph(program, at: .lowered, others), others, sharing: image)
                })
        }
        return image
    }

    /// The canonical graph of a model file, as `exportONNX` writes it. Of a `.dlm` model every parameter is a constant of its
    /// own under its name: nothing is folded into it, and equal ones are not merged.
    /// - Throws: what `load` throws.
    public static func exportable(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> Graph {
        guard path.hasSuffix(".dlm") else {
            let imported = try load(path, options)
            return try located(path) { try graph(imported, at: .canonical) }
        }
        let model = try model(path, options)
        let canonical = try located(path) { try model.rewritten { try graph($0, at: .canonical) } }
        return try saying(canonical.graph(values: values(of: model, options)), options)
    }

    /// The canonical graph of the operators by which ONNX says a canonical graph: once they are written, exporting the file again
    /// changes nothing. A graph that has no form in ONNX, or one that cannot be read back, stays as it is.
    /// - Parameter opset: as in `exportONNX`.
    /// - Throws: in tests (`DLC_STRICT=1`), where the graph would stay as it is.
    public static func respelled(_ graph: Graph, opset: Int? = nil) throws -> Graph {
        do { return try self.graph(respelledInONNX(graph, opset: opset), at: .canonical) } catch {
            if PassOptions().isStrict { throw error }
            return graph
        }
    }

    /// The weights of a model file by name: the parameters of a `.dlm` model, drawn or from its weight file; the initializers
    /// of an `.onnx` model.
    /// - Throws: what `load` throws.
    public static func weights(_ path: String, _ options: ModelOptions = ModelOptions()) throws -> WeightFile {
        try options.check(path)
        if path.hasSuffix(".onnx") { return try weightFile(path) }
        guard path.hasSuffix(".dlm") else {
            throw DLCError("has no weights by name; expected a file ending in .dlm or .onnx", at: [path])
        }
        let model = try model(path, options)
        let values = try values(of: model, options)
        let entries = model.parameters.map { WeightFile.Entry(name: $0.name, type: $0.type, shape: $0.shape) }
        return WeightFile(path: path, entries: entries) { try values(model.parameters[$0]) }
    }

    /// The graph with what its weight file knows of the data that it was trained on: how inputs were normalised, classes, vocabularies.
    static func saying(_ graph: Graph, _ options: ModelOptions) throws -> Graph {
        guard let path = options.weights, path.hasSuffix(".safetensors") else { return graph }
        let ports = Set((graph.inputs + graph.outputs).map(\.name))
        let known = try weightFile(path).metadata.filter { key, _ in
            let port = [".mean", ".std", ".content"].first { key.hasSuffix($0) }.map { String(key.dropLast($0.count)) }
            return key == "labels" || key.hasPrefix("data.") || port.map(ports.contains) == true
        }
        var graph = graph
        graph.metadata.merge(known) { said, _ in said }
        return graph
    }

    static func values(of model: Model, _ options: ModelOptions) throws -> @Sendable (ModelParameter) throws -> Tensor {
        guard let path = options.weights else {
            if let rename = options.renames.first { throw DLCError("--rename '\(rename)' is for --weights, and no file is given") }
            return model.drawn(seed: options.seed ?? 0)
        }
        return try model.weights(
            from: weightFile(path), renames: options.renames, drawn: options.drawn, seed: options.seed ?? 0, warn: options.warn)
    }

    private static func weightFile(_ path: String) throws -> WeightFile {
        guard path.hasSuffix(".onnx") else { return try WeightFile(contentsOf: path) }
        return try WeightFile(path: path, readONNXInitializers(path: path), holdsConstants: true)
    }
}
