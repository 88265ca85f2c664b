/// What a session keeps between runs. It is the session's own: others over the same model have theirs.
extension Session {
    /// Makes every state its initial value, as before the first run.
    public func resetState() { states.reset() }

    /// A copy of a state as the last run left it.
    /// - Throws: where the model has no such state.
    public func state(_ name: String) throws -> Tensor {
        let index = try stateIndex(name)
        return try Tensor(type: model.states[index].type, shape: model.states[index].shape) {
            $0.copyMemory(from: UnsafeRawBufferPointer(states.settled(index)))
        }
    }

    /// Calls `body` with the bytes of a state as the last run left it, in place.
    /// - Throws: where the model has no such state, or what `body` throws.
    public func withState<R>(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        try body(UnsafeRawBufferPointer(states.settled(stateIndex(name))))
    }

    /// Sets a state for the runs to come, such as one that `state` gave.
    /// - Throws: where the model has no such state, or the type or shape differs.
    public func setState(_ name: String, _ tensor: Tensor) throws {
        let index = try stateIndex(name)
        let state = model.states[index]
        guard tensor.type == state.type, tensor.shape == state.shape else {
            throw DLCError("state \(name) expects \(state.type)\(state.shape), found \(tensor.type)\(tensor.shape)")
        }
        tensor.withUnsafeBytes { states.settled(index).copyMemory(from: $0) }
        if state.type == .string { try states.holdStrings() }
    }

    private func stateIndex(_ name: String) throws -> Int {
        if let index = model.states.firstIndex(where: { $0.name == name }) { return index }
        let known = model.states.map { "\($0.name): \($0.type)\($0.shape)" }.joined(separator: ", ")
        throw DLCError("there is no state \(name); the model keeps \(known.isEmpty ? "none" : known)")
    }
}
