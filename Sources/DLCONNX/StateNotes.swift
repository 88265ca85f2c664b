#if ONNX
internal import DLCGraph

/// How an ONNX file says that an input and an output are a state and its next value.
///
/// The metadata pair them: `state.h` = `next_h`. What the state is before the first run is the input's default, the
/// initializer of its name; where every element is the same, the metadata `initial.h` give it; else it is zeros.
enum StateNotes {
    private static func pairKey(_ name: String) -> String { "state.\(name)" }
    private static func initialKey(_ name: String) -> String { "initial.\(name)" }

    /// The metadata for states whose next values are the given outputs.
    static func writing(_ states: [Graph.State], outputs: [String]) -> [String: String] {
        var notes: [String: String] = [:]
        for (state, output) in zip(states, outputs) {
            notes[pairKey(state.name)] = output
            let isZero = state.initial.withUnsafeBytes { !$0.contains { $0 != 0 } }
            if state.initial.rank == 0, !isZero { notes[initialKey(state.name)] = state.initial.elementTexts()[0] }
        }
        return notes
    }

    /// Whether the initial value is written as the input's default.
    static func isDefault(_ state: Graph.State, _ shape: Shape) -> Bool { state.initial.rank > 0 && shape.count > 0 }

    /// The output that computes the next value of what an input is, where it is a state.
    static func output(for input: String, _ metadata: [String: String]) -> String? { metadata[pairKey(input)] }

    /// The initial value that the metadata give.
    static func initial(_ name: String, _ type: TensorType, _ metadata: [String: String]) throws -> Tensor? {
        try metadata[initialKey(name)].map { try Tensor(elementTexts: [$0], type: type.element, shape: []) }
    }

    /// The metadata without what is said about a state.
    static func removing(_ name: String, from metadata: inout [String: String]) {
        metadata[pairKey(name)] = nil
        metadata[initialKey(name)] = nil
    }
}
#endif
