import DLCTensor

/// What a text gives for a field.
enum TokenSource: String, FieldSource, CaseIterable {
    /// The first text of a pair, with its end.
    case source
    case sourceMask = "source_mask"
    /// What is read: of a sequence from its start on.
    case tokens
    /// What is to be foretold at each place: the symbol after it.
    case targets
    /// 1 where there is a target, 0 behind the end.
    case mask
    /// The number of targets.
    case length

    static let running: [TokenSource] = [.tokens, .targets]
    static let sequences: [TokenSource] = [.tokens, .targets, .mask, .length]
    static let pairs: [TokenSource] = [.source, .tokens, .targets, .mask, .sourceMask, .length]

    var name: String { rawValue }

    var description: String { self == .length ? rawValue : "\(rawValue) [symbols]" }

    var isMask: Bool { self == .mask || self == .sourceMask }

    func fits(_ wanted: WantedField) -> Bool {
        switch self {
        case .length: wanted.shape.isEmpty && wanted.type.isInteger
        case .mask, .sourceMask: wanted.shape.count == 1
        default: wanted.shape.count == 1 && wanted.type.isInteger
        }
    }
}

/// A field of the symbols of texts.
struct TokenField: Sendable {
    let source: TokenSource
    let field: DataField

    /// The fields' sources: by name, else in order.
    /// - Throws: where a field has no source, or the vocabulary has more symbols than the model.
    static func assign(
        _ wanted: [WantedField], from sources: [TokenSource], _ options: DataOptions, vocabularies: (TokenSource) -> Vocabulary?
    ) throws -> [TokenField] {
        let chosen = try FieldMatching.assign(wanted, from: sources, names: options.sources, inOrder: true)
        return try zip(wanted, chosen).map { field, index in
            let source = sources[index]
            guard source.fits(field) else { throw DLCError("the field \(field.description) cannot hold \(source.description)") }
            if let most = field.classes, let vocabulary = vocabularies(source), vocabulary.count > most {
                throw DLCError("the vocabulary has \(vocabulary.count) symbols, the model has \(most) for \(field.name)")
            }
            let content: FieldContent = source == .length ? .numbers : source.isMask ? .mask : .tokens
            return TokenField(source: source, field: DataField(field.name, field.type, field.shape, content))
        }
    }

    /// `[rows.count, length]`, shorter rows filled up with `padding`.
    func tensor(_ rows: [[Int]], length: Int, padding: Int) throws -> Tensor {
        var values: [Int64] = []
        values.reserveCapacity(rows.count * length)
        for row in rows {
            for token in row.prefix(length) { values.append(Int64(token)) }
            for _ in min(row.count, length)..<length { values.append(Int64(padding)) }
        }
        let tensor = try Tensor(values, shape: [rows.count, length])
        return try tensor.converted(to: field.type)
    }
}
