import DLC
import DLCModel
import DLCTensorFiles

/// The states of a session in a `.safetensors` file, by name: the weights of a training and all that it goes on from.
enum StateFile {
    /// Sets the states that a file names; the others stay as they are.
    /// - Parameter all: states of any program of the model, which the session may do without.
    /// - Throws: where the file cannot be read, or names a tensor that is no state or of another type or shape.
    static func load(_ path: String, into session: Session, all: [Plan.State]) throws {
        let own = Set(session.model.states.map(\.name))
        let others = Set(all.map(\.name)).subtracting(own)
        let file = try WeightFile(contentsOf: path)
        try located(path) {
            for (index, entry) in file.entries.enumerated() where !others.contains(entry.name) {
                try session.setState(entry.name, file.tensor(at: index))
            }
        }
    }

    /// - Throws: where the file is named otherwise, or the model has nothing to save.
    static func check(_ path: String, _ model: CompiledModel) throws {
        guard ModelFile.kind(path) == "safetensors" else { throw DLCError("expected a name that ends in .safetensors", at: [path]) }
        guard !model.states.isEmpty else { throw DLCError("the model keeps no states", at: [path]) }
    }

    /// Writes all states as the last run left them; nothing is left behind where writing fails.
    static func save(_ session: Session, to path: String) throws {
        let states = try session.model.states.map { (name: $0.name, tensor: try session.state($0.name)) }
        try Staging.file(path) { try WeightFile(path: path, states).write(to: $0) }
    }
}
