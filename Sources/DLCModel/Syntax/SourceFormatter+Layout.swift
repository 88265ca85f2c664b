// Lines.
extension SourceFormatter {
    /// Whether a token leaves its line for that of the token before it.
    func joins(_ token: Token, _ before: Token) -> Bool {
        switch token.kind {
        case .keyword(.else): before.kind == .symbol(.rightBrace)
        case .symbol(.leftBrace): !before.isComment
        default: false
        }
    }

    /// No empty line follows a bracket that opens or precedes one that closes.
    func isTight(_ token: Token, _ before: Token) -> Bool {
        if case .symbol(let symbol) = before.kind, symbol.closing != nil { return true }
        if case .symbol(let symbol) = token.kind { return symbol.closes }
        return false
    }

    /// Whether the token at `index` is the first, comments included, of a declaration that an empty line must precede.
    /// Imports may stand together.
    func beginsDeclaration(_ index: Int) -> Bool {
        let before = tokens[index - 1]
        guard open.count == 1, !(before.isComment && before.startsLine) else { return false }
        switch codeToken(index)?.kind {
        case .keyword(.block), .keyword(.model), .keyword(.training): return true
        case .keyword(.import): return previous?.kind == .symbol(.rightBrace)
        default: return false
        }
    }

    /// The token at `index` or, where that is a comment, the next that is none.
    private func codeToken(_ index: Int) -> Token? {
        let code = nextCode[index]
        return code < tokens.count ? tokens[code] : nil
    }

    /// The levels of a line that begins with the token at `index`.
    func indent(_ index: Int) -> Int {
        let innermost = open[open.count - 1]
        if case .symbol(let symbol) = tokens[index].kind, symbol.closes { return innermost.indent }
        let goesOn = innermost.symbol == nil || innermost.symbol == .leftBrace ? continues(index) : false
        return innermost.indent + (goesOn ? 2 : 1)
    }

    /// Whether the line that begins with the token at `index` goes on with the statement above.
    private func continues(_ index: Int) -> Bool {
        if case .symbol(let symbol) = codeToken(index)?.kind, symbol.closing == nil, !symbol.closes { return true }
        if case .symbol(let symbol) = previous?.kind { return symbol.closing == nil && !symbol.closes }
        return false
    }
}

// Blanks.
extension SourceFormatter {
    /// Whether a blank stands between `previous` and a token of the same line; the `:` of a choice aside.
    func isBlank(before token: Token) -> Bool {
        if bindsNext { return false }
        if case .symbol(let symbol) = previous?.kind {
            switch symbol {
            case .leftParenthesis, .leftBracket, .point, .halfOpenRange, .closedRange: return false
            case .leftBrace where token.kind == .symbol(.rightBrace): return false
            case .comma where token.kind == .symbol(.rightBracket) || token.kind == .symbol(.rightParenthesis): return false
            default: break
            }
        }
        guard case .symbol(let symbol) = token.kind else { return true }
        switch symbol {
        case .comma, .rightParenthesis, .rightBracket, .halfOpenRange, .closedRange: return false
        case .point: return !endsValue(previous, beforePrevious)
        case .leftParenthesis, .leftBracket: return !endsValue(previous, beforePrevious)
        case .colon: return previous?.kind == .symbol(.comma)
        default: return true
        }
    }

    /// Whether a value ends with `token`, so that `(` after it calls, `[` indexes and `-` subtracts.
    func endsValue(_ token: Token?, _ before: Token?) -> Bool {
        switch token?.kind {
        case .identifier where token.map(beginsTrainingStatement) == true: false
        case .identifier, .integer, .number, .text, .keyword(.true), .keyword(.false): true
        case .symbol(let symbol): symbol == .rightParenthesis || symbol == .rightBracket
        case .keyword: before?.kind == .symbol(.point)
        default: false
        }
    }

    /// Whether a token is the word of a statement such as `minimize -x`.
    private func beginsTrainingStatement(_ token: Token) -> Bool {
        token.startsLine && open[open.count - 1].symbol == .leftBrace && Parser.trainingWords.contains(file.text(token.bytes))
    }
}
