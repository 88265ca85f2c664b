extension Parser {
    // expression := operators ("?" expression ":" expression)?
    mutating func expression() throws(Abandoned) -> ExpressionSyntax {
        try nested { parser throws(Abandoned) in
            let condition = try parser.operators(1)
            guard parser.take(.question) else { return condition }
            let yes = try parser.expression()
            try parser.expect(.colon, "after the first value of `?`", help: "a choice is written `condition ? a : b`")
            let no = try parser.expression()
            return parser.make(.conditional(condition, yes, no), from: condition.range)
        }
    }

    /// Operators that bind at least as close as `lowest`.
    // operators := unary (operator unary)*
    private mutating func operators(_ lowest: Int) throws(Abandoned) -> ExpressionSyntax {
        var left = try unary()
        var previous: BinaryOperator?
        while case .symbol(let symbol) = kind(), let binary = symbol.binary, binary.precedence >= lowest, binary != .power {
            if let previous, previous.precedence == binary.precedence, !binary.chains {
                report(
                    "`\(previous.rawValue)` and `\(binary.rawValue)` do not chain", at: range(token),
                    help: binary.precedence == BinaryOperator.less.precedence ? "write `a < b && b < c`" : nil)
            }
            previous = binary
            let place = range(advance())
            let right = try operators(binary.precedence + 1)
            left = make(.binary(binary, place, left, right), from: left.range)
        }
        return left
    }

    // unary := ("-" | "!") unary | postfix ("**" unary)?
    private mutating func unary() throws(Abandoned) -> ExpressionSyntax {
        let start = range(token)
        for (symbol, sign) in [(Symbol.minus, UnaryOperator.negate), (.not, .not)] where take(symbol) {
            let operand = try nested { parser throws(Abandoned) in try parser.unary() }
            return make(.unary(sign, operand), from: start)
        }
        let base = try postfix()
        guard isNext(.power) else { return base }
        let place = range(advance())
        let exponent = try nested { parser throws(Abandoned) in try parser.unary() }
        return make(.binary(.power, place, base, exponent), from: base.range)
    }

    // postfix := primary ("." name | "(" arguments ")" | "[" indices "]")*
    // A call or an index begins in the line of what it follows; a point may begin the next.
    private mutating func postfix() throws(Abandoned) -> ExpressionSyntax {
        var value = try primary()
        while case .symbol(let symbol) = kind() {
            let opening = range(token)
            switch symbol {
            case .point:
                advance()
                guard isWord(), !token.startsLine else { throw missing("a name after `.`") }
                value = make(.member(value, anyName()), from: value.range)
            case .leftParenthesis where !token.startsLine:
                advance()
                var arguments: [ArgumentSyntax] = []
                try items(from: opening, to: .rightParenthesis, "an argument") { parser throws(Abandoned) in
                    arguments.append(try parser.argument())
                }
                value = make(.call(value, arguments), from: value.range)
            case .leftBracket where !token.startsLine:
                advance()
                var indices: [IndexSyntax] = []
                try items(from: opening, to: .rightBracket, "an index") { parser throws(Abandoned) in
                    indices.append(try parser.indexItem())
                }
                if indices.isEmpty {
                    report("there is no index between `[` and `]`", at: opening, help: "for example `x[0]` or `x[:, 1:3]`")
                }
                value = make(.indexed(value, indices), from: value.range)
            default: return value
            }
        }
        return value
    }

    // arguments := (argument ",")*
    // argument := (name ":")? expression
    mutating func argument() throws(Abandoned) -> ArgumentSyntax {
        if isWord(), kind(1) == .symbol(.assign) {
            let name = anyName()
            report(
                "expected `:` after the label `\(name.name)`, found `=`", at: range(advance()),
                help: "arguments are labelled `\(name.name): …`")
            return ArgumentSyntax(label: name, value: try expression())
        }
        return ArgumentSyntax(label: label(), value: try expression())
    }

    // indices := (index ",")*
    // index := expression | expression? ":" expression? (":" expression?)?
    private mutating func indexItem() throws(Abandoned) -> IndexSyntax {
        let start = range(token)
        let from = isNext(.colon) ? nil : try expression()
        guard take(.colon) else { return .element(from ?? ExpressionSyntax(.invalid, at: start)) }
        let to = try bound()
        let step = take(.colon) ? try bound() : nil
        return .slice(from: from, to: to, step: step, range: range(from: start))
    }

    /// An end or step of a slice, which may be left out.
    private mutating func bound() throws(Abandoned) -> ExpressionSyntax? {
        isNext(.colon) || isNext(.comma) || isNext(.rightBracket) ? nil : try expression()
    }

    // primary := literal | name | "(" expression ")" | "[" (expression ",")* "]" | ".infinity"
    // literal := integer | number | text | "true" | "false"
    private mutating func primary() throws(Abandoned) -> ExpressionSyntax {
        let start = range(token)
        // The value was forgotten, and the next line is a statement of its own.
        if beginsStatement { throw missing("a value") }
        switch kind() {
        case .integer:
            let digits = text(advance()).filter { $0 != "_" }
            guard let value = Int(digits) else {
                report("the integer \(digits) is too large", at: start, help: "integers go to \(Int.max)")
                return make(.invalid, from: start)
            }
            return make(.integer(value), from: start)
        case .number:
            let digits = text(advance()).filter { $0 != "_" }
            guard let value = Double(digits), value.isFinite else {
                report("the number \(digits) is too large", at: start, help: "for no bound at all there is `.infinity`")
                return make(.invalid, from: start)
            }
            return make(.number(value), from: start)
        case .keyword(.true), .keyword(.false):
            return make(.boolean(advance().kind == .keyword(.true)), from: start)
        case .text: return make(.text(try textPieces()), from: start)
        case .unknown:
            advance()
            return make(.invalid, from: start)
        case .identifier:
            let name = text(advance())
            if name == "_" { report("`_` has no value", at: start, help: "it discards a part on the left of `=`") }
            return make(name == "_" ? .invalid : .name(name), from: start)
        case .symbol(.leftParenthesis):
            advance()
            return try parenthesised(start)
        case .symbol(.leftBracket):
            advance()
            return make(.list(try expressions(from: start, to: .rightBracket, "a value")), from: start)
        case .symbol(.point): return try afterPoint(start)
        default: throw missing("a value", help: adviceInExpression)
        }
    }

    /// Values between commas, the opening bracket being taken.
    mutating func expressions(
        from opening: SourceRange, to closing: Symbol, _ what: String
    ) throws(Abandoned) -> [ExpressionSyntax] {
        var values: [ExpressionSyntax] = []
        try items(from: opening, to: closing, what) { parser throws(Abandoned) in values.append(try parser.expression()) }
        return values
    }

    /// `(` was taken.
    private mutating func parenthesised(_ opening: SourceRange) throws(Abandoned) -> ExpressionSyntax {
        let values = try expressions(from: opening, to: .rightParenthesis, "a value")
        guard values.count == 1 else {
            let found = values.isEmpty ? "there is no value between `(` and `)`" : "parentheses hold one value, here are \(values.count)"
            report(found, at: opening, help: "a list is written `[a, b]`")
            return make(.invalid, from: opening)
        }
        // The range takes in the parentheses, so that marks and the operators around it do.
        return make(values[0].kind, from: opening)
    }

    /// `.infinity`, or what is none.
    private mutating func afterPoint(_ start: SourceRange) throws(Abandoned) -> ExpressionSyntax {
        advance()
        if isWord(), !token.startsLine {
            let name = anyName()
            if name.name == "infinity" { return make(.number(.infinity), from: start) }
            report(
                "`.\(name.name)` follows no value", at: range(from: start),
                help: nearestName(to: name.name, among: ["infinity"]).map { "did you mean `.\($0)`?" }
                    ?? "a choice among names is a text, `\"\(name.name)\"`")
            return make(.invalid, from: start)
        }
        if kind() == .integer, !token.startsLine {
            report(
                "`.\(text(token))` has no digits before the point", at: start.through(range(token)),
                help: "write `0.\(text(token))`")
            advance()
            return make(.invalid, from: start)
        }
        report("this `.` follows no value", at: start)
        throw Abandoned()
    }

    /// A node from `start` to the last token; one that would be too deep is reported and left out.
    private mutating func make(_ kind: ExpressionSyntax.Kind, from start: SourceRange) -> ExpressionSyntax {
        let made = ExpressionSyntax(kind, at: range(from: start))
        guard made.depth > Limits.depth else { return made }
        report(
            "the expression has more than \(Limits.depth) levels", at: start,
            help: "give parts of it names of their own")
        return ExpressionSyntax(.invalid, at: made.range)
    }
}
