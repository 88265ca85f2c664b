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
    /// Of the symbols that are one scalar.
    private let scalarIDs: [Unicode.Scalar: Int]

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
        scalarIDs = Dictionary(
            ids.compactMap { symbol, id in symbol.unicodeScalars.count == 1 ? symbol.unicodeScalars.first.map { ($0, id) } : nil },
            uniquingKeysWith: min)
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
        var encoder = TextEncoder(self)
        return try encoder.encode(text)
    }

    func id(of scalar: Unicode.Scalar) -> Int? { scalarIDs[scalar] ?? ids[Self.unknown] }

    /// The numbers of a piece that is no symbol itself.
    /// - Parameter column: where it stands, from 1.
    func numbers(of piece: String, column: Int) throws -> [Int] {
        try (units == .bytePairs ? BytePairs.apply(ranks, to: piece) : [piece]).map { symbol in
            guard let id = ids[symbol] ?? ids[Self.unknown] else { throw unknown(symbol, column) }
            return id
        }
    }

    func unknown(_ symbol: String, _ column: Int) -> DLCError {
        let codes = symbol.unicodeScalars.map { "U+\(String($0.value, radix: 16, uppercase: true))" }.joined(separator: " ")
        return DLCError("'\(symbol.printable())' (\(codes)) is not among the vocabulary's \(count) symbols", at: ["column \(column)"])
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
