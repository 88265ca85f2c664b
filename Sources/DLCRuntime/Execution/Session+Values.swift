/// Models whose inputs or outputs are sequences or optionals.
///
///     let outputs = try session.run(values: ["boxes": .sequence([a, b]), "mask": .absent])
///     let kept: [Tensor] = try outputs["kept"]?.tensors ?? []
extension Session {
    /// Runs the model and copies its outputs.
    /// - Parameters:
    ///   - values: what each input is, by name; an optional that is left out holds nothing.
    ///   - threads: as for `run`.
    /// - Throws: as `run` does, and where a value holds other tensors than its input says.
    public func run(values: [String: Datum], threads: Int? = nil) throws -> [String: Datum] {
        try checkNames(Array(values.keys))
        for (index, port) in model.inputs.enumerated() {
            guard let value = values[port.name] ?? (port.container?.kind.isOptional == true ? .absent : nil) else {
                throw DLCError("input \(port.name) is missing; expected \(port.typeText)")
            }
            try setValue(index, value)
        }
        try run(threads: threads)
        var outputs: [String: Datum] = [:]
        for (index, port) in model.outputs.enumerated() { outputs[port.name] = try value(index) }
        return outputs
    }
}
