/// The canonical layout of a model file, as `dlc format` writes it. It changes blanks and line ends alone:
///
/// - four blanks for each level of brackets, and for a line that goes on with the one above;
/// - one blank around operators, `=`, and the signs of a choice, and after `,` and the `:` of labels and types; none
///   inside of parentheses, around ranges and the `:` of slices, and after a sign;
/// - line breaks stay where they are, except that `{` stands in the line of its head and `else` in that of its brace; no
///   more than one empty line in a row, and exactly one between declarations.
///
/// Comments stay with the line that they follow or precede. What a text interpolates stays as it is. Formatting twice
/// changes nothing more.
public struct SourceFormatter {
    let file: SourceFile
    /// Comments included.
    let tokens: [Token]
    /// For each token its index or, for a comment, that of the next token that is none.
    let nextCode: [Int]
    var output = ""
    /// The levels of the line being written.
    var lineIndent = 0
    /// The open brackets, innermost last; the first stands for the file.
    var open = [Bracket(symbol: nil, indent: -1, isIndex: false)]
    /// The last two tokens written that are no comments.
    var previous: Token?
    var beforePrevious: Token?
    /// Whether `previous` is a sign, or the colon of a slice: no blank follows.
    var bindsNext = false

    struct Bracket {
        /// Nil for the file.
        var symbol: Symbol?
        /// The levels of the line in which it opens.
        var indent: Int
        /// Whether it is that of `x[…]`, where `:` makes a slice.
        var isIndex: Bool
        /// The choices, `c ? a`, whose `:` is still to come.
        var choices = 0
    }

    /// - Throws: `ModelErrors` for a file that cannot be read; its layout would be guesswork.
    public static func format(_ file: SourceFile) throws -> String {
        let errors = Parser.parse(file).errors
        if !errors.isEmpty { throw ModelErrors(errors) }
        var formatter = SourceFormatter(file)
        formatter.write()
        return formatter.output
    }

    private init(_ file: SourceFile) {
        self.file = file
        tokens = Lexer.tokens(of: file, 0..<file.bytes.count).tokens.dropLast()
        var next = Array(tokens.indices)
        for index in tokens.indices.reversed() where tokens[index].isComment {
            next[index] = index + 1 < next.count ? next[index + 1] : tokens.count
        }
        nextCode = next
    }

    private mutating func write() {
        for (index, token) in tokens.enumerated() {
            let isColonOfChoice = token.kind == .symbol(.colon) && open[open.count - 1].choices > 0
            if index > 0 {
                let before = tokens[index - 1]
                let breaks = file.lineIndex(token.bytes.lowerBound) - file.lineIndex(before.bytes.upperBound)
                if breaks > 0 && !joins(token, before) {
                    let isApart = beginsDeclaration(index) || (breaks > 1 && !isTight(token, before))
                    lineIndent = indent(index)
                    output += (isApart ? "\n\n" : "\n") + String(repeating: "    ", count: lineIndent)
                } else if token.isComment || isColonOfChoice || isBlank(before: token) {
                    output += " "
                }
            }
            output += text(token)
            if !token.isComment { take(token, isColonOfChoice) }
        }
        if !output.isEmpty { output += "\n" }
    }

    private func text(_ token: Token) -> String {
        let text = file.text(token.bytes)
        guard token.isComment else { return text }
        // A blank begins what a comment says, unless it is a rule of slashes.
        let slashes = text.prefix { $0 == "/" }
        let words = text.dropFirst(slashes.count)
        return words.isEmpty || words.first == " " || words.first == "\t" ? text : "\(slashes) \(words)"
    }

    /// Keeps account of a token that was written.
    private mutating func take(_ token: Token, _ isColonOfChoice: Bool) {
        let last = open.count - 1
        bindsNext = false
        if case .symbol(let symbol) = token.kind {
            switch symbol {
            case .not: bindsNext = true
            case .minus: bindsNext = !endsValue(previous, beforePrevious)
            case .question: open[last].choices += 1
            case .colon:
                if isColonOfChoice { open[last].choices -= 1 } else { bindsNext = open[last].isIndex }
            case _ where symbol.closing != nil:
                let isIndex = symbol == .leftBracket && endsValue(previous, beforePrevious)
                open.append(Bracket(symbol: symbol, indent: lineIndent, isIndex: isIndex))
            case _ where symbol.closes && last > 0: open.removeLast()
            default: break
            }
        }
        (beforePrevious, previous) = (previous, token)
    }
}
