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
