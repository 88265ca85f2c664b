import DLCTensor

/// Models with maps, such as a classifier whose scores are named or a vectorizer of dictionaries (`MapNotes`).
///
///     let outputs = try session.run(model.tensors("x", ["age": 37, "fare": 8.05]))
///     let scores: [[String: Double]] = try model.maps("probabilities", of: outputs)
extension CompiledModel {
    /// The inputs that a map is, in any order of its entries.
    /// - Throws: where `name` is no map, or one with other keys.
    public func tensors<Key: MapKey>(_ name: String, _ map: [Key: Double]) throws -> [String: Tensor] {
        try check(name, Key.self)
        guard let port = inputs.first(where: { $0.name == MapNotes.values(name) }) else { throw DLCError("there is no input \(name)") }
        let entries = Array(map)
        return [
            MapNotes.keys(name): try Key.tensor(entries.map(\.key)),
            MapNotes.values(name): try Tensor(doubles: entries.map(\.value), type: port.type, shape: [entries.count]),
        ]
    }

    /// The maps of an output, one for each row.
    /// - Throws: where `name` is no output of maps, or has other keys.
    public func maps<Key: MapKey>(_ name: String, of outputs: [String: Tensor]) throws -> [[Key: Double]] {
        try check(name, Key.self)
        guard let table = outputs[name], let keys = try MapNotes.outputKeys(name, metadata) else {
            throw DLCError("there is no output \(name) of maps")
        }
        guard table.rank == 2, table.shape[1] == keys.count else {
            throw DLCError("output \(name) is \(table.type)\(table.shape); expected rows of \(keys.count) values, one for each label")
        }
        let (labels, values) = (try Key.keys(of: keys), try table.doubles())
        return (0..<table.shape[0]).map { row in
            Dictionary(zip(labels, values[(row * keys.count)...].prefix(keys.count))) { _, last in last }
        }
    }

    private func check<Key: MapKey>(_ name: String, _: Key.Type) throws {
        guard let type = MapNotes.keyType(name, metadata) else { throw DLCError("\(name.printable()) is no map") }
        guard type == Key.keyType else { throw DLCError("the keys of \(name) are \(type), asked for \(Key.keyType)") }
    }
}
