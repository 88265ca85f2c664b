import DLCTensor

/// Sequences from their start to their end: lines or paragraphs of a text, or pairs of them with a tab between.
///
/// Of a sequence a, b, c the tokens are `<start>`, a, b, c and the targets a, b, c, `<end>`; `source`, the first of a pair, is
/// a, b, c, `<end>`. Shorter ones are filled up with `<pad>`, whose number is 0, to the field's extent, or where that is open to the
/// longest of the batch; longer ones are cut.
struct SequenceText: Dataset {
    let summary: String
    let fields: [DataField]
    let encoding: DataEncoding
    private let tokens: TokenFile
    /// Where each sequence begins in `tokens`; of pairs, two for each example. One more at the end.
    private let places: [Int]
    private let columns: [TokenField]
    private let isPaired: Bool
    private let most: Int

    var count: Int { (places.count - 1) / (isPaired ? 2 : 1) }

    init(_ path: String, files: [String], form: TextOptions.Form, wanting wanted: [WantedField], _ options: DataOptions) throws {
        var encoding = options.encoding ?? DataEncoding()
        isPaired = form == .pairs
        if encoding.vocabulary == nil || isPaired && encoding.targetVocabulary == nil {
            var (first, second) = (VocabularyLearner(options.text), VocabularyLearner(options.text))
            try Self.forEach(files, form) { texts, _ in
                first.add(texts[0])
                if form == .pairs { second.add(texts[1]) }
            }
            try located(path) {
                encoding.vocabulary = try first.vocabulary(isSequences: true)
                if form == .pairs { encoding.targetVocabulary = try second.vocabulary(isSequences: true) }
            }
        }
        guard let vocabulary = encoding.vocabulary else { throw DLCError("has no vocabulary", at: [path]) }
        let written = form == .pairs ? encoding.targetVocabulary ?? vocabulary : vocabulary
        let marks = [vocabulary, written].allSatisfy { known in
            Vocabulary.special.dropLast().allSatisfy { known.id(of: $0) != nil } && known.symbols.first == Vocabulary.padding
        }
        guard marks else {
            throw DLCError(
                "its vocabulary lacks one of \(Vocabulary.special.dropLast().joined(separator: " ")), which sequences need", at: [path])
        }
        columns = try located(path) {
            try TokenField.assign(wanted, from: form == .pairs ? TokenSource.pairs : TokenSource.sequences, options) {
                $0 == .source ? vocabulary : $0 == .tokens || $0 == .targets ? written : nil
            }
        }
        var places = [0]
        var (first, second) = (TextEncoder(vocabulary), TextEncoder(written))
        tokens = try TokenFile(symbols: max(vocabulary.count, written.count), of: path) { writer in
            try Self.forEach(files, form) { texts, place in
                for (index, text) in texts.enumerated() {
                    try writer.append(located(place) { try form == .pairs && index == 0 ? first.encode(text) : second.encode(text) })
                    places.append(writer.count)
                }
            }
        }
        guard places.count > 1 else { throw DLCError("holds no text", at: [path]) }
        self.places = places
        self.encoding = encoding
        most = options.text.length ?? .max
        fields = columns.map(\.field)
        guard !fields.contains(where: { $0.shape.first == 0 }), most > 0 else {
            throw DLCError("sequences of no symbols are asked for", at: [path])
        }
        let different = isPaired ? "\(vocabulary.count) and \(written.count)" : "\(vocabulary.count)"
        let examples = (places.count - 1) / (isPaired ? 2 : 1)
        summary =
            "\(examples) \(isPaired ? "pairs" : form.rawValue), \(tokens.count) symbols (\(different) different) in \(path)"
    }

    /// Calls `body` with each example's text, or two, and where it stands.
    private static func forEach(_ files: [String], _ form: TextOptions.Form, _ body: ([String], _ place: String) throws -> Void) throws {
        for file in files {
            var lines = TextLines(try DataFile.opened(file))
            var (text, start) = ("", 1)
            func finish() throws {
                if text.hasSuffix("\n") { text.unicodeScalars.removeLast() }
                defer { text = "" }
                let place = "\(file): line \(start)"
                guard form == .pairs else { return text.isEmpty ? () : try body([text], place) }
                if text.isEmpty { return }
                let parts = text.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
                guard parts.count == 2 else {
                    throw DLCError(
                        "has \(parts.count) \(parts.count == 1 ? "text" : "texts"); expected two with a tab between", at: [place])
                }
                if let empty = parts.firstIndex(of: "") {
                    throw DLCError("its \(empty == 0 ? "first" : "second") text is empty", at: [place])
                }
                try body(parts, place)
            }
            while let line = try lines.next() {
                if text.isEmpty { start = lines.line }
                if form == .paragraphs, line == "\n" {
                    try finish()
                    continue
                }
                text += line
                if form != .paragraphs, line.hasSuffix("\n") { try finish() }
            }
            try finish()
        }
    }

    private func sequence(_ index: Int) throws -> [Int] { try tokens.tokens(places[index]..<places[index + 1]) }

    func lengths() -> [Int]? {
        let step = isPaired ? 2 : 1
        return (0..<count).map { index in
            (0..<step).map { places[index * step + $0 + 1] - places[index * step + $0] }.reduce(0, max) + 1
        }
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        let read = isPaired ? encoding.vocabulary : nil
        let written = isPaired ? encoding.targetVocabulary : encoding.vocabulary
        let texts = try indices.map { try sequence(isPaired ? 2 * $0 + 1 : $0) }
        let sources = isPaired ? try indices.map { try sequence(2 * $0) } : []
        var tensors: [String: Tensor] = [:]
        for column in columns {
            let isSource = column.source == .source || column.source == .sourceMask
            guard let vocabulary = isSource ? read : written, let start = vocabulary.id(of: Vocabulary.start),
                let end = vocabulary.id(of: Vocabulary.end)
            else { continue }
            let of = isSource ? sources : texts
            let length = column.field.shape.first.flatMap { $0 } ?? min(most, (of.map(\.count).max() ?? 0) + 1)
            tensors[column.field.name] =
                switch column.source {
                case .tokens: try column.tensor(of.map { [start] + $0 }, length: length, padding: 0)
                case .source, .targets: try column.tensor(of.map { $0 + [end] }, length: length, padding: 0)
                case .mask, .sourceMask: try column.tensor(of.map { [Int](repeating: 1, count: $0.count + 1) }, length: length, padding: 0)
                case .length: try Tensor(of.map { Int64(min($0.count + 1, most)) }, shape: [of.count]).converted(to: column.field.type)
                }
        }
        return tensors
    }
}
