import DLC
import DLCTensorFiles

extension CompiledModel {
    /// Whether an input or output is a sequence or an optional.
    var holdsContainers: Bool { (inputs + outputs).contains { $0.container != nil } }
}

extension RunCommand {
    /// Runs a model whose inputs or outputs hold tensors, and prints or writes what it gives.
    func runValues(_ session: Session, _ arguments: [String], _ start: ContinuousClock.Instant, _ loaded: ContinuousClock.Instant) throws {
        let compiled = session.model
        var values = try InputFiles(ports: compiled.inputs, metadata: compiled.metadata).readValues(arguments)
        if random {
            let generator = try RandomInputs(compiled, ChosenExtents(shapes, flags))
            for (index, port) in compiled.inputs.enumerated() where values[port.name] == nil {
                values[port.name] = try generator.value(port, seed: UInt64(index))
            }
        }
        try located(model.model) { try missing(compiled).check(Array(values.keys)) }
        let began = ContinuousClock.now
        let outputs = try located(model.model) { try Progress.during("running \(model.model)") { try session.run(values: values) } }
        let ended = ContinuousClock.now
        guard let outputDir else {
            for port in compiled.outputs { print(try text(of: port, outputs[port.name] ?? .absent, compiled.metadata)) }
            let preparation = ModelFile.isPlan(model.model) ? "loaded" : "compiled"
            print("\(preparation) in \(Format.milliseconds(start, loaded)), ran in \(Format.milliseconds(began, ended))")
            return
        }
        var names: [String: String] = [:]
        for port in compiled.outputs {
            let file = String(port.name.map { $0 == "/" ? "_" : $0 })
            if let other = names.updateValue(port.name, forKey: file) {
                throw DLCError("outputs \(other) and \(port.name) would both be written to \(file)")
            }
        }
        try Staging.folder(outputDir) { temporary in
            for port in compiled.outputs {
                guard let value = outputs[port.name] else { throw DLCError("output \(port.name) was not computed") }
                let place = "\(temporary)/\(String(port.name.map { $0 == "/" ? "_" : $0 }))"
                if port.container != nil {
                    try ContainerFiles.write(value, port, to: place, isProto: outputFormat == .pb)
                } else if outputFormat == .pb {
                    try Self.writeProto(value.tensor, port.name, compiled.metadata, to: place + ".pb")
                } else {
                    try NPY.write(value.tensor, to: place + ".npy")
                }
            }
        }
    }

    /// The most tensors of a sequence that are shown.
    private static let shown = 8

    private func text(of port: Plan.Port, _ value: Datum, _ metadata: [String: String]) throws -> String {
        switch value {
        case .absent: return "\(port.name): nothing, of \(port.typeText)"
        case .tensor(let tensor): return try Answer(port.name, tensor, metadata, top: top).text
        case .sequence(let tensors):
            var lines = ["\(port.name): a sequence of \(tensors.count) tensor\(tensors.count == 1 ? "" : "s")"]
            for (index, tensor) in tensors.prefix(Self.shown).enumerated() {
                lines.append("  " + (try Answer.summary("\(port.name)[\(index)]", tensor)))
            }
            if tensors.count > Self.shown { lines.append("  …") }
            return lines.joined(separator: "\n")
        }
    }
}
