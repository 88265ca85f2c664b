import DLCTensor

/// The symbols of texts by number.
public struct Vocabulary: Sendable, Equatable {
    public let symbols: [String]

    public init(symbols: [String]) { self.symbols = symbols }
}
