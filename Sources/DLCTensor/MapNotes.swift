/// How the metadata say which inputs and outputs are maps, as ONNX's DictVectorizer takes them and its ZipMap gives them.
///
/// Plans hold tensors. A map that goes in is two inputs: its keys `NAME.keys` and its values `NAME.values`, vectors of one length. Maps
/// that come out, one for each row, are a table, whose columns have the labels `NAME.labels`, one on a line. `map.NAME` is `string`
/// or `int64`, the type of the keys.
public enum MapNotes {
    public static func note(_ name: String) -> String { "map.\(name)" }
    public static func keys(_ name: String) -> String { "\(name).keys" }
    public static func values(_ name: String) -> String { "\(name).values" }
    public static func labels(_ name: String) -> String { "\(name).labels" }

    /// The type of the keys that the metadata note for an input or output; nil where it is no map.
    public static func keyType(_ name: String, _ metadata: [String: String]) -> ElementType? {
        switch metadata[note(name)] {
        case "string": .string
        case "int64": .int64
        default: nil
        }
    }

    /// The keys of an output's maps, `[C]`; nil where it has none.
    /// - Throws: where the labels are not of the type that is noted.
    public static func outputKeys(_ name: String, _ metadata: [String: String]) throws -> Tensor? {
        guard let type = keyType(name, metadata), let text = metadata[labels(name)] else { return nil }
        let texts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if type == .string { return try Tensor(texts, shape: [texts.count]) }
        let numbers = try texts.map { text in
            guard let number = Int64(text) else { throw DLCError("label \(text.printable()) of \(name) is no integer") }
            return number
        }
        return try Tensor(numbers, shape: [numbers.count])
    }
}

/// What maps have as keys: texts or integers.
public protocol MapKey: Hashable, Sendable {
    /// The element type of a tensor of keys.
    static var keyType: ElementType { get }
    static func tensor(_ keys: [Self]) throws -> Tensor
    static func keys(of tensor: Tensor) throws -> [Self]
}

extension String: MapKey {
    public static var keyType: ElementType { .string }
    public static func tensor(_ keys: [String]) throws -> Tensor { try Tensor(keys, shape: [keys.count]) }
    public static func keys(of tensor: Tensor) throws -> [String] { try tensor.array(of: String.self) }
}

extension Int64: MapKey {
    public static var keyType: ElementType { .int64 }
    public static func tensor(_ keys: [Int64]) throws -> Tensor { try Tensor(keys, shape: [keys.count]) }
    public static func keys(of tensor: Tensor) throws -> [Int64] { try tensor.integers() }
}
