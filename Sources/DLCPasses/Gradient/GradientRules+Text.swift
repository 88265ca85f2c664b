import DLCGraph
import DLCOps

extension GradientRules {
    /// Texts do not vary, nor what is read of them.
    static let text: [GradientRule] = [
        .none(StringCast.self, because: reason), .none(StringConcat.self, because: reason), .none(StringNormalizer.self, because: reason),
        .none(StringSplit.self, because: reason), .none(StringTokenizer.self, because: reason), .zero(RegexFullMatch.self),
    ]

    private static let reason = "texts do not vary"
}
