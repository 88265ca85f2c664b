// Texts and what they interpolate.
extension Parser {
    /// The pieces of the text that is the next token, escapes resolved.
    mutating func textPieces() throws(Abandoned) -> [TextPiece] {
        let token = advance()
        var pieces: [TextPiece] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
            literal = []
        }
        var at = token.bytes.lowerBound + 1
        let end = token.bytes.upperBound - 1
        while at < end {
            guard file.bytes[at] == UInt8(ascii: "\\") else { literal.append(file.bytes[at]); at += 1; continue }
            let place = SourceRange(file: file, start: at, end: at + 2)
            switch file.bytes[at + 1] {
            case UInt8(ascii: "\""): literal.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): literal.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "n"): literal.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): literal.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "("):
                flush()
                let close = Self.endOfInterpolation(file.bytes, at + 2, end)
                pieces.append(.value(try interpolated(at + 2..<close, place)))
                at = close - 1
            default: report(
                "`\(place.text)` is not an escape", at: place,
                help: "there are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\(value)`")
            }
            at += 2
        }
        flush()
        return pieces
    }

    /// The offset of the parenthesis that closes the interpolation whose first byte is at `start`.
    private static func endOfInterpolation(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        var depth = 1
        var at = start
        while at < end {
            switch bytes[at] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return at }
            case UInt8(ascii: "\""):
                at = (Lexer.endOfText(bytes, at, end) ?? end) - 1
            default: break
            }
            at += 1
        }
        return end
    }

    /// The expression in a text, read from tokens of its own.
    private mutating func interpolated(_ bytes: Range<Int>, _ place: SourceRange) throws(Abandoned) -> ExpressionSyntax {
        let (inner, found) = Lexer.tokens(of: file, bytes)
        errors += found
        if let comment = inner.first(where: \.isComment) {
            report(
                "`//` begins a comment, which cannot stand in a text", at: range(comment),
                help: "the floor of a quotient is `a ~/ b`")
            return ExpressionSyntax(.invalid, at: place)
        }
        if inner.count == 1 {
            report("there is no value between `\\(` and `)`", at: place)
            return ExpressionSyntax(.invalid, at: place)
        }
        let outer = (tokens, index)
        (tokens, index) = (inner, 0)
        defer {
            (tokens, index) = outer
            if isStopped { stop() }
        }
        do throws(Abandoned) {
            let value = try expression()
            if kind() != .end {
                report("expected `)` after the value, found \(self.found)", at: range(token), help: adviceInExpression)
            }
            return value
        } catch {
            return ExpressionSyntax(.invalid, at: place)
        }
    }
}
