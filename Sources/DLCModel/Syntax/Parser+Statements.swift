extension Parser {
    // body := "{" statement* "}"
    mutating func body(_ what: String) throws(Abandoned) -> [StatementSyntax] {
        let opening = range(token)
        try expect(.leftBrace, "before the body \(what)")
        var statements: [StatementSyntax] = []
        var returned: SourceRange?
        while !take(.rightBrace) {
            if kind() == .end || beginsDeclaration {
                let help = kind() == .end ? nil : "`}` is missing before line \(range(token).position.line)"
                report("`{` is not closed", at: doubtfulBrace ?? opening, help: help)
                return statements
            }
            let (first, start) = (index, range(token))
            do throws(Abandoned) {
                let kind = try nested { parser throws(Abandoned) in try parser.statement() }
                let statement = StatementSyntax(kind: kind, range: range(from: start))
                if let returned {
                    report(
                        "this statement is never reached", at: statement.range,
                        notes: [.init("`return` ends the block", at: returned)])
                }
                if case .returned = statement.kind { returned = returned ?? start }
                statements.append(statement)
                try endOfStatement()
            } catch {
                skipStatement(first)
            }
        }
        let closing = tokens[index - 1]
        if closing.startsLine, doubtfulBrace == nil, file.indent(closing.bytes.lowerBound) != file.indent(opening.start) {
            doubtfulBrace = opening
        }
        return statements
    }

    /// A statement ends with its line, or where its braces do.
    mutating func endOfStatement() throws(Abandoned) {
        if token.startsLine || isNext(.rightBrace) { return }
        if case .symbol(let symbol) = kind(), symbol.closes {
            report("this `\(symbol.rawValue)` closes nothing", at: range(token))
        } else {
            report("expected the end of the line, found \(found)", at: range(token), help: adviceInExpression)
        }
        throw Abandoned()
    }

    /// Skips what is left of the head of a statement, to the brace that opens its body.
    mutating func skipToBrace() {
        while kind() != .end, !isNext(.leftBrace), !isNext(.rightBrace), !beginsStatement { advance() }
    }

    // statement := for | repeat | if | return | check | state | next | request | assignment
    // request := minimize | freeze | rates | follow | predict | metadata
    // repeat := "repeat" expression body
    // check := "check" expression ("," expression)?
    private mutating func statement() throws(Abandoned) -> StatementSyntax.Kind {
        switch kind() {
        case .keyword(let word) where kind(1) == .symbol(.assign):
            report(
                "`\(word.rawValue)` is a word of the language, not a name", at: range(token),
                help: "choose another name, such as `\(word.rawValue)_`")
            throw Abandoned()
        case .keyword(.for): return try forEach()
        case .keyword(.repeat):
            advance()
            let count = try head()
            return .repeated(count, body: try body("of `repeat`"))
        case .keyword(.if): return try conditional()
        case .keyword(.return): return try returned()
        case .keyword(.check):
            advance()
            let condition = try operand("a condition")
            return .check(condition, message: take(.comma) ? try operand("the message") : nil)
        case .keyword(.else):
            report("this `else` belongs to no `if`", at: range(token))
            throw Abandoned()
        case .keyword(.block), .keyword(.model), .keyword(.training), .keyword(.import), .keyword(.in):
            report(
                "\(found) begins no statement", at: range(token),
                help: isNext(.in) ? nil : "declarations stand outside of braces")
            throw Abandoned()
        case .identifier where isTrainingStatement || isBareTrainingWord: return try trainingStatement()
        case .identifier where kind(1) == .identifier && followsInLine(1): return try twoWords()
        default: return try assignment()
        }
    }

    /// `state h: f32[1, 256] = 0.5`, `next h = e`, or a mistake.
    // state := "state" name ":" type ("=" expression)?
    // next := "next" name "=" expression
    private mutating func twoWords() throws(Abandoned) -> StatementSyntax.Kind {
        let word = anyName()
        switch word.name {
        case "state":
            let name = try name("the name of the state")
            try expect(.colon, "after the name of a state", help: "for example `state \(name.name): f32[1, 256]`")
            let type = try type()
            return .state(name, type, initial: take(.assign) ? try operand("the value before the first run") : nil)
        case "next":
            let name = try name("the name of a state")
            try expect(.assign, "after `next \(name.name)`")
            return .next(name, try operand("a value"))
        case "let", "var", "const", "def", "func":
            report(
                "`\(word.name)` is no word of the language", at: word.range,
                help: "a value is named by `\(text(token)) = …`, a block is `block name(x) { … }`")
        case "while":
            report(
                "`while` is no word of the language", at: word.range,
                help: "loops are `for i in 0..<n { … }` and `repeat n { … }`")
        case "elif":
            report("`elif` is no word of the language", at: word.range, help: "write `else if`")
        default:
            let near = nearestName(to: word.name, among: ["return", "for", "repeat", "if", "state", "next", "check"] + Self.trainingWords)
            report(
                "expected a statement, found `\(word.name) \(text(token))`", at: word.range,
                help: near.map { "did you mean `\($0)`?" } ?? "a value is named by `name = …`")
        }
        throw Abandoned()
    }

    /// The expression between a keyword and the brace of its body. Where it cannot be read, the body is all the same.
    private mutating func head() throws(Abandoned) -> ExpressionSyntax {
        let start = range(token)
        do throws(Abandoned) {
            let value = try operand("a value")
            if !isNext(.leftBrace) { throw missing("`{` before the body", help: adviceInExpression) }
            return value
        } catch {
            skipToBrace()
            if !isNext(.leftBrace) { throw error }
            return ExpressionSyntax(.invalid, at: start)
        }
    }

    /// An expression that must stand in the line.
    mutating func operand(_ what: String) throws(Abandoned) -> ExpressionSyntax {
        if token.startsLine { throw missing(what) }
        return try expression()
    }

    // for := "for" name "in" expression body
    private mutating func forEach() throws(Abandoned) -> StatementSyntax.Kind {
        advance()
        var variable = IdentifierSyntax(name: "_", range: range(token))
        do throws(Abandoned) {
            variable = try name("a name after `for`", help: "for example `for i in 0..<4 { … }`")
            guard take(.in) else {
                throw missing("`in` after the loop's variable", help: "for example `for \(variable.name) in 0..<4 { … }`")
            }
        } catch {
            skipToBrace()
            if !isNext(.leftBrace) { throw error }
            return .forEach(variable, in: ExpressionSyntax(.invalid, at: variable.range), body: try body("of `for`"))
        }
        let sequence = try head()
        return .forEach(variable, in: sequence, body: try body("of `for`"))
    }

    // if := "if" expression body ("else" "if" expression body)* ("else" body)?
    private mutating func conditional() throws(Abandoned) -> StatementSyntax.Kind {
        var branches: [StatementSyntax.Branch] = []
        while take(.if) {
            let condition = try head()
            branches.append(.init(condition: condition, body: try body("of `if`")))
            guard take(.else) else { return .conditional(branches, otherwise: nil) }
        }
        return .conditional(branches, otherwise: try body("of `else`"))
    }

    // return := "return" (name ":")? expression ("," (name ":")? expression)*
    private mutating func returned() throws(Abandoned) -> StatementSyntax.Kind {
        advance()
        return .returned(try labelledValues("returned", after: "return"))
    }

    /// Values with their labels, the word before them being taken.
    mutating func labelledValues(_ done: String, after word: String) throws(Abandoned) -> [ReturnedSyntax] {
        var values: [ReturnedSyntax] = []
        repeat {
            if token.startsLine && values.isEmpty { throw missing("a value after `\(word)`") }
            let label = label()
            if let label, values.contains(where: { $0.label?.name == label.name }) {
                report("`\(label.name)` is \(done) already", at: label.range)
            }
            values.append(ReturnedSyntax(label: label, value: try expression()))
        } while take(.comma)
        return values
    }

    /// The label before a value, with its colon, if there is one.
    mutating func label() -> IdentifierSyntax? {
        guard isWord(), kind(1) == .symbol(.colon) else { return nil }
        let name = anyName()
        advance()
        return name
    }

    // assignment := name ("," name)* "=" expression
    private mutating func assignment() throws(Abandoned) -> StatementSyntax.Kind {
        var ahead = 0
        while isWord(ahead), kind(ahead + 1) == .symbol(.comma) { ahead += 2 }
        guard kind() == .identifier, isWord(ahead), kind(ahead + 1) == .symbol(.assign) else { throw try noStatement() }
        var names = [try name("a name")]
        while take(.comma) {
            let name = try name("a name")
            if name.name != "_", names.contains(where: { $0.name == name.name }) {
                report("`\(name.name)` stands here twice", at: name.range)
            }
            names.append(name)
        }
        advance()
        let value = try operand("a value after `=`")
        if names.count > 1, isNext(.comma) {
            report("one value stands behind `=`, with a part for each name", at: range(token), help: "write a line for each name")
            throw Abandoned()
        }
        return .assign(names, value)
    }

    /// Reports a line that is an expression, or nearly one.
    private mutating func noStatement() throws(Abandoned) -> Abandoned {
        let start = range(token)
        if kind() == .identifier, case .symbol(let symbol) = kind(1), symbol.binary != nil, kind(2) == .symbol(.assign) {
            let name = anyName().name
            report(
                "`\(symbol.rawValue)=` is not an operator", at: range(token),
                help: "write `\(name) = \(name) \(symbol.rawValue) …`")
            return Abandoned()
        }
        let value = try expression()
        if isNext(.assign) {
            report(
                "only a name can stand before `=`", at: value.range,
                help: "tensors do not change; give the new one a name")
        } else if isNext(.colon), case .name(let name) = value.kind {
            report(
                "expected `=` after `\(name)`, found `:`", at: range(token),
                help: "types are written for inputs and states only")
        } else {
            try endOfStatement()
            report(
                "the value of this line is not used", at: range(from: start),
                help: "give it a name, `y = …`, or return it")
        }
        return Abandoned()
    }
}
