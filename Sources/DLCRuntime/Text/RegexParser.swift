import DLCTensor

/// What a regular expression is made of. Whether a repetition is greedy says nothing about whether a whole text matches.
indirect enum RegexNode: Sendable {
    case empty
    case set(RegexCharacters)
    case sequence([RegexNode])
    case choice([RegexNode])
    /// At least and at most so often; nil for any number.
    case repetition(RegexNode, Int, Int?)
    case position(RegexPosition)
}

/// What must be so at a place between characters.
enum RegexPosition: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
}

/// Reads RE2's syntax (github.com/google/re2/wiki/Syntax).
///
/// Not there, with an error each, is what RE2 refuses (references to groups, looking ahead and behind, possessive and stacked
/// repetitions, more than 1000 of them), and `\C`, a single byte.
struct RegexParser {
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    private let text: [Unicode.Scalar]
    private var place = 0
    private var flags = Flags()
    private var depth = 0
    /// Groups inside each other that are read.
    private static let mostDepth = 250
    private static let mostRepetitions = 1000

    private init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

    /// - Throws: where the pattern is no expression of RE2's, saying where.
    static func parse(_ pattern: String) throws -> RegexNode {
        var parser = RegexParser(pattern)
        return try located("expression '\(pattern.printable())'") {
            let node = try parser.choice()
            guard parser.isAtEnd else { throw parser.error("a parenthesis closes that was not opened") }
            return node
        }
    }

    // MARK: Structure

    private mutating func choice() throws -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else { throw error("groups lie more than \(Self.mostDepth) deep") }
        var options = [try sequence()]
        while take("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .choice(options)
    }

    private mutating func sequence() throws -> RegexNode {
        var nodes: [RegexNode] = []
        var isRepeated = false
        while let next = peek, next != "|", next != ")" {
            if let (least, most) = try repetition() {
                guard let last = nodes.popLast() else { throw error("a repetition has nothing to repeat") }
                guard !isRepeated else { throw error("one repetition follows another") }
                nodes.append(.repetition(last, least, most))
                isRepeated = true
                continue
            }
            isRepeated = false
            if takeAll("\\Q") {
                while !isAtEnd, !takeAll("\\E") { nodes.append(character(advance())) }
            } else if take("(") {
                if let node = try group() { nodes.append(node) }
            } else {
                nodes.append(try atom())
            }
        }
        return nodes.isEmpty ? .empty : nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    /// What follows an opened parenthesis; nil where it only sets flags.
    private mutating func group() throws -> RegexNode? {
        let outside = flags
        if take("?") {
            if takeAll("P<") || take("<") {
                guard peek != "=", peek != "!" else { throw error("looking behind is not in RE2's syntax") }
                var name = ""
                while let next = peek, next != ">" { name.unicodeScalars.append(next); place += 1 }
                guard take(">"), !name.isEmpty, name.unicodeScalars.allSatisfy({ $0 == "_" || $0.properties.isAlphabetic || Self.isDigit($0) })
                else { throw error("a group has the name '\(name.printable(most: 20))'") }
            } else if try readFlags() {
                return nil
            }
        }
        let node = try choice()
        guard take(")") else { throw error("a parenthesis is not closed") }
        flags = outside
        return node
    }

    /// Flags in front of a group, which `:` begins, or for the rest of the one around.
    private mutating func readFlags() throws -> Bool {
        var isOn = true
        while let next = peek {
            place += 1
            switch next {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesNewline = isOn
            case "U": break
            case "-" where isOn: isOn = false
            case ":": return false
            case ")": return true
            default: throw error("'(?' is followed by '\(next)'")
            }
        }
        throw error("a parenthesis is not closed")
    }

    private mutating func repetition() throws -> (Int, Int?)? {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if peek == "{", let counted = try counts() {
            bounds = counted
        } else {
            return nil
        }
        _ = take("?")
        return bounds
    }

    /// `{n}`, `{n,}` or `{n,m}`; a brace that begins none of them is a character.
    private mutating func counts() throws -> (Int, Int?)? {
        let start = place
        place += 1
        guard let least = number() else {
            place = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else {
            place = start
            return nil
        }
        guard least <= Self.mostRepetitions, (most ?? 0) <= Self.mostRepetitions, least <= most ?? least else {
            throw error("repeats \(least) to \(most.map(String.init) ?? "any number of") times; at most \(Self.mostRepetitions) are possible")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = place
        while let next = peek, Self.isDigit(next) { place += 1 }
        guard place > start else { return nil }
        var digits = String.UnicodeScalarView()
        digits.append(contentsOf: text[start..<place])
        return Int(String(digits)) ?? .max
    }

    // MARK: Characters

    private mutating func atom() throws -> RegexNode {
        switch advance() {
        case ".":
            return .set(RegexCharacters([.init(ranges: flags.dotTakesNewline ? [] : [0x0a...0x0a])], isNegated: true))
        case "^": return .position(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .position(flags.isMultiline ? .lineEnd : .textEnd)
        case "[": return .set(try bracket())
        case "\\":
            switch peek {
            case "A": place += 1; return .position(.textStart)
            case "z": place += 1; return .position(.textEnd)
            case "b": place += 1; return .position(.wordBoundary)
            case "B": place += 1; return .position(.noWordBoundary)
            case "C": throw error("\\C, a single byte, is not supported")
            default: break
            }
            if let part = try named() { return .set(RegexCharacters([part])) }
            return character(try escaped())
        case let scalar: return character(scalar)
        }
    }

    private func character(_ scalar: Unicode.Scalar) -> RegexNode { .set(RegexCharacters(scalar.value, folds: flags.ignoresCase)) }

    /// A class by name after a backslash: `d`, `P{Greek}`.
    private mutating func named() throws -> RegexCharacters.Part? {
        guard let letter = peek, letter.isASCII else { return nil }
        if let ranges = RegexCharacters.perl(UInt8(letter.value)) {
            place += 1
            return .init(ranges: ranges, isNegated: letter.properties.isUppercase, folds: flags.ignoresCase)
        }
        guard letter == "p" || letter == "P" else { return nil }
        place += 1
        var name = ""
        if take("{") {
            while let next = peek, next != "}" { name.unicodeScalars.append(next); place += 1 }
            guard take("}") else { throw error("a brace is not closed") }
        } else if !isAtEnd {
            name = String(Character(advance()))
        }
        var isNegated = letter == "P"
        if name.hasPrefix("^") {
            isNegated.toggle()
            name.removeFirst()
        }
        if name == "Any" { return .init(ranges: [0...0x10ffff], isNegated: isNegated) }
        guard let test = RegexCharacters.category(name) ?? RegexCharacters.script(name) else {
            throw error("there is no class of characters '\(name.printable(most: 20))'")
        }
        return .init(test: test, isNegated: isNegated, folds: flags.ignoresCase)
    }

    /// What follows `[`.
    private mutating func bracket() throws -> RegexCharacters {
        let isNegated = take("^")
        var parts: [RegexCharacters.Part] = []
        var isFirst = true
        while true {
            guard let next = peek else { throw error("a bracket is not closed") }
            if next == "]", !isFirst {
                place += 1
                return RegexCharacters(parts, isNegated: isNegated)
            }
            isFirst = false
            if takeAll("[:") {
                parts.append(try posix())
                continue
            }
            if next == "\\" {
                place += 1
                if let part = try named() {
                    parts.append(part)
                    continue
                }
                place -= 1
            }
            let low = try classCharacter()
            var high = low
            if peek == "-", place + 1 < text.count, text[place + 1] != "]" {
                place += 1
                high = try classCharacter()
                guard low.value <= high.value else { throw error("a range of characters goes down") }
            }
            parts.append(.init(ranges: [low.value...high.value], folds: flags.ignoresCase))
        }
    }

    private mutating func classCharacter() throws -> Unicode.Scalar {
        guard !isAtEnd else { throw error("a bracket is not closed") }
        return take("\\") ? try escaped() : advance()
    }

    /// What follows `[:`.
    private mutating func posix() throws -> RegexCharacters.Part {
        let isNegated = take("^")
        var name = ""
        while let next = peek, next != ":" { name.unicodeScalars.append(next); place += 1 }
        guard takeAll(":]"), let ranges = RegexCharacters.posix[name] else {
            throw error("there is no class of characters [:\(name.printable(most: 20)):]")
        }
        return .init(ranges: ranges, isNegated: isNegated, folds: flags.ignoresCase)
    }

    /// The character that follows a backslash.
    private mutating func escaped() throws -> Unicode.Scalar {
        guard let next = peek else { throw error("a backslash ends it") }
        place += 1
        switch next {
        case "a": return "\u{07}"
        case "f": return "\u{0c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0b}"
        case "x": return try hexadecimal()
        case "0"..."7":
            var code = next.value - 0x30
            var digits = 1
            while digits < 3, let digit = peek, ("0"..."7").contains(digit) {
                code = code * 8 + digit.value - 0x30
                (place, digits) = (place + 1, digits + 1)
            }
            guard next == "0" || digits > 1, let scalar = Unicode.Scalar(code) else { throw error("references to groups are not in RE2's syntax") }
            return scalar
        case _ where next.isASCII && !next.properties.isAlphabetic && !Self.isDigit(next): return next
        default: throw error("'\\\(next)' means nothing in RE2's syntax")
        }
    }

    private mutating func hexadecimal() throws -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while let next = peek, next != "}" { digits.unicodeScalars.append(next); place += 1 }
            guard take("}") else { throw error("a brace is not closed") }
        } else {
            while digits.utf8.count < 2, !isAtEnd { digits.unicodeScalars.append(advance()) }
            guard digits.utf8.count == 2 else { throw error("\\x is followed by too few digits") }
        }
        guard digits.allSatisfy(\.isHexDigit), let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else {
            throw error("\\x{\(digits.printable(most: 20))} is no character")
        }
        return scalar
    }

    // MARK: Reading

    private var isAtEnd: Bool { place >= text.count }
    private var peek: Unicode.Scalar? { isAtEnd ? nil : text[place] }

    private mutating func advance() -> Unicode.Scalar {
        place += 1
        return text[place - 1]
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        place += 1
        return true
    }

    private mutating func takeAll(_ word: String) -> Bool {
        guard text[min(place, text.count)...].starts(with: word.unicodeScalars) else { return false }
        place += word.unicodeScalars.count
        return true
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private func error(_ message: String) -> DLCError { DLCError("\(message), before character \(place)") }
}
