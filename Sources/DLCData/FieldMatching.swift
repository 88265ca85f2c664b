import DLCTensor

/// Something that a file has and a field can be made of.
protocol FieldSource {
    var name: String { get }
    /// As a part of messages: `x: f32[64]`.
    var description: String { get }
    /// Whether examples of it can fill the field.
    func fits(_ wanted: WantedField) -> Bool
}

/// Which source each field is made of.
enum FieldMatching {
    /// A field takes the source that `names` gives it, else the one with its own name, else the only one left that fits and no
    /// other field could take.
    /// - Parameter inOrder: fields without a source of their name take those left that fit, in order.
    /// - Throws: listing what there is, where a field has no source or more than one.
    static func assign<Source: FieldSource>(
        _ wanted: [WantedField], from sources: [Source], names: [String: String], inOrder: Bool = false
    ) throws -> [Int] {
        let all = sources.isEmpty ? "nothing" : sources.map(\.description).joined(separator: ", ")
        for name in names.keys.sorted() where !wanted.contains(where: { $0.name == name }) {
            let fields = wanted.map(\.name).joined(separator: ", ")
            throw DLCError("a source is given for the field \(name.printable()), which the training has not; it has \(fields)")
        }
        var result = [Int?](repeating: nil, count: wanted.count)
        for (place, field) in wanted.enumerated() {
            if let name = names[field.name] {
                guard let index = sources.firstIndex(where: { $0.name == name }) else {
                    throw DLCError("there is no \(name.printable()) for the field \(field.name); there is \(all)")
                }
                result[place] = index
            } else if let index = sources.firstIndex(where: { $0.name == field.name }) {
                result[place] = index
            }
        }
        if inOrder {
            for place in wanted.indices where result[place] == nil {
                result[place] = sources.indices.first { !result.contains($0) && sources[$0].fits(wanted[place]) }
            }
        }
        let left = sources.indices.filter { !result.contains($0) }
        let open = wanted.indices.filter { result[$0] == nil }
        for place in open {
            let field = wanted[place]
            let fitting = left.filter { sources[$0].fits(field) }
            guard fitting.count == 1, !open.contains(where: { $0 != place && sources[fitting[0]].fits(wanted[$0]) }) else {
                let why = fitting.isEmpty ? "nothing fits" : fitting.count > 1 ? "more than one fits" : "other fields could take it too"
                throw DLCError("what is read into \(field.description)? No name is equal and \(why); there is \(all)")
            }
            result[place] = fitting[0]
        }
        return result.compactMap { $0 }
    }
}
