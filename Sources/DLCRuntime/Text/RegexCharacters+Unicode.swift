import DLCTensor

/// Classes of characters by name, and which characters differ in case alone.
extension RegexCharacters {
    /// `\d`, `\s` and `\w`, in ASCII as RE2 has them.
    static func perl(_ letter: UInt8) -> [ClosedRange<UInt32>]? {
        switch letter | 0x20 {
        case UInt8(ascii: "d"): [0x30...0x39]
        case UInt8(ascii: "s"): [0x09...0x0a, 0x0c...0x0d, 0x20...0x20]
        case UInt8(ascii: "w"): [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]
        default: nil
        }
    }

    /// `[:alpha:]` and its like.
    static let posix: [String: [ClosedRange<UInt32>]] = [
        "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "alpha": [0x41...0x5a, 0x61...0x7a], "ascii": [0...0x7f],
        "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0...0x1f, 0x7f...0x7f], "digit": [0x30...0x39], "graph": [0x21...0x7e],
        "lower": [0x61...0x7a], "print": [0x20...0x7e], "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e],
        "space": [0x09...0x0d, 0x20...0x20], "upper": [0x41...0x5a], "word": [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a],
        "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]

    /// Characters of a general category, such as `L` or `Lu`; nil where there is none of that name.
    static func category(_ name: String) -> (@Sendable (Unicode.Scalar) -> Bool)? {
        guard let wanted = categories[name] else { return nil }
        return { wanted.contains($0.properties.generalCategory) }
    }

    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let known: [(String, Unicode.GeneralCategory)] = [
            ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter), ("Lm", .modifierLetter), ("Lo", .otherLetter),
            ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark), ("Nd", .decimalNumber), ("Nl", .letterNumber),
            ("No", .otherNumber), ("Pc", .connectorPunctuation), ("Pd", .dashPunctuation), ("Ps", .openPunctuation),
            ("Pe", .closePunctuation), ("Pi", .initialPunctuation), ("Pf", .finalPunctuation), ("Po", .otherPunctuation),
            ("Sm", .mathSymbol), ("Sc", .currencySymbol), ("Sk", .modifierSymbol), ("So", .otherSymbol), ("Zs", .spaceSeparator),
            ("Zl", .lineSeparator), ("Zp", .paragraphSeparator), ("Cc", .control), ("Cf", .format), ("Co", .privateUse),
        ]
        var table: [String: Set<Unicode.GeneralCategory>] = [:]
        for (name, category) in known {
            table[name, default: []].insert(category)
            table[String(name.prefix(1)), default: []].insert(category)
        }
        return table
    }()

    /// Characters of a script, such as `Greek`; nil where there is none of that name. Swift's own expressions know them; each is asked
    /// for one character, so it has nothing to go back over.
    static func script(_ name: String) -> (@Sendable (Unicode.Scalar) -> Bool)? {
        guard name.allSatisfy({ $0.isLetter || $0 == "_" }), let expression = try? Regex("\\p{Script=\(name)}") else { return nil }
        let script = Script(expression: expression)
        return { script.contains($0) }
    }

    /// Only read after it is made.
    private struct Script: @unchecked Sendable {
        let expression: Regex<AnyRegexOutput>

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            (try? expression.matchingSemantics(.unicodeScalar).wholeMatch(in: String(Character(scalar)))) != nil
        }
    }

    /// A character and all that differ from it in case alone.
    static func variants(of code: UInt32) -> [UInt32] {
        guard let scalar = Unicode.Scalar(code) else { return [code] }
        return folds[fold(scalar)] ?? [code]
    }

    private static func fold(_ scalar: Unicode.Scalar) -> UInt32 { scalar.simpleUppercase.simpleLowercase.value }

    /// By folded character, where there are several.
    private static let folds: [UInt32: [UInt32]] = {
        var groups: [UInt32: [UInt32]] = [:]
        for code in UInt32(0)...0x1e943 {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let other = fold(scalar)
            if other != code || scalar.simpleUppercase.value != code { groups[other, default: []].append(code) }
        }
        return groups.filter { $0.value.count > 1 }
    }()
}
