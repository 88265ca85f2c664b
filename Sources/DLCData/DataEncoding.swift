import DLCTensor

/// What a data set learned from its training part and that travels with the model: other parts, and raw data later, are
/// read with it.
public struct DataEncoding: Sendable, Equatable {
    /// Names of the classes 0, 1, ….
    public var classNames: [String]
    /// Categories of text columns of a table, by column, in the order of their numbers.
    public var categories: [String: [String]]
    /// What a missing number of a column becomes.
    public var fills: [String: Double]
    /// Symbols of texts.
    public var vocabulary: Vocabulary?
    /// Symbols of the second text of pairs, where it has a vocabulary of its own.
    public var targetVocabulary: Vocabulary?

    public init(
        classNames: [String] = [], categories: [String: [String]] = [:], fills: [String: Double] = [:], vocabulary: Vocabulary? = nil,
        targetVocabulary: Vocabulary? = nil
    ) {
        (self.classNames, self.categories, self.fills) = (classNames, categories, fills)
        (self.vocabulary, self.targetVocabulary) = (vocabulary, targetVocabulary)
    }
}
