public struct ExpressionSyntax: Sendable {
    public indirect enum Kind: Sendable {
        case integer(Int)
        /// A literal with a point or an exponent, or `.infinity`.
        case number(Double)
        case boolean(Bool)
        /// Text without interpolation is one literal piece, or none where it is empty.
        case text([TextPiece])
        case name(String)
        case list([ExpressionSyntax])
        case unary(UnaryOperator, ExpressionSyntax)
        /// The range is that of the operator.
        case binary(BinaryOperator, SourceRange, ExpressionSyntax, ExpressionSyntax)
        /// `condition ? a : b`
        case conditional(ExpressionSyntax, ExpressionSyntax, ExpressionSyntax)
        /// `f(a, b: c)`. For `x.f(a)` the callee is `member(x, f)`.
        case call(ExpressionSyntax, [ArgumentSyntax])
        /// `x.shape`
        case member(ExpressionSyntax, IdentifierSyntax)
        /// `x[:, 1:3, -1]`; at least one index.
        case indexed(ExpressionSyntax, [IndexSyntax])
        /// What could not be read; it was reported.
        case invalid
    }

    public let kind: Kind
    public let range: SourceRange
    /// Levels of the tree, this one included; the parser keeps it within `Parser.Limits.depth`, so that recursion over
    /// a tree is safe.
    public let depth: Int

    public init(_ kind: Kind, at range: SourceRange) {
        self.kind = kind
        self.range = range
        depth = 1 + kind.parts.reduce(0) { max($0, $1.depth) }
    }
}

extension ExpressionSyntax.Kind {
    /// The expressions directly under this one, in the order of the text.
    public var parts: [ExpressionSyntax] {
        switch self {
        case .integer, .number, .boolean, .name, .invalid: []
        case .text(let pieces): pieces.compactMap { if case .value(let value) = $0 { value } else { nil } }
        case .list(let items): items
        case .unary(_, let operand): [operand]
        case .binary(_, _, let left, let right): [left, right]
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .call(let callee, let arguments): [callee] + arguments.map(\.value)
        case .member(let base, _): [base]
        case .indexed(let base, let indices): [base] + indices.flatMap(\.parts)
        }
    }
}

/// A part of a text: letters as they are meant (escapes resolved), or the expression in `\(…)`.
public enum TextPiece: Sendable {
    case literal(String)
    case value(ExpressionSyntax)
}

/// `value` or `label: value`
public struct ArgumentSyntax: Sendable {
    public var label: IdentifierSyntax?
    public var value: ExpressionSyntax

    /// Of label and value.
    public var range: SourceRange { label?.range.through(value.range) ?? value.range }
}

/// One place between the brackets of `x[…]`.
public enum IndexSyntax: Sendable {
    /// `-1`: this element; the axis goes.
    case element(ExpressionSyntax)
    /// `from:to`, `from:to:step`; what is left out is nil.
    case slice(from: ExpressionSyntax?, to: ExpressionSyntax?, step: ExpressionSyntax?, range: SourceRange)

    public var range: SourceRange {
        switch self {
        case .element(let index): index.range
        case .slice(_, _, _, let range): range
        }
    }

    var parts: [ExpressionSyntax] {
        switch self {
        case .element(let index): [index]
        case .slice(let from, let to, let step, _): [from, to, step].compactMap(\.self)
        }
    }
}

public enum UnaryOperator: String, Sendable {
    case negate = "-", not = "!"
}

/// The operators between two operands, by their spelling. `//` begins a comment, so the floor of a quotient is `~/`.
public enum BinaryOperator: String, Sendable, CaseIterable {
    case or = "||", and = "&&"
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    case halfOpenRange = "..<", closedRange = "..."
    case add = "+", subtract = "-"
    case multiply = "*", divide = "/", floorDivide = "~/", remainder = "%", matrixProduct = "@"
    case power = "**"

    /// The higher, the closer it binds. Unary operators stand between products and powers: `-2 ** 2` is -4.
    public var precedence: Int {
        switch self {
        case .or: 1
        case .and: 2
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 3
        case .halfOpenRange, .closedRange: 4
        case .add, .subtract: 5
        case .multiply, .divide, .floorDivide, .remainder, .matrixProduct: 6
        case .power: 7
        }
    }

    /// Comparisons and ranges do not chain.
    var chains: Bool { precedence != 3 && precedence != 4 }
}
