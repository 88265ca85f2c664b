import DLCGraph
import DLCRuntime

/// The tokens of each text along a new last dimension, whose extent data decide (com.microsoft Tokenizer, as exporters of text
/// pipelines write it).
public struct StringTokenizer: Operator {
    /// What a token is, in RE2's syntax; empty where separators divide them.
    public var expression: String
    /// Expressions that match between tokens, one after the other; a single empty one makes every character a token.
    public var separators: [String]
    /// Whether the characters 2 and 3 stand before and behind a text's tokens.
    public var isMarked: Bool
    /// Shorter tokens are left out.
    public var fewest: Int
    /// What stands behind the tokens of texts that have fewer than others.
    public var filling: String

    public init(expression: String = "", separators: [String] = [], isMarked: Bool = false, fewest: Int = 1, filling: String = "") {
        (self.expression, self.separators, self.isMarked, self.fewest, self.filling) = (expression, separators, isMarked, fewest, filling)
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StringTokenizer(), name: "string_tokenizer", operands: ["x"],
        onnx: [ONNXMapping("Tokenizer", domain: "com.microsoft", StringTokenizer(), ignoring: ["stopwords"])],
        examples: {
            let texts = try Tensor(["a fine day", " größer als 10, oder", "", "x"], shape: [4])
            func example(_ name: String, _ op: StringTokenizer, _ x: Tensor) -> Example { Example(name, op, [x], isDifferentiable: false) }
            return [
                example("words", StringTokenizer(expression: #"[a-zA-Z0-9_]+"#, filling: "#"), texts),
                example("long words, marked", StringTokenizer(expression: #"\w+"#, isMarked: true, fewest: 3), texts),
                example("separated", StringTokenizer(separators: [" ", "[,ö]"], filling: "-"), try texts.reshaped([2, 2])),
                example("characters", StringTokenizer(separators: [""]), texts),
                example("alternatives", StringTokenizer(expression: "a|ab|(?i)[d-f]y?"), try Tensor(["abDyfine", "xx"], shape: [1, 2])),
                example("nothing", StringTokenizer(expression: "z"), texts),
            ]
        }
    ) {
        Attribute("tokenexp", \.expression)
        Attribute("separators", \.separators)
        Attribute("mark", \.isMarked)
        Attribute("mincharnum", \.fewest)
        Attribute("pad_value", \.filling)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.string])
        guard expression.isEmpty != separators.isEmpty else { throw DLCError("expects an expression of tokens, or separators") }
        guard fewest >= 1 else { throw DLCError("mincharnum is \(fewest); expected at least 1") }
        for pattern in separators + [expression] { _ = try RegularExpression(pattern) }
        return [Fact(.string, try context.operand(0).shape + [context.unknown("tokens")])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension StringTokenizer: TextOperator {
    package func call(_ element: ElementType) -> TextCall? {
        let way: Tokenization.Way = !expression.isEmpty ? .matches : separators == [""] ? .characters : .separated
        let expressions = way == .matches ? [expression] : way == .characters ? [] : separators
        return TextCall(.tokenize, numbers: [way.rawValue, isMarked ? 1 : 0, fewest], texts: [filling] + expressions)
    }
}
