// The statements that trainings alone have, and `metadata`, which models have too. Their words are names elsewhere.
extension Parser {
    static let trainingWords = ["minimize", "freeze", "rates", "follow", "predict", "metadata"]

    /// Whether the next token begins such a statement: something that is no assignment follows it in its line.
    var isTrainingStatement: Bool {
        guard kind() == .identifier, Self.trainingWords.contains(text(token)), followsInLine(1) else { return false }
        switch kind(1) {
        case .identifier, .integer, .number, .text, .unknown, .keyword(.true), .keyword(.false): return true
        case .symbol(let symbol): return symbol == .leftParenthesis || symbol == .leftBracket || symbol == .minus
        default: return false
        }
    }

    /// Whether such a word stands alone in its line, so that what it is about is missing.
    var isBareTrainingWord: Bool {
        guard token.startsLine, kind() == .identifier, Self.trainingWords.contains(text(token)), !followsInLine(1) else { return false }
        if case .symbol(let symbol) = kind(1) { return symbol == .rightBrace }
        return true
    }

    mutating func trainingStatement() throws(Abandoned) -> StatementSyntax.Kind {
        let word = anyName().name
        switch word {
        case "minimize":
            let loss = try operand("a loss")
            return .minimize(loss, try options(of: word))
        case "freeze":
            var patterns = [try operand("a pattern")]
            while take(.comma) { patterns.append(try expression()) }
            return .freeze(patterns)
        case "rates":
            return .rates(
                try pairs("a pattern", help: "for example `rates \"features.*\": 0.1`").map { RateSyntax(pattern: $0, factor: $1) })
        case "metadata":
            return .metadata(
                try pairs("a key", help: "for example `metadata \"labels\": [\"cat\", \"dog\"]`").map { MetadataSyntax(key: $0, value: $1) }
            )
        case "predict":
            return .predicted(try labelledValues("predicted", after: word))
        default:
            let followers = try operand("a pattern")
            return .follow(followers, try options(of: word))
        }
    }

    private mutating func pairs(_ what: String, help: String) throws(Abandoned) -> [(ExpressionSyntax, ExpressionSyntax)] {
        var pairs: [(ExpressionSyntax, ExpressionSyntax)] = []
        repeat {
            let first = pairs.isEmpty ? try operand(what) : try expression()
            try expect(.colon, "after \(what)", help: help)
            pairs.append((first, try expression()))
        } while take(.comma)
        return pairs
    }

    // minimize := "minimize" expression options
    // freeze := "freeze" expression ("," expression)*
    // rates := "rates" expression ":" expression ("," expression ":" expression)*
    // follow := "follow" expression options
    // predict := "predict" (name ":")? expression ("," (name ":")? expression)*
    // metadata := "metadata" expression ":" expression ("," expression ":" expression)*
    // options := ("," name ":" expression)*
    private mutating func options(of word: String) throws(Abandoned) -> [ArgumentSyntax] {
        var options: [ArgumentSyntax] = []
        while take(.comma) {
            let start = range(token)
            let option = try argument()
            guard let label = option.label else {
                report(
                    "what follows the first value of `\(word)` is labelled", at: option.value.range,
                    help: word == "minimize" ? "for example `by: adam(1e-3)`" : nil)
                continue
            }
            if options.contains(where: { $0.label?.name == label.name }) { report("`\(label.name)` is given twice", at: start) }
            options.append(option)
        }
        return options
    }
}
