import DLCTensor

/// The symbols of texts by number, and how a text is cut into them.
public struct Vocabulary: Sendable, Equatable {
    public enum Units: String, Sendable, CaseIterable {
        /// Unicode scalars.
        case symbols
        /// Words, and every other sign by itself; space between them is lost.
        case words
        /// Byte-pair encoding (Sennrich, Haddow and Birch, 2016): frequent neighbours are joined, within pieces as GPT-2 cuts
        /// them (Radford et al., 2019), so that the symbols of a text put together are the text.
        case bytePairs = "byte-pairs"
    }

    public let units: Units
    /// Whether texts are made lower case first.
    public let lowercases: Bool
    public let symbols: [String]
    /// Pairs that are joined, the most frequent first; empty but for byte pairs.
    public let merges: [Merge]
    private let ids: [String: Int]
    private let ranks: [Merge: Int]

    public struct Merge: Sendable, Hashable {
        public let left, right: String
    }

    /// Fills up what is shorter than others.
    public static let padding = "<pad>"
    /// Stands in front of a sequence.
    public static let start = "<start>"
    /// Ends a sequence.
    public static let end = "<end>"
    /// Stands for what the vocabulary has not.
    public static let unknown = "<unknown>"
    static let special = [padding, start, end, unknown]

    /// - Throws: where a symbol is there twice.
    public init(units: Units, symbols: [String], merges: [Merge] = [], lowercases: Bool = false) throws {
        (self.units, self.symbols, self.merges, self.lowercases) = (units, symbols, merges, lowercases)
        var ids: [String: Int] = [:]
        for (id, symbol) in symbols.enumerated() {
            guard ids.updateValue(id, forKey: symbol) == nil else {
                throw DLCError("the vocabulary has the symbol '\(symbol.printable())' twice")
            }
        }
        self.ids = ids
        ranks = Dictionary(merges.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
    }

    public static func == (a: Vocabulary, b: Vocabulary) -> Bool {
        a.units == b.units && a.lowercases == b.lowercases && a.symbols == b.symbols && a.merges == b.merges
    }

    public var count: Int { symbols.count }

    public func id(of symbol: String) -> Int? { ids[symbol] }

    /// The numbers of a text's symbols.
    /// - Throws: where it has a symbol that the vocabulary has not, and the vocabulary has none for unknown ones.
    public func encode(_ text: String) throws -> [Int] {
        var result: [Int] = []
        var column = 1
        for piece in TextPieces.pieces(lowercases ? text.lowercased() : text, units) {
            if let id = ids[piece] {
                result.append(id)
            } else {
                for symbol in units == .bytePairs ? BytePairs.apply(ranks, to: piece) : [piece] {
                    guard let id = ids[symbol] ?? ids[Self.unknown] else {
                        let codes = symbol.unicodeScalars.map { "U+\(String($0.value, radix: 16, uppercase: true))" }.joined(separator: " ")
                        throw DLCError(
                            "'\(symbol.printable())' (\(codes)) is not among the vocabulary's \(count) symbols", at: ["column \(column)"])
                    }
                    result.append(id)
                }
            }
            column += piece.unicodeScalars.count
        }
        return result
    }

    /// The text of symbols; those that only mark something are left out, as are numbers that are no symbols.
    public func decode(_ numbers: [Int]) -> String {
        let texts = numbers.compactMap {
            symbols.indices.contains($0) && !Self.special.dropLast().contains(symbols[$0]) ? symbols[$0] : nil
        }
        guard units == .words else { return texts.joined() }
        var result = ""
        for text in texts {
            let isSign = text.unicodeScalars.count == 1 && ".,;:!?)]}".contains(text)
            result += result.isEmpty || isSign || text == "\n" || result.hasSuffix("\n") ? text : " " + text
        }
        return result
    }
}

/// How texts are cut before symbols are looked up.
enum TextPieces {
    static func pieces(_ text: String, _ units: Vocabulary.Units) -> [String] {
        switch units {
        case .symbols: text.unicodeScalars.map { String($0) }
        case .words: words(text)
        case .bytePairs: bytePairPieces(text)
        }
    }

    private enum Kind { case letter, number, space, sign }

    private static func kind(_ scalar: Unicode.Scalar) -> Kind {
        let properties = scalar.properties
        if properties.isAlphabetic { return .letter }
        if properties.numericType != nil { return .number }
        if properties.isWhitespace { return .space }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return .letter
        default: return .sign
        }
    }

    /// Runs of letters and digits, with apostrophes inside; newlines; other signs one by one.
    private static func words(_ text: String) -> [String] {
        var pieces: [String] = []
        var word = ""
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let kind = kind(scalar)
            let isInside =
                (scalar == "'" || scalar == "\u{2019}") && !word.isEmpty && index + 1 < scalars.count
                && Self.kind(scalars[index + 1]) == .letter
            if kind == .letter || kind == .number || isInside {
                word.unicodeScalars.append(scalar)
                continue
            }
            if !word.isEmpty { pieces.append(word) }
            word = ""
            if kind == .sign || scalar == "\n" { pieces.append(String(scalar)) }
        }
        if !word.isEmpty { pieces.append(word) }
        return pieces
    }

    /// An optional blank and a run of letters, of digits or of signs; else a run of space, of which the last blank goes to what follows.
    private static func bytePairPieces(_ text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var pieces: [String] = []
        var index = 0
        while index < scalars.count {
            var end = index
            if kind(scalars[end]) == .space {
                while end < scalars.count, kind(scalars[end]) == .space { end += 1 }
                // The last blank belongs to what follows.
                if end < scalars.count, scalars[end - 1] == " " {
                    if end - 1 > index {
                        end -= 1
                    } else {
                        let first = kind(scalars[end])
                        while end < scalars.count, kind(scalars[end]) == first { end += 1 }
                    }
                }
            } else {
                let first = kind(scalars[end])
                while end < scalars.count, kind(scalars[end]) == first { end += 1 }
            }
            var piece = String.UnicodeScalarView()
            piece.append(contentsOf: scalars[index..<end])
            pieces.append(String(piece))
            index = end
        }
        return pieces
    }
}
