public import DLCGraph
import DLCModel

/// What a model file leaves open: how `Compiler` turns it into a graph.
public struct ModelOptions: Sendable {
    /// Extents of inputs that are settled for good, and inputs that become constants.
    public var inputs = InputSettings()

    // The rest is for `.dlm` models.

    /// Values of the model's build-time parameters by name, as text: `["classes": "10"]`.
    public var settings: [String: String] = [:]
    /// Which model of the file; nil where it has one.
    public var model: String?
    /// Which training of the file, where one is asked for; nil where it has one.
    public var training: String?
    /// The program of a training that is taken for a model of its own, its parameters for constants: `predict`.
    public var program: String?
    /// A `.safetensors`, `.npz` or `.onnx` file that gives the parameters; nil where they are drawn.
    public var weights: String?
    /// Names of the weight file's tensors that are others in the model.
    public var renames: [WeightRename] = []
    /// Patterns of parameters that are drawn although a weight file is given, such as a new head.
    public var drawn: [String] = []
    /// Parameters that are drawn are the same for the same seed.
    public var seed: UInt64?
    /// Called with a report of what in the weight file is not used.
    public var warn: @Sendable (String) -> Void = { _ in }

    public init() {}

    /// - Throws: where options are given that a model of the kind of `path` does not have.
    public func check(_ path: String) throws {
        if path.hasSuffix(".dlm") { return }
        let given: [(String, Bool)] = [
            ("--set", !settings.isEmpty), ("--model", model != nil), ("--training", training != nil), ("--program", program != nil),
            ("--weights", weights != nil), ("--rename", !renames.isEmpty), ("--draw", !drawn.isEmpty),
            ("--seed", seed != nil),
        ]
        if let (name, _) = given.first(where: \.1) {
            throw DLCError("\(name) is for .dlm models; what this file describes is settled", at: [path])
        }
    }
}
