import DLCTensor

/// How names of a weight file become names of parameters: `transformer.*=*`.
///
/// `*` in the pattern matches any run of characters, as short as the rest allows; in the replacement the runs are put back
/// in order. An empty replacement leaves the tensor out.
public struct WeightRename: Sendable, CustomStringConvertible {
    public let description: String
    private let pattern: NamePattern
    private let replacement: [[UInt8]]
    private let leavesOut: Bool

    /// - Throws: where `text` is not `FROM=TO`, or TO has more stars than FROM.
    public init(_ text: String) throws {
        description = text
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw DLCError("expected FROM=TO such as 'transformer.*=*'")
        }
        pattern = NamePattern(text[..<equals])
        replacement = NamePattern(text[text.index(after: equals)...]).parts
        leavesOut = replacement == [[]]
        guard replacement.count <= pattern.parts.count else {
            throw DLCError("has more stars after `=` than before; each puts back what one before it matched")
        }
    }

    enum Result: Equatable {
        case unmatched, leftOut
        case renamed(String)
    }

    func apply(to name: String) -> Result {
        guard let runs = pattern.runs(in: name) else { return .unmatched }
        if leavesOut { return .leftOut }
        var bytes = replacement[0]
        for (run, part) in zip(runs, replacement.dropFirst()) { bytes += run + part }
        return .renamed(String(decoding: bytes, as: UTF8.self))
    }
}
