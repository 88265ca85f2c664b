/// Reads a model file: recursive descent, operators by precedence.
///
/// After a mistake reading goes on at the next argument, statement or declaration, so that one run finds many. The
/// grammar stands above each function.
public struct Parser {
    /// What no model file that people write reaches; beyond it a file is refused rather than the stack or memory used up.
    public enum Limits {
        /// Bytes of a file.
        public static let bytes = 1 << 20
        /// Brackets, braces, signs and texts within one another.
        public static let nesting = 100
        /// `ExpressionSyntax.depth`.
        public static let depth = 400
        /// Errors after which reading ends.
        public static let errors = 50
    }

    let file: SourceFile
    /// Without comments; the last is of kind `end`.
    var tokens: [Token]
    /// The text of the `///` lines before the token with this index.
    private(set) var documentation: [Int: String] = [:]
    var index = 0
    var nesting = 0
    /// What closes the open parentheses and brackets, outermost first.
    var closers: [Symbol] = []
    var errors: [Diagnostic] = []
    /// The first brace of the definition whose closing one is indented otherwise: if one is missing, it is this one's.
    var doubtfulBrace: SourceRange?
    /// Comments behind code that hold the end of a bracket: perhaps a floor of a quotient, written as in Python.
    var hidingComments: [SourceRange] = []
    /// Reading has ended early; nothing more is reported.
    var isStopped = false

    /// The tree of a file, and its errors in the order of the text.
    public static func parse(_ file: SourceFile) -> (tree: SyntaxTree, errors: [Diagnostic]) {
        guard file.bytes.count <= Limits.bytes else {
            let range = SourceRange(file: file, start: 0, end: 0)
            let message = "the file has \(file.bytes.count) bytes; a model file has at most \(Limits.bytes)"
            return (SyntaxTree(file: file), [Diagnostic(message, at: range)])
        }
        let (tokens, errors) = Lexer.tokens(of: file, 0..<file.bytes.count)
        var parser = Parser(file, tokens)
        let tree = parser.wholeFile()
        let found = (errors + parser.errors).sorted { $0.range.start < $1.range.start }
        return (tree, Array(found.prefix(Limits.errors)))
    }

    /// The one expression that a text is, such as a setting on the command line, or nil where it is none.
    static func value(_ file: SourceFile) -> ExpressionSyntax? {
        guard file.bytes.count <= Limits.bytes else { return nil }
        let (tokens, errors) = Lexer.tokens(of: file, 0..<file.bytes.count)
        var parser = Parser(file, tokens)
        guard errors.isEmpty, let value = try? parser.expression(), parser.errors.isEmpty, parser.kind() == .end else { return nil }
        return value
    }

    private init(_ file: SourceFile, _ all: [Token]) {
        self.file = file
        tokens = []
        var lines: [String] = []
        for token in all {
            if token.kind == .comment && !token.startsLine { noteQuotient(token) }
            if token.kind == .documentation && token.startsLine {
                lines.append(String(file.text(token.bytes).dropFirst(3).trimmingPrefix(" ")))
            } else if !token.isComment {
                if !lines.isEmpty { documentation[tokens.count] = lines.joined(separator: "\n") }
                lines = []
                tokens.append(token)
            }
        }
    }
}

/// Thrown where a construct cannot be read on, after the mistake was reported.
struct Abandoned: Error {}

// Looking at tokens.
extension Parser {
    var token: Token { tokens[index] }

    func kind(_ ahead: Int = 0) -> Token.Kind { tokens[min(index + ahead, tokens.count - 1)].kind }

    /// Whether the token `ahead` stands in the line of the one before it.
    func followsInLine(_ ahead: Int) -> Bool { !tokens[min(index + ahead, tokens.count - 1)].startsLine }

    func isNext(_ symbol: Symbol) -> Bool { token.kind == .symbol(symbol) }
    func isNext(_ keyword: Keyword) -> Bool { token.kind == .keyword(keyword) }

    func text(_ token: Token) -> String { file.text(token.bytes) }
    func range(_ token: Token) -> SourceRange {
        SourceRange(file: file, start: token.bytes.lowerBound, end: token.bytes.upperBound)
    }

    /// Just behind the token before this one: where something is missing.
    var gap: SourceRange {
        guard index > 0 else { return range(token) }
        let end = tokens[index - 1].bytes.upperBound
        return SourceRange(file: file, start: end, end: end)
    }

    /// From `start` to the end of the last token taken.
    func range(from start: SourceRange) -> SourceRange {
        index > 0 ? start.through(range(tokens[index - 1])) : start
    }

    /// How a message speaks of the next token.
    var found: String {
        switch token.kind {
        case .end: "the end of the file"
        case .text, .unknown: text(token).count > 20 ? "a text" : "`\(text(token))`"
        default: "`\(text(token))`"
        }
    }
}

// Taking tokens.
extension Parser {
    /// Takes the next token; the last one stays.
    @discardableResult mutating func advance() -> Token {
        defer { if index < tokens.count - 1 { index += 1 } }
        return token
    }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard isNext(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(_ keyword: Keyword) -> Bool {
        guard isNext(keyword) else { return false }
        advance()
        return true
    }

    /// Takes `symbol` or reports that it is missing, `where` it belongs, such as "after the name".
    mutating func expect(_ symbol: Symbol, _ place: String, help: String? = nil) throws(Abandoned) {
        if take(symbol) { return }
        throw missing("`\(symbol.rawValue)` \(place)", help: help)
    }

    /// Reports that `what` should be here. Where the line ends the place is the line's end.
    mutating func missing(_ what: String, help: String? = nil) -> Abandoned {
        if token.startsLine && index > 0 {
            let ending = kind() != .end ? "line" : token.bytes.upperBound < file.bytes.count ? "text" : "file"
            report("expected \(what), but the \(ending) ends", at: gap, help: help)
        } else {
            report("expected \(what), found \(found)", at: range(token), help: help)
        }
        return Abandoned()
    }

    mutating func report(_ message: String, at range: SourceRange, help: String? = nil, notes: [Diagnostic.Note] = []) {
        // Of what the lexer reported, and of a place that was reported, nothing more is said.
        if token.kind == .unknown && range.start == token.bytes.lowerBound { return }
        if isStopped || errors.contains(where: { $0.range.start == range.start }) { return }
        errors.append(Diagnostic(message, at: range, help: help, notes: notes))
        if errors.count >= Limits.errors { stop() }
    }

    /// Reads nothing more.
    mutating func stop() {
        isStopped = true
        index = tokens.count - 1
    }

    /// A name; words of the language are refused.
    mutating func name(_ what: String, help: String? = nil) throws(Abandoned) -> IdentifierSyntax {
        if case .keyword(let word) = kind(), !token.startsLine {
            report(
                "`\(word.rawValue)` is a word of the language, not a name", at: range(token),
                help: "choose another name, such as `\(word.rawValue)_`")
            return IdentifierSyntax(name: word.rawValue, range: range(advance()))
        }
        guard kind() == .identifier else { throw missing(what, help: help) }
        return anyName()
    }

    /// The next token as a name, whatever it is: labels and members may be words of the language.
    mutating func anyName() -> IdentifierSyntax {
        let token = advance()
        return IdentifierSyntax(name: text(token), range: range(token))
    }

    /// Whether a token `ahead` is a word, of the language or not.
    func isWord(_ ahead: Int = 0) -> Bool {
        switch kind(ahead) {
        case .identifier, .keyword: true
        default: false
        }
    }

    /// Reads one level further in; beyond the limit reading ends.
    mutating func nested<R>(_ body: (inout Parser) throws(Abandoned) -> R) throws(Abandoned) -> R {
        if nesting >= Limits.nesting {
            report(
                "more than \(Limits.nesting) levels of brackets, signs and braces within one another", at: range(token),
                help: "give parts of it names of their own")
            stop()
            throw Abandoned()
        }
        nesting += 1
        defer { nesting -= 1 }
        return try body(&self)
    }
}
