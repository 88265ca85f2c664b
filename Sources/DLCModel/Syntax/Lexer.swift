/// Cuts a stretch of a file into tokens. Never fails: what fits nowhere is reported and left out, or taken for what
/// was meant.
struct Lexer {
    let file: SourceFile
    private(set) var tokens: [Token] = []
    private(set) var errors: [Diagnostic] = []
    private var at: Int
    private let end: Int
    private var startsLine = true

    /// The tokens of `bytes`, closed by one of kind `end`.
    static func tokens(of file: SourceFile, _ bytes: Range<Int>) -> (tokens: [Token], errors: [Diagnostic]) {
        var lexer = Lexer(file, bytes)
        while lexer.skipSpace() { lexer.token() }
        lexer.startsLine = true
        lexer.add(.end, lexer.end)
        return (lexer.tokens, lexer.errors)
    }

    private init(_ file: SourceFile, _ bytes: Range<Int>) {
        self.file = file
        at = bytes.lowerBound
        end = bytes.upperBound
    }

    private func byte(_ ahead: Int = 0) -> UInt8? { at + ahead < end ? file.bytes[at + ahead] : nil }

    private func isNext(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { at + $0.count <= end && file.bytes[at..<at + $0.count].elementsEqual($0) }
    }

    private mutating func add(_ kind: Token.Kind, _ to: Int) {
        tokens.append(Token(kind: kind, bytes: at..<to, startsLine: startsLine))
        if !tokens[tokens.count - 1].isComment { startsLine = false }
        at = to
    }

    private mutating func report(_ message: String, _ to: Int, help: String? = nil) {
        errors.append(Diagnostic(message, at: SourceRange(file: file, start: at, end: to), help: help))
    }

    /// Skips blanks and line ends; false at the end.
    private mutating func skipSpace() -> Bool {
        while let byte = byte() {
            switch byte {
            case UInt8(ascii: "\n"): startsLine = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: return true
            }
            at += 1
        }
        return false
    }

    private mutating func token() {
        guard let first = byte() else { return }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
        case UInt8(ascii: "\""): text()
        case UInt8(ascii: "'"): quoted()
        case UInt8(ascii: "/") where isNext("//"):
            add(isNext("///") && !isNext("////") ? .documentation : .comment, lineEnd())
        case UInt8(ascii: "/") where isNext("/*"): longComment()
        case UInt8(ascii: "#"):
            report("`#` begins nothing", at + 1, help: "a comment begins with `//`")
            add(.comment, lineEnd())
        default:
            let wordEnd = endOfWord(at)
            if wordEnd > at {
                let keyword = Keyword(rawValue: file.text(at..<wordEnd))
                add(keyword.map { .keyword($0) } ?? .identifier, wordEnd)
            } else if let match = Symbol.byLength.first(where: { file.bytes[at..<end].starts(with: $0.bytes) }) {
                add(.symbol(match.symbol), at + match.bytes.count)
                if match.symbol == .point, byte() == UInt8(ascii: ".") { twoPoints() }
            } else {
                stranger()
            }
        }
    }

    private func lineEnd() -> Int {
        var to = file.bytes[at..<end].firstIndex(of: UInt8(ascii: "\n")) ?? end
        while to > at, [UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t")].contains(file.bytes[to - 1]) { to -= 1 }
        return to
    }

    /// The end of the letters, digits and underscores that begin at `start`.
    private func endOfWord(_ start: Int) -> Int {
        var to = start
        while to < end {
            let byte = file.bytes[to]
            if byte >= 0x80 {
                guard let scalar = scalar(to), scalar.properties.isAlphabetic else { break }
                to += UTF8.width(scalar)
            } else if byte == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                || (to > start && UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte) {
                to += 1
            } else {
                break
            }
        }
        return to
    }

    /// The character at a byte, or nil where there is none.
    private func scalar(_ offset: Int) -> Unicode.Scalar? {
        file.text(offset..<min(offset + 4, end)).unicodeScalars.first
    }

    /// A decimal number: `12`, `50_257`, `0.5`, `1e-5`.
    private mutating func number() {
        func digits(_ from: Int) -> Int {
            var to = from
            while to < end {
                let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= file.bytes[to]
                guard isDigit || (to > from && file.bytes[to] == UInt8(ascii: "_")) else { break }
                to += 1
            }
            return to
        }
        var to = digits(at)
        var kind = Token.Kind.integer
        if to < end, file.bytes[to] == UInt8(ascii: ".") {
            let fraction = digits(to + 1)
            if fraction > to + 1 {
                (to, kind) = (fraction, .number)
            } else if to + 1 == end || (file.bytes[to + 1] != UInt8(ascii: ".") && endOfWord(to + 1) == to + 1) {
                report(
                    "`\(file.text(at..<to + 1))` has no digits after the point", to + 1,
                    help: "write `\(file.text(at..<to)).0`")
                return add(.unknown, to + 1)
            }
        }
        if to < end, file.bytes[to] | 0x20 == UInt8(ascii: "e") {
            let sign = to + 1 < end && [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(file.bytes[to + 1]) ? 1 : 0
            let exponent = digits(to + 1 + sign)
            if exponent > to + 1 + sign { (to, kind) = (exponent, .number) }
        }
        let tail = endOfWord(to)
        if tail > to {
            report(
                "`\(file.text(at..<tail))` is neither a number nor a name", tail,
                help: "numbers are decimal, such as `16`, `0.5` or `1e-5`; names begin with a letter")
            return add(.unknown, tail)
        }
        add(kind, to)
    }
}

// Texts, and what is not of the language.
extension Lexer {
    private mutating func text() {
        if let to = Self.endOfText(file.bytes, at, end) { return add(.text, to) }
        report("this text is not closed", lineEnd(), help: "a text ends with `\"` in the line where it begins")
        add(.unknown, lineEnd())
    }

    /// The offset behind the text whose opening quote is at `start`, or nil where its line or the stretch ends before.
    /// Texts may stand in what another one interpolates, `"\(f("a"))"`.
    static func endOfText(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        // The parentheses open in each interpolation that is open; nil in place of a count would be a text.
        var open: [Int] = []
        var inText = true
        var at = start + 1
        while at < end, bytes[at] != UInt8(ascii: "\n") {
            switch bytes[at] {
            case UInt8(ascii: "\"") where inText:
                if open.isEmpty { return at + 1 }
                inText = false
            case UInt8(ascii: "\\") where inText:
                at += 1
                if at < end, bytes[at] == UInt8(ascii: "(") { open.append(1); inText = false }
                if at < end, bytes[at] == UInt8(ascii: "\n") { return nil }
            case UInt8(ascii: "\"") where !inText: inText = true
            case UInt8(ascii: "(") where !inText: open[open.count - 1] += 1
            case UInt8(ascii: ")") where !inText:
                open[open.count - 1] -= 1
                if open[open.count - 1] == 0 { open.removeLast(); inText = true }
            default: break
            }
            at += 1
        }
        return nil
    }

    /// `'text'`
    private mutating func quoted() {
        let rest = file.bytes[(at + 1)..<lineEnd()]
        let to = rest.firstIndex(of: UInt8(ascii: "'")).map { $0 + 1 } ?? at + 1
        report("`'` begins nothing", at + 1, help: "a text stands in double quotes")
        add(.unknown, to)
    }

    private mutating func longComment() {
        report("`/*` begins nothing", at + 2, help: "a comment begins with `//` and ends with its line")
        at += 2
        while at < end, !isNext("*/") { at += 1 }
        at = min(at + 2, end)
    }

    /// `..`, of which the first point was taken.
    private mutating func twoPoints() {
        tokens.removeLast()
        at -= 1
        report("`..` is not an operator", at + 2, help: "`a..<b` ends before `b`, `a...b` with it")
        add(.symbol(.halfOpenRange), at + 2)
    }

    /// A character that begins no token.
    private mutating func stranger() {
        guard let scalar = scalar(at) else { at = end; return }
        let to = min(at + UTF8.width(scalar), end)
        if let (symbol, help) = Self.meant[scalar] {
            report("`\(scalar)` is not an operator", to, help: help ?? "did you mean `\(symbol.rawValue)`?")
            return add(.symbol(symbol), to)
        }
        switch scalar {
        case ";":
            report("`;` is not needed", to, help: "a statement ends with its line")
            at = to
            startsLine = true
        case "\u{FEFF}" where at == 0:
            // A mark of byte order at the beginning of a file says nothing.
            at = to
        default:
            let category = scalar.properties.generalCategory
            if [.control, .format, .spaceSeparator].contains(category) {
                let number = String(scalar.value, radix: 16, uppercase: true)
                report("the character U+\(number) has no meaning outside of texts and comments", to, help: "write a blank or nothing")
                at = to
            } else {
                let help = [.initialPunctuation, .finalPunctuation].contains(category) ? "a text stands in double quotes, `\"`" : nil
                report("`\(scalar)` has no meaning outside of texts and comments", to, help: help)
                add(.unknown, endOfWord(to))
            }
        }
    }

    /// What other notations call operators: what was meant, and advice where that is not obvious.
    private static let meant: [Unicode.Scalar: (Symbol, String?)] = [
        "&": (.and, nil), "|": (.or, nil), "^": (.power, "a power is written `a ** b`"),
        "~": (.not, "`!` negates a condition, `a ~/ b` is the floor of a quotient"),
        "×": (.times, nil), "÷": (.divide, nil), "−": (.minus, nil), "·": (.times, nil),
        "≤": (.lessOrEqual, nil), "≥": (.greaterOrEqual, nil), "≠": (.notEqual, nil), "…": (.closedRange, nil),
    ]
}
