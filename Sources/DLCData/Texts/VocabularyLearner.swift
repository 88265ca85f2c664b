import DLCTensor

/// Counts the pieces of texts and makes a vocabulary of them.
struct VocabularyLearner {
    let options: TextOptions
    private var counts: [String: Int] = [:]
    private var scalars: [Unicode.Scalar: Int] = [:]

    init(_ options: TextOptions) { self.options = options }

    mutating func add(_ text: String) {
        if options.units == .symbols {
            for scalar in (options.lowercases ? text.lowercased() : text).unicodeScalars { scalars[scalar, default: 0] += 1 }
            return
        }
        for piece in TextPieces.pieces(options.lowercases ? text.lowercased() : text, options.units) { counts[piece, default: 0] += 1 }
    }

    /// Special symbols, then symbols: scalars in the order of their values; words the most frequent first, equal ones by their
    /// scalars; of byte pairs all scalars and then what merges make.
    /// - Parameter isSequences: whether examples are sequences with an end, which need symbols for padding, start and end.
    /// - Throws: where there is no text.
    func vocabulary(isSequences: Bool) throws -> Vocabulary {
        let counts = counts.merging(scalars.map { (String($0), $1) }, uniquingKeysWith: +)
        guard !counts.isEmpty else { throw DLCError("holds no text") }
        var symbols = isSequences ? [Vocabulary.padding, Vocabulary.start, Vocabulary.end] : []
        if options.units == .words || options.leastCount > 1 { symbols.append(Vocabulary.unknown) }
        var merges: [Vocabulary.Merge] = []
        let frequent = counts.filter { $0.value >= options.leastCount }
        switch options.units {
        case .symbols: symbols += frequent.keys.sorted(by: BytePairs.precedes)
        case .words:
            symbols += frequent.sorted { $0.value != $1.value ? $0.value > $1.value : BytePairs.precedes($0.key, $1.key) }.map(\.key)
        case .bytePairs:
            symbols += Set(counts.keys.flatMap { $0.unicodeScalars.map { String($0) } }).sorted(by: BytePairs.precedes)
            guard let size = options.vocabularySize else { throw DLCError("how many byte-pair symbols? Give the vocabulary's size") }
            guard size >= symbols.count else {
                throw DLCError("a vocabulary of \(size) has no room for the \(symbols.count) symbols of the text")
            }
            var known = Set(symbols)
            for merge in BytePairs.learn(counts, most: size - symbols.count) {
                merges.append(merge)
                // Two ways to the same symbol give one.
                if known.insert(merge.left + merge.right).inserted { symbols.append(merge.left + merge.right) }
            }
        }
        if options.units == .words, let size = options.vocabularySize, size < symbols.count { symbols = Array(symbols.prefix(size)) }
        return try Vocabulary(units: options.units, symbols: symbols, merges: merges, lowercases: options.lowercases)
    }
}
