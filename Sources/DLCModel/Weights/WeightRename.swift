import DLCTensor

/// How names of a weight file become names of parameters: `transformer.*=*`.
///
/// `*` in the pattern matches any run of characters, as short as the rest allows; in the replacement the runs are put back
/// in order. An empty replacement leaves the tensor out.
public struct WeightRename: Sendable, CustomStringConvertible {
    public let description: String
    /// What stands between the stars.
    private let pattern: [[UInt8]]
    private let replacement: [[UInt8]]
    private let leavesOut: Bool

    /// - Throws: where `text` is not `FROM=TO`, or TO has more stars than FROM.
    public init(_ text: String) throws {
        description = text
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw DLCError("expected FROM=TO such as 'transformer.*=*'")
        }
        func parts(_ text: Substring) -> [[UInt8]] { text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init) }
        pattern = parts(text[..<equals])
        replacement = parts(text[text.index(after: equals)...])
        leavesOut = replacement == [[]]
        guard replacement.count <= pattern.count else {
            throw DLCError("has more stars after `=` than before; each puts back what one before it matched")
        }
    }

    enum Result: Equatable {
        case unmatched, leftOut
        case renamed(String)
    }

    func apply(to name: String) -> Result {
        guard let runs = runs(in: Array(name.utf8)) else { return .unmatched }
        if leavesOut { return .leftOut }
        var bytes = replacement[0]
        for (run, part) in zip(runs, replacement.dropFirst()) { bytes += run + part }
        return .renamed(String(decoding: bytes, as: UTF8.self))
    }

    /// What each star matches, or nil where the pattern is not the whole name's.
    private func runs(in name: [UInt8]) -> [ArraySlice<UInt8>]? {
        let last = pattern.count - 1
        guard name.starts(with: pattern[0]) else { return nil }
        if last == 0 { return name.count == pattern[0].count ? [] : nil }
        var runs: [ArraySlice<UInt8>] = []
        var start = pattern[0].count
        // The shortest run for each star but the last; a longer one could not help those behind it.
        for part in pattern[1..<last] {
            guard let place = (start...max(start, name.count - part.count)).first(where: { name[$0...].starts(with: part) }) else { return nil }
            runs.append(name[start..<place])
            start = place + part.count
        }
        let end = name.count - pattern[last].count
        guard end >= start, name[end...].elementsEqual(pattern[last]) else { return nil }
        return runs + [name[start..<end]]
    }
}
