import DLC

/// The runs that a person asks for by the shapes of the inputs. A model that keeps state takes one step of a sequence a
/// run: an input with one dimension more than the model declares gives a run for each entry of its first dimension, and
/// the outputs get a first dimension too. Inputs of the declared rank are the same in every run.
struct RunSequence {
    private let inputs: [String: Tensor]
    /// Names of the inputs that have an entry per run.
    private let sequences: Set<String>
    /// The number of runs where it is a sequence.
    let count: Int?

    /// - Throws: where sequences differ in length or are empty.
    init(_ inputs: [String: Tensor], _ model: CompiledModel) throws {
        self.inputs = inputs
        let ports = model.inputs.filter { port in inputs[port.name]?.rank == port.shape.count + 1 }
        guard let first = ports.first, !model.states.isEmpty, let count = inputs[first.name]?.shape[0] else {
            (sequences, self.count) = ([], nil)
            return
        }
        for port in ports {
            let length = inputs[port.name]?.shape[0] ?? 0
            guard length == count else {
                throw DLCError("input \(first.name) is a sequence of \(count) runs, input \(port.name) of \(length)")
            }
        }
        guard count > 0 else { throw DLCError("input \(first.name) is a sequence of no runs") }
        (sequences, self.count) = (Set(ports.map(\.name)), count)
    }

    /// Runs the session, as often as it takes.
    /// - Returns: the outputs, of all runs behind each other where it is a sequence.
    func run(_ session: Session) throws -> [String: Tensor] {
        guard let count else { return try session.run(inputs) }
        var outputs: [String: [Tensor]] = [:]
        for index in 0..<count {
            let step = try located("run \(index)") {
                try session.run(inputs.reduce(into: [:]) { $0[$1.key] = try sequences.contains($1.key) ? $1.value.entry(index) : $1.value })
            }
            for (name, tensor) in step { outputs[name, default: []].append(tensor) }
        }
        return try outputs.mapValues { try Tensor(stacking: $0) }
    }
}

extension Tensor {
    /// One entry along the first dimension, without that dimension.
    func entry(_ index: Int) throws -> Tensor {
        let shape = Array(self.shape.dropFirst())
        return try Tensor(type: type, shape: shape) { target in
            withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[target.count * index..<target.count * (index + 1)]))
            }
        }
    }

    /// Tensors of one shape along a new first dimension.
    fileprivate init(stacking tensors: [Tensor]) throws {
        guard let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape }) else {
            throw DLCError("the runs have outputs of different shapes")
        }
        try self.init(type: first.type, shape: [tensors.count] + first.shape) { target in
            for (index, tensor) in tensors.enumerated() {
                tensor.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: target[$0.count * index..<$0.count * (index + 1)]).copyMemory(from: $0)
                }
            }
        }
    }
}
