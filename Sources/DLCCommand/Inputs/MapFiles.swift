import DLC
import Foundation

/// Files of inputs that are maps (`MapNotes`): an object of numbers (`.json`) or ONNX's MapProto (`.pb`).
enum MapFiles {
    /// The keys and values as the two inputs that a map is; nil where the argument is for another input.
    /// - Parameter argument: `NAME=FILE`, or `FILE` where the map is all that the model takes.
    /// - Throws: where the file holds no map of the keys that the model asks for.
    static func read(_ argument: String, _ ports: [Plan.Port], _ metadata: [String: String]) throws -> [(String, Tensor)]? {
        let names = ports.map(\.name).filter { $0.hasSuffix(".keys") }.map { String($0.dropLast(5)) }
            .filter { MapNotes.keyType($0, metadata) != nil }
        let named = names.first { argument.hasPrefix("\($0)=") }
        guard let name = named ?? (names.count == 1 && ports.count == 2 && !argument.contains("=") ? names[0] : nil),
            let type = MapNotes.keyType(name, metadata), let port = ports.first(where: { $0.name == MapNotes.values(name) })
        else { return nil }
        let path = named == nil ? argument : String(argument.dropFirst(name.count + 1))
        let (keys, values): (Tensor, Tensor)
        switch ModelFile.kind(path) {
        case "pb": (keys, values) = try ONNXMapFile.read(path)
        case "json": (keys, values) = try object(path, type, port.type)
        default: throw DLCError("unknown kind of map; expected .json or .pb", at: [path])
        }
        guard keys.type == type else { throw DLCError("has keys of \(keys.type); input \(name) takes \(type)", at: [path]) }
        return [(MapNotes.keys(name), keys), (MapNotes.values(name), try values.converted(to: port.type))]
    }

    private static func object(_ path: String, _ type: ElementType, _ value: ElementType) throws -> (Tensor, Tensor) {
        let entries: [(key: String, value: Double)]
        do {
            let read = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
            guard let object = read as? [String: Any] else { throw DLCError("holds no object", at: [path]) }
            entries = try object.sorted { $0.key < $1.key }.map { key, value in
                guard let number = value as? NSNumber else { throw DLCError("entry \(key.printable()) is no number", at: [path]) }
                return (key, number.doubleValue)
            }
        } catch let error as DLCError { throw error } catch { throw DLCError("is no JSON: \(error.localizedDescription)", at: [path]) }
        let values = try Tensor(doubles: entries.map(\.value), type: value, shape: [entries.count])
        if type == .string { return (try Tensor(entries.map(\.key), shape: [entries.count]), values) }
        let numbers = try entries.map { entry in
            guard let number = Int64(entry.key) else { throw DLCError("key \(entry.key.printable()) is no integer", at: [path]) }
            return number
        }
        return (try Tensor(numbers, shape: [numbers.count]), values)
    }
}
