import DLCTensor

/// Windows of running text: `tokens` and, one symbol further on, `targets`.
struct RunningText: Dataset {
    let summary: String
    let count: Int
    let fields: [DataField]
    let encoding: DataEncoding
    let isContinuous = true
    private let tokens: TokenFile
    private let columns: [TokenField]
    private let length: Int
    private let stride: Int

    init(_ path: String, files: [String], wanting wanted: [WantedField], _ options: DataOptions) throws {
        var encoding = options.encoding ?? DataEncoding()
        let vocabulary = try encoding.vocabulary ?? Self.learned(files, options.text)
        encoding.vocabulary = vocabulary
        let columns = try located(path) { try TokenField.assign(wanted, from: TokenSource.running, options) { _ in vocabulary } }
        let given = columns.compactMap { $0.field.shape[0] }
        guard let length = given.first ?? options.text.length, given.allSatisfy({ $0 == length }), length > 0 else {
            throw DLCError(
                given.isEmpty
                    ? "how many symbols has an example? say the length: --read length=64, or --dim and the symbol of the extent"
                    : "the fields ask for windows of \(given) symbols; expected one length above 0", at: [path])
        }
        let stride = options.text.stride ?? length
        guard stride > 0 else { throw DLCError("windows \(stride) symbols apart; expected at least 1", at: [path]) }
        var encoder = TextEncoder(vocabulary)
        tokens = try TokenFile(symbols: vocabulary.count, of: path) { writer in
            for file in files {
                var lines = TextLines(try DataFile.opened(file))
                while let line = try lines.next() {
                    try writer.append(located(file) { try located("line \(lines.line)") { try encoder.encode(line) } })
                }
            }
        }
        let ahead = columns.contains { $0.source == .targets } ? 1 : 0
        guard tokens.count >= length + ahead else {
            throw DLCError("the text has \(tokens.count) symbols; a window needs \(length + ahead)", at: [path])
        }
        count = (tokens.count - length - ahead) / stride + 1
        (self.encoding, self.length, self.stride) = (encoding, length, stride)
        self.columns = columns.map { TokenField(source: $0.source, field: DataField($0.field.name, $0.field.type, [length], .tokens)) }
        fields = self.columns.map(\.field)
        summary = "\(count) windows of \(length) among \(tokens.count) symbols (\(vocabulary.count) different) in \(path)"
    }

    private static func learned(_ files: [String], _ options: TextOptions) throws -> Vocabulary {
        var learner = VocabularyLearner(options)
        for file in files {
            var lines = TextLines(try DataFile.opened(file))
            while let line = try lines.next() { learner.add(line) }
        }
        return try located(files.joined(separator: ", ")) { try learner.vocabulary(isSequences: false) }
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        let ahead = columns.contains { $0.source == .targets } ? 1 : 0
        let windows = try indices.map { try tokens.tokens($0 * stride..<$0 * stride + length + ahead) }
        var tensors: [String: Tensor] = [:]
        for column in columns {
            let rows = windows.map { column.source == .targets ? Array($0.dropFirst()) : Array($0.prefix(length)) }
            tensors[column.field.name] = try column.tensor(rows, length: length, padding: 0)
        }
        return tensors
    }
}
