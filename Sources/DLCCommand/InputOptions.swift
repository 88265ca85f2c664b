import ArgumentParser
import DLC
import DLCTensorFiles
import Foundation

/// The tensors that a run is fed with, from files.
struct InputOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "An input from a .npy, .npz, .pb, .png or .jpg file; NAME= may be left out where the model has one input. An .npz gives every input it names.",
            valueName: "[NAME=]FILE"))
    var input: [String] = []

    @Option(name: .long, help: "Means of a picture's channels, from 0 to 1: a pixel p of 0…255 is fed as (p/255 - mean) / std.")
    var mean: String?

    @Option(name: .long, help: "Standard deviations of a picture's channels, from 0 to 1.")
    var std: String?

    /// A tensor per input that a file was given for.
    /// - Throws: where a file cannot be read, or its input is unknown or given twice.
    func tensors(for model: CompiledModel) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        func add(_ name: String, _ tensor: Tensor) throws {
            guard tensors.updateValue(tensor, forKey: name) == nil else { throw DLCError("input \(name) is given twice") }
        }
        for text in input {
            let (name, path) = try Self.split(text, model)
            if path.hasSuffix(".npz") {
                let entries = try NPZ.read(path)
                if let name {
                    guard let entry = entries.first(where: { $0.name == name }) ?? (entries.count == 1 ? entries.first : nil) else {
                        throw DLCError("has no array \(name), only \(entries.map(\.name).joined(separator: ", "))", at: [path])
                    }
                    try add(name, entry.tensor)
                } else if entries.count == 1, model.inputs.count == 1, let entry = entries.first, let port = model.inputs.first {
                    try add(port.name, entry.tensor)
                } else {
                    for entry in entries { try add(entry.name, entry.tensor) }
                }
                continue
            }
            let port = try Self.port(name, model, path)
            try add(port.name, read(path, for: port, model.metadata))
        }
        return tensors
    }

    /// `NAME=FILE` where NAME is an input's name or no such file exists; a path may contain `=` too.
    private static func split(_ text: String, _ model: CompiledModel) throws -> (name: String?, path: String) {
        for port in model.inputs where text.hasPrefix(port.name + "=") {
            return (port.name, String(text.dropFirst(port.name.count + 1)))
        }
        guard let equals = text.firstIndex(of: "="), !FileManager.default.fileExists(atPath: text) else { return (nil, text) }
        throw DLCError("there is no input \(text[..<equals]); the model has \(list(model))")
    }

    private static func port(_ name: String?, _ model: CompiledModel, _ path: String) throws -> Plan.Port {
        if let name, let port = model.inputs.first(where: { $0.name == name }) { return port }
        guard model.inputs.count == 1, let port = model.inputs.first else {
            throw DLCError("say which input \(path) is for, as NAME=\(path); the model has \(list(model))")
        }
        return port
    }

    private static func list(_ model: CompiledModel) -> String {
        model.inputs.map { "\($0.name): \($0.summary)" }.joined(separator: ", ")
    }

    private func read(_ path: String, for port: Plan.Port, _ metadata: [String: String]) throws -> Tensor {
        switch (path.lowercased() as NSString).pathExtension {
        case "npy": return try NPY.read(path)
        case "pb": return try ONNXTensorFile.read(path).tensor
        case "png", "jpg", "jpeg":
            let normalization = try Normalization(
                mean: mean ?? metadata["\(port.name).mean"], std: std ?? metadata["\(port.name).std"])
            return try located(path) { try Picture(contentsOf: path).tensor(for: port, normalization) }
        default: throw DLCError("expected a file ending in .npy, .npz, .pb, .png or .jpg", at: [path])
        }
    }
}
