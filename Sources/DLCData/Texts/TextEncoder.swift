import DLCTensor

/// Encodes texts one after the other and remembers what their pieces gave.
struct TextEncoder {
    let vocabulary: Vocabulary
    private var known: [String: [Int]] = [:]

    /// Pieces that are remembered at most.
    private static let most = 1 << 16

    init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// - Throws: naming the column, where a symbol is unknown.
    mutating func encode(_ text: String) throws -> [Int] {
        let text = vocabulary.lowercases ? text.lowercased() : text
        if vocabulary.units == .symbols {
            return try text.unicodeScalars.enumerated().map { index, scalar in
                guard let id = vocabulary.id(of: scalar) else { throw vocabulary.unknown(String(scalar), index + 1) }
                return id
            }
        }
        var result: [Int] = []
        var column = 1
        for piece in TextPieces.pieces(text, vocabulary.units) {
            if let id = vocabulary.id(of: piece) {
                result.append(id)
            } else if let numbers = known[piece] {
                result += numbers
            } else {
                let numbers = try vocabulary.numbers(of: piece, column: column)
                if known.count < Self.most { known[piece] = numbers }
                result += numbers
            }
            column += piece.unicodeScalars.count
        }
        return result
    }
}
