/// Tensors that are kept between runs: what an output computes is what an input is at the next run, zeros at first.
///
/// The metadata name them, as `state.INPUT` = `OUTPUT`, so that they travel through every form of a model, ONNX's too.
extension Graph {
    public struct State: Sendable {
        public var input: Port
        public var output: Port
    }

    /// The metadata's key for the state that an input is.
    public static func stateKey(_ input: String) -> String { "state.\(input)" }

    /// The states, in the order of the inputs.
    /// - Throws: where the output does not exist, has another type, or an extent is not known.
    public func states() throws -> [State] {
        try inputs.compactMap { input in
            guard let name = metadata[Self.stateKey(input.name)] else { return nil }
            guard let output = outputs.first(where: { $0.name == name }) else {
                throw DLCError("state \(input.name) is computed by output \(name), which the model does not have")
            }
            let (current, next) = (type(input.value), type(output.value))
            guard current == next else { throw DLCError("state \(input.name) is \(current), its next value, output \(name), is \(next)") }
            guard current.shape.constants != nil else { throw DLCError("state \(input.name) is \(current); the extents of a state are numbers") }
            return State(input: input, output: output)
        }
    }
}
