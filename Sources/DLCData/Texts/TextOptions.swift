/// How texts become examples.
public struct TextOptions: Sendable, Equatable {
    public enum Form: String, Sendable, CaseIterable {
        /// Windows of running text.
        case running
        /// Each line is a sequence.
        case lines
        /// Sequences are separated by empty lines, as tunes are in ABC files.
        case paragraphs
        /// Each line is a pair of sequences with a tab between them: what is read, and what is to be written.
        case pairs
    }

    /// nil takes paragraphs for `.abc` and running text otherwise.
    public var form: Form?
    public var units: Vocabulary.Units = .symbols
    public var lowercases = false
    /// Symbols (of byte pairs: must be given) or words that the vocabulary has at most.
    public var vocabularySize: Int?
    /// Symbols or words that occur less often are unknown.
    public var leastCount = 1
    /// Symbols of an example where the field leaves it open: of a window, or at most of a sequence.
    public var length: Int?
    /// Symbols from the beginning of a window to that of the next; nil: they do not overlap.
    public var stride: Int?

    public init() {}
}
