import DLCTensor

/// Learning and applying byte-pair merges (Sennrich, Haddow and Birch, Neural machine translation of rare words with subword
/// units, 2016, algorithm 1) over Unicode scalars.
enum BytePairs {
    typealias Merge = Vocabulary.Merge

    /// Joins pairs within a piece, the one with the lowest rank first, until none is left that has a rank.
    static func apply(_ ranks: [Merge: Int], to piece: String) -> [String] {
        var symbols = piece.unicodeScalars.map { String($0) }
        while symbols.count > 1 {
            var best: (rank: Int, merge: Merge)?
            for index in 1..<symbols.count {
                let merge = Merge(left: symbols[index - 1], right: symbols[index])
                if let rank = ranks[merge], rank < best?.rank ?? .max { best = (rank, merge) }
            }
            guard let best else { break }
            symbols = joined(symbols, best.merge)
        }
        return symbols
    }

    private static func joined(_ symbols: [String], _ merge: Merge) -> [String] {
        var result: [String] = []
        var index = 0
        while index < symbols.count {
            if index + 1 < symbols.count, symbols[index] == merge.left, symbols[index + 1] == merge.right {
                result.append(merge.left + merge.right)
                index += 2
            } else {
                result.append(symbols[index])
                index += 1
            }
        }
        return result
    }

    /// The merges that the counts of pieces give, at most `most`; pairs that occur once are not joined. Among equally frequent
    /// pairs the one whose scalars come first is taken, so that every machine learns the same.
    static func learn(_ pieces: [String: Int], most: Int) -> [Merge] {
        var words = pieces.sorted { precedes($0.key, $1.key) }.map { (symbols: $0.key.unicodeScalars.map { String($0) }, count: $0.value) }
        var counts: [Merge: Int] = [:]
        // The words that hold a pair, or held it once.
        var places: [Merge: Set<Int>] = [:]
        for (place, word) in words.enumerated() {
            for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
                counts[Merge(left: left, right: right), default: 0] += word.count
                places[Merge(left: left, right: right), default: []].insert(place)
            }
        }
        var merges: [Merge] = []
        while merges.count < most {
            guard let best = counts.max(by: { $0.value != $1.value ? $0.value < $1.value : precedes($1.key, $0.key) }), best.value > 1
            else { break }
            merges.append(best.key)
            for place in places[best.key] ?? [] {
                let word = words[place]
                for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
                    let pair = Merge(left: left, right: right)
                    counts[pair, default: 0] -= word.count
                    if counts[pair] == 0 { counts[pair] = nil }
                }
                words[place].symbols = joined(word.symbols, best.key)
                for (left, right) in zip(words[place].symbols, words[place].symbols.dropFirst()) {
                    counts[Merge(left: left, right: right), default: 0] += word.count
                    places[Merge(left: left, right: right), default: []].insert(place)
                }
            }
            counts[best.key] = nil
            places[best.key] = nil
        }
        return merges
    }

    private static func precedes(_ a: Merge, _ b: Merge) -> Bool {
        a.left == b.left ? precedes(a.right, b.right) : precedes(a.left, b.left)
    }

    /// By the values of scalars.
    static func precedes(_ a: String, _ b: String) -> Bool { a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) }
}
