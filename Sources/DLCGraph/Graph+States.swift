/// Tensors that are kept between runs.
extension Graph {
    /// A tensor that is kept from run to run: `value` reads it as the run before has left it, `next` is what a run leaves.
    /// All states take their next values together, when the run has succeeded.
    public struct State: Sendable {
        /// Distinct from those of the other states and of the inputs.
        public var name: String
        /// What reads it; computed by no node, as an input is.
        public var value: Value
        /// What it is before the first run: a tensor of its type, or a scalar that every element is.
        public var initial: Tensor
        /// What it is at the next run; `value` where it stays.
        public var next: Value
    }

    /// What the graph computes: its outputs and the next values of its states.
    public var results: [Value] { outputs.map(\.value) + states.map(\.next) }

    /// Every state before the first run, by name.
    public func initialStates() throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for state in states { tensors[state.name] = try state.initial.filling(shape(state.value).constants ?? []) }
        return tensors
    }

    /// The graph with other values of states before the first run, by name.
    /// - Throws: where one is neither a scalar nor a tensor of its state's type.
    public func beginning(with tensors: [String: Tensor]) throws -> Graph {
        var result = self
        for index in states.indices {
            guard let tensor = tensors[states[index].name] else { continue }
            try Self.check(state: states[index].name, type(states[index].value), initial: tensor)
            result.states[index].initial = tensor
        }
        return result
    }

    /// Checks what holds for a state wherever it is made.
    /// - Throws: where an extent is not known, or the initial value is neither a scalar nor a tensor of the type.
    static func check(state name: String, _ type: TensorType, initial: Tensor) throws {
        guard let shape = type.shape.constants else {
            throw DLCError("state \(name) is \(type); the extents of a state are numbers")
        }
        _ = try located("state \(name)") { try Checked.multiply(Checked.count(shape), type.element.size) }
        guard initial.type == type.element, initial.shape == shape || initial.shape.isEmpty else {
            throw DLCError("state \(name) is \(type), its initial value is \(initial.type)\(initial.shape)")
        }
    }

    /// - Throws: where the next value of a state has another type than the state.
    static func check(state name: String, _ type: TensorType, next: TensorType) throws {
        if next != type { throw DLCError("state \(name) is \(type), its next value is \(next)") }
    }
}

extension Tensor {
    /// The tensor where it has the shape; else, for a scalar, a tensor of the shape with that element everywhere.
    func filling(_ shape: [Int]) throws -> Tensor {
        if self.shape == shape { return self }
        guard rank == 0 else { throw DLCError("\(type)\(self.shape) does not fill \(shape)") }
        return try Tensor(type: type, shape: shape) { target in
            withUnsafeBytes { element in
                guard element.contains(where: { $0 != 0 }) else { return }
                for offset in stride(from: 0, to: target.count, by: element.count) {
                    UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + element.count]).copyMemory(from: element)
                }
            }
        }
    }
}
