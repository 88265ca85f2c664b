/// The smallest part of a model file that has a meaning, comments included.
struct Token: Sendable {
    enum Kind: Hashable, Sendable {
        case identifier
        case keyword(Keyword)
        case symbol(Symbol)
        case integer, number
        /// With its quotes and all that is interpolated in it.
        case text
        /// `// …` and `/// …`, to the end of the line.
        case comment, documentation
        /// Reported by the lexer; the parser takes it for a value.
        case unknown
        case end
    }

    var kind: Kind
    /// Bytes of the file.
    var bytes: Range<Int>
    /// Whether it is the first of its line, comments aside.
    var startsLine: Bool

    var isComment: Bool { kind == .comment || kind == .documentation }
}

/// Words that cannot be names of values. `state`, `next` and the statements of trainings are words of the language only at
/// the beginning of a statement, because they are good names.
enum Keyword: String, CaseIterable, Sendable {
    case `import`, block, model, training, `for`, `in`, `repeat`, `if`, `else`, `return`, check, `true`, `false`
}

enum Symbol: String, CaseIterable, Sendable {
    case leftParenthesis = "(", rightParenthesis = ")", leftBracket = "[", rightBracket = "]"
    case leftBrace = "{", rightBrace = "}"
    case comma = ",", colon = ":", point = ".", question = "?", assign = "="
    case halfOpenRange = "..<", closedRange = "..."
    case or = "||", and = "&&", not = "!"
    case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
    case plus = "+", minus = "-", power = "**", times = "*", divide = "/", floorDivide = "~/", remainder = "%"
    case matrixProduct = "@"

    /// The bracket that closes this one, or nil.
    var closing: Symbol? {
        switch self {
        case .leftParenthesis: .rightParenthesis
        case .leftBracket: .rightBracket
        case .leftBrace: .rightBrace
        default: nil
        }
    }

    var closes: Bool { self == .rightParenthesis || self == .rightBracket || self == .rightBrace }

    var binary: BinaryOperator? { BinaryOperator(rawValue: rawValue) }

    /// By length, the longest first, so that the first that fits is the right one.
    static let byLength = allCases
        .map { (symbol: $0, bytes: Array($0.rawValue.utf8)) }
        .sorted { $0.bytes.count > $1.bytes.count }
}
