extension Parser {
    /// Whether the next token begins a line as a statement or declaration does, even where a bracket is open.
    var beginsStatement: Bool {
        guard token.startsLine else { return false }
        switch token.kind {
        case .end, .symbol(.rightBrace): return true
        case .keyword(.true), .keyword(.false): return false
        case .keyword: return kind(1) != .symbol(.colon)
        case .identifier:
            var ahead = 1
            while kind(ahead) == .symbol(.comma), kind(ahead + 1) == .identifier, followsInLine(ahead + 1) { ahead += 2 }
            let isState = ["state", "next"].contains(text(token)) && kind(1) == .identifier && followsInLine(1)
            return isState || isTrainingStatement || kind(ahead) == .symbol(.assign)
        default: return false
        }
    }

    /// Skips what is left of the statement that began at token `first`: to the next one of the same braces, or to the
    /// brace that closes them.
    mutating func skipStatement(_ first: Int) {
        var braces = 0, brackets = 0
        while kind() != .end {
            if index > first && token.startsLine {
                if beginsDeclaration { return }
                if braces == 0 && !isContinuation && (brackets == 0 || beginsStatement) { return }
            }
            switch kind() {
            case .symbol(.leftBrace): braces += 1
            case .symbol(.rightBrace):
                if braces == 0 { return }
                braces -= 1
            case .symbol(let symbol) where symbol.closing != nil: brackets += 1
            case .symbol(let symbol) where symbol.closes: brackets = max(brackets - 1, 0)
            default: break
            }
            advance()
        }
    }

    /// Whether the next token begins a declaration that is not indented, so that it must be outside of all braces.
    var beginsDeclaration: Bool {
        guard isNext(.block) || isNext(.model) || isNext(.training) || isNext(.import), kind(1) != .symbol(.assign) else { return false }
        let start = token.bytes.lowerBound
        return start == 0 || file.bytes[start - 1] == UInt8(ascii: "\n")
    }

    /// Whether the next token cannot begin a statement, so that its line goes on with the one above.
    private var isContinuation: Bool {
        guard case .symbol(let symbol) = kind() else { return false }
        return symbol != .rightBrace
    }

    /// Skips to the comma or bracket that ends an item of the open bracket, or to where the bracket must have been
    /// forgotten.
    private mutating func skipItem() {
        var depth = 0
        while kind() != .end, !beginsStatement {
            if case .symbol(let symbol) = kind() {
                if symbol == .leftBrace || symbol == .rightBrace { return }
                if depth == 0 && (symbol == .comma || symbol.closes) { return }
                if symbol.closing != nil { depth += 1 }
                if symbol.closes { depth -= 1 }
            }
            advance()
        }
    }

    /// Items between commas up to `closing`, the opening bracket being taken. A comma may follow the last one.
    /// - Parameter item: reads one, or throws after it reported; the next is read then.
    mutating func items(
        from opening: SourceRange, to closing: Symbol, _ what: String, _ item: (inout Parser) throws(Abandoned) -> Void
    ) throws(Abandoned) {
        closers.append(closing)
        defer { closers.removeLast() }
        while !take(closing) {
            // After a comma a name and `=` are an argument that is labelled as in Python.
            let isItem = kind() == .identifier && tokens[index - 1].kind == .symbol(.comma)
            if beginsStatement && !isItem { throw unclosed(opening, closing) }
            var isWhole = true
            do throws(Abandoned) { try nested(item) } catch { isWhole = false; skipItem() }
            if isNext(closing) || take(.comma) { continue }
            if !isWhole || beginsStatement || isNext(.leftBrace) { throw unclosed(opening, closing) }
            _ = missing("`,` or `\(closing.rawValue)` after \(what)", help: adviceInExpression)
            if case .symbol(let symbol) = kind(), symbol.closes, symbol != .rightBrace {
                // Instead of this bracket, or that of one further out.
                if !closers.contains(symbol) { advance() }
                return
            }
            skipItem()
            if !isNext(closing) && !take(.comma) { throw unclosed(opening, closing) }
        }
    }

    private mutating func unclosed(_ opening: SourceRange, _ closing: Symbol) -> Abandoned {
        // A text that is not closed has taken the rest of its line with it.
        if tokens[index - 1].kind == .unknown { return Abandoned() }
        if let comment = hidingComments.first(where: { $0.start > opening.start && $0.start < token.bytes.lowerBound }) {
            let note = Diagnostic.Note("`//` begins a comment; the floor of a quotient is `a ~/ b`", at: comment)
            report("`\(opening.text)` is not closed", at: opening, notes: [note])
            return Abandoned()
        }
        report(
            "`\(opening.text)` is not closed", at: opening,
            help: kind() == .end
                ? nil : "`\(closing.rawValue)` is missing before \(found) of line \(range(token).position.line)")
        return Abandoned()
    }

    /// Looks for `width // 2`, which is no quotient here: a comment that is a number alone behind a name, number or
    /// index is refused, because the value would be another one and nobody would know.
    mutating func noteQuotient(_ comment: Token) {
        let words = text(comment).dropFirst(2).trimmingPrefix { $0 == " " }
        switch tokens.last?.kind {
        case .identifier, .integer, .symbol(.rightBracket):
            guard !words.isEmpty, words.allSatisfy({ $0.isASCII && $0.isNumber }) else { break }
            let help = "the floor of a quotient is `a ~/ \(words)`; say in a word what the number is if it is a comment"
            errors.append(Diagnostic("`//` begins a comment", at: range(comment), help: help))
        default: break
        }
        if words.count(where: { $0 == ")" || $0 == "]" }) > words.count(where: { $0 == "(" || $0 == "[" }) {
            hidingComments.append(range(comment))
        }
    }

    /// Advice for what other languages write where this one expects an operator or the end.
    var adviceInExpression: String? {
        guard !token.startsLine else { return nil }
        if index > 0, text(tokens[index - 1]) == "not" { return "did you mean `!`?" }
        switch token.kind {
        case .identifier:
            switch text(token) {
            case "and": return "did you mean `&&`?"
            case "or": return "did you mean `||`?"
            case "mod": return "did you mean `%`?"
            case "div": return "did you mean `~/`?"
            case "elif", "elseif": return "write `else if`"
            default: return nil
            }
        case .keyword(.if): return "a choice is written `condition ? a : b`"
        case .keyword(.for): return "a list is written out, or made by statements; `for` is a statement"
        case .symbol(.assign): return "equality is `==`"
        default: return nil
        }
    }
}
