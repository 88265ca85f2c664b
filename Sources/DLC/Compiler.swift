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
    /// Reads a model file: `.onnx`; `.dlm`, a model in dlc's language, whose parameters are drawn; or `.dlir`, the text
    /// form of a graph.
    /// - Parameter constants: inputs of an ONNX model that become constants.
    /// - Throws: a `DLCError` naming the file, or `ModelErrors`, all mistakes of a `.dlm` file.
    public static func load(_ path: String, constants: [String: Tensor] = [:]) throws -> Graph {
        if path.hasSuffix(".dlir") {
            return try located(path) {
                let file = try MappedFile(path: path)
                return try GraphParser.parse(String(decoding: file.bytes, as: UTF8.self), definitions: AllOps.definitions)
            }
        }
        if path.hasSuffix(".dlm") { return try Model.load(path).graph() }
        guard path.hasSuffix(".onnx") else {
            throw DLCError("unknown kind of model; expected a file ending in .onnx, .dlm, .dlir or .dlc", at: [path])
        }
        return try located(path) { try importONNX(path: path, constants: constants) }
    }

    /// The graph after the passes that lead to `stage`.
    public static func graph(_ graph: Graph, at stage: Stage, _ options: CompileOptions = CompileOptions()) throws -> Graph {
        var result = try Pipelines.passes(to: stage, options).run(graph, options.passes)
        result.metadata.merge(graph.indexBounds().map { ("\($0).below", "\($1)") }) { said, _ in said }
        return result
    }

    /// Compiles a graph for `options.target`.
    /// - Throws: where an operator has no kernel for its types, naming the node.
    public static func compile(_ graph: Graph, _ options: CompileOptions = CompileOptions()) throws -> PlanImage {
        try Lowering.plan(Self.graph(graph, at: .lowered, options), options)
    }
}
