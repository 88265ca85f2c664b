import DLC
import DLCData
import DLCTensorFiles

/// The files of `--input`, read as the tensors that a model's inputs ask for.
struct InputFiles {
    let ports: [Plan.Port]
    let metadata: [String: String]

    /// The tensors by input.
    /// - Parameter arguments: each `NAME=FILE`, or `FILE` where the model has one input or the file holds names.
    /// - Throws: where a file cannot be read, an input is unknown or given twice.
    func read(_ arguments: [String]) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for argument in arguments {
            for (name, raw) in try read(argument) {
                let tensor = try located(argument) { try normalised(name, raw) }
                guard tensors.updateValue(tensor, forKey: name) == nil else { throw DLCError("input \(name) is given twice") }
            }
        }
        return tensors
    }

    /// The values by input, of inputs that hold tensors too.
    /// - Throws: as `read` does.
    func readValues(_ arguments: [String]) throws -> [String: Datum] {
        var values: [String: Datum] = [:]
        var others: [String] = []
        for argument in arguments {
            let (port, path) = try split(argument)
            guard let port = port ?? (ports.count == 1 ? ports[0] : nil), let container = port.container else {
                others.append(argument)
                continue
            }
            let value = try ContainerFiles.read(path, container.kind)
            guard values.updateValue(value, forKey: port.name) == nil else { throw DLCError("input \(port.name) is given twice") }
        }
        return try values.merging(read(others).mapValues { .tensor($0) }) { first, _ in first }
    }

    private func read(_ argument: String) throws -> [(String, Tensor)] {
        if let map = try MapFiles.read(argument, ports, metadata) { return map }
        let (port, path) = try split(argument)
        switch ModelFile.kind(path) {
        case "npy": return [(try target(port, path).name, try NPY.read(path))]
        case "pb": return [try readProto(port, path)]
        case "npz": return try readArchive(port, path)
        case "png", "jpg", "jpeg":
            let port = try target(port, path)
            return [(port.name, try located("\(path): input \(port.name)") { try ImageInput(port, metadata).read(path) })]
        case "csv", "tsv", "wav": return [try readData(target(port, path), path)]
        default: throw DLCError("unknown kind of input; expected .npy, .npz, .pb, .png, .jpg, .jpeg, .csv, .tsv or .wav", at: [path])
        }
    }

    /// Numbers and samples as the training took them, where the metadata say what it took; pictures are normalised when they are read.
    private func normalised(_ name: String, _ tensor: Tensor) throws -> Tensor {
        guard let content = metadata["\(name).content"].flatMap({ FieldContent(rawValue: $0) }), content != .pixels, tensor.type.isFloat
        else {
            return tensor
        }
        let shape = tensor.shape.dropFirst().map { Optional($0) }
        let field = DataField(name, tensor.type, shape, content, channelAxis: shape.count == 1 ? 0 : nil)
        return try Normalisation(metadata: metadata, fields: [field]).apply([name: tensor])[name] ?? tensor
    }

    /// All examples of a table or sound as one batch, read with what the training data taught.
    private func readData(_ port: Plan.Port, _ path: String) throws -> (String, Tensor) {
        guard let batch = port.shape.first else { throw DLCError("input \(port.name) is a single number, a table gives rows", at: [path]) }
        var options = DataOptions()
        options.encoding = try DataEncoding(metadata: metadata)
        let field = WantedField(port.name, port.type, port.shape.dropFirst().map(\.constant))
        let data = try Datasets.open(path, wanting: [field], options: options)
        if let most = batch.constant, most != data.count {
            throw DLCError("holds \(data.count) examples, input \(port.name) takes \(most)", at: [path])
        }
        guard let tensor = try data.batch(Array(0..<data.count))[port.name] else {
            throw DLCError("gives nothing for \(port.name)", at: [path])
        }
        return (port.name, tensor)
    }

    /// The input named before an equals sign, and the file. Names of inputs and files may hold such signs too.
    private func split(_ argument: String) throws -> (Plan.Port?, String) {
        for index in argument.indices where argument[index] == "=" {
            let name = argument[..<index]
            if let port = ports.first(where: { $0.name == name }) { return (port, String(argument[argument.index(after: index)...])) }
        }
        guard let equals = argument.firstIndex(of: "="), (try? MappedFile(path: argument)) == nil else { return (nil, argument) }
        throw DLCError("there is no input \(argument[..<equals]); the model has \(Describe.ports(ports))")
    }

    private func target(_ port: Plan.Port?, _ path: String) throws -> Plan.Port {
        if let port { return port }
        guard ports.count == 1 else {
            throw DLCError("which input is it for? Write NAME=\(path); the model has \(Describe.ports(ports))")
        }
        return ports[0]
    }

    private func readProto(_ port: Plan.Port?, _ path: String) throws -> (String, Tensor) {
        let (name, tensor) = try ONNXTensorFile.read(path)
        if port == nil, ports.count != 1, ports.contains(where: { $0.name == name }) { return (name, tensor) }
        return (try target(port, path).name, tensor)
    }

    /// All arrays of an archive by their names; where an input is named, or there is one input, a single array under any.
    private func readArchive(_ port: Plan.Port?, _ path: String) throws -> [(String, Tensor)] {
        let arrays = try NPZ.read(path)
        if let port {
            if let array = arrays.first(where: { $0.name == port.name }) { return [(port.name, array.tensor)] }
            guard arrays.count == 1 else { throw DLCError("holds no array \(port.name)", at: [path]) }
            return [(port.name, arrays[0].tensor)]
        }
        if arrays.count == 1, ports.count == 1 { return [(ports[0].name, arrays[0].tensor)] }
        for array in arrays where !ports.contains(where: { $0.name == array.name }) {
            throw DLCError("there is no input \(array.name); the model has \(Describe.ports(ports))", at: [path])
        }
        return arrays.map { ($0.name, $0.tensor) }
    }
}

/// Ports in words.
enum Describe {
    static func type(_ type: ElementType, _ shape: Shape) -> String {
        "\(type)[\(shape.map(\.description).joined(separator: ", "))]"
    }

    static func port(_ port: Plan.Port) -> String { "\(port.name): \(port.typeText)" }

    static func state(_ state: Plan.State) -> String { "\(state.name): \(type(state.type, Shape(constants: state.shape)))" }

    static func ports(_ ports: [Plan.Port]) -> String {
        ports.isEmpty ? "no inputs" : ports.map { port($0) }.joined(separator: ", ")
    }
}
