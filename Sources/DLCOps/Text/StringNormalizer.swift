import DLCGraph
import DLCRuntime

/// What becomes of letters.
public enum CaseChange: String, Sendable, CaseIterable, AttributeConvertible {
    case none = "NONE", lower = "LOWER", upper = "UPPER"
}

/// x `[C]` or `[1, C]` without stop words, then in one case (ONNX StringNormalizer). Where no word remains, there is one empty one.
public struct StringNormalizer: Operator {
    public var change: CaseChange
    /// Whether a stop word must agree in case to be left out.
    public var isCaseSensitive: Bool
    /// Such as `tr_TR.UTF-8`; only Turkish and Azeri change letters in ways of their own.
    public var locale: String
    public var stopWords: [String]

    public init(_ change: CaseChange = .none, isCaseSensitive: Bool = false, locale: String = "", stopWords: [String] = []) {
        self.change = change
        self.isCaseSensitive = isCaseSensitive
        self.locale = locale
        self.stopWords = stopWords
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StringNormalizer(), name: "string_normalizer", operands: ["x"],
        onnx: [ONNXMapping("StringNormalizer", StringNormalizer(), since: 10)],
        examples: {
            let days = try Tensor(["monday", "Tuesday", "WEDNESDAY", "thursday"], shape: [4])
            let names = try Tensor(["Ärger", "ISTANBUL", "straße", "ŒUVRE", "ᾳ", "i"], shape: [1, 6])
            func example(_ name: String, _ op: StringNormalizer, _ x: Tensor) -> Example { Example(name, op, [x], isDifferentiable: false) }
            return [
                example("upper", StringNormalizer(.upper, isCaseSensitive: true, stopWords: ["monday"]), days),
                example("lower, in any case", StringNormalizer(.lower, stopWords: ["MONDAY", "wednesday"]), days),
                example("nothing remains", StringNormalizer(isCaseSensitive: true, stopWords: ["monday"]), try Tensor(["monday"], shape: [1])),
                example("unchanged", StringNormalizer(), days),
                example("lower", StringNormalizer(.lower), names),
                example("upper in a row", StringNormalizer(.upper, stopWords: ["STRASSE"]), names),
                example("Turkish", StringNormalizer(.upper, locale: "tr_TR.UTF-8"), names),
            ]
        }
    ) {
        Attribute("case_change_action", \.change)
        Attribute("is_case_sensitive", \.isCaseSensitive)
        Attribute("locale", \.locale)
        Attribute("stopwords", \.stopWords)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.string])
        let x = try context.operand(0)
        guard x.rank == 1 || x.rank == 2 else { throw DLCError("x is \(x.type); expected [C] or [1, C]") }
        if x.rank == 2 { try context.require(x.shape[0], equals: 1, "x is \(x.type); expected [1, C]") }
        if stopWords.isEmpty { return [Fact(.string, x.shape)] }
        return [Fact(.string, x.shape.dropLast() + [context.unknown("words")])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension StringNormalizer: TextOperator {
    package func call(_ element: ElementType) -> TextCall? {
        let code = change == .none ? 0 : change == .lower ? 1 : 2
        return TextCall(.normalize, numbers: [code, isCaseSensitive ? 1 : 0], texts: [locale] + stopWords)
    }
}
