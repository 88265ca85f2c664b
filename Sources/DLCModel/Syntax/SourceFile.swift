/// The text of a model file, with its table of lines. Immutable, so ranges may hold it.
public final class SourceFile: Sendable {
    /// As it is shown in messages.
    public let path: String
    /// UTF-8. Bytes that are no UTF-8 were replaced (U+FFFD) when the file was read.
    public let bytes: [UInt8]
    /// The offset of each line's first byte; the first line always exists.
    private let lineStarts: [Int]

    public init(path: String, text: String) {
        self.path = path
        let bytes = Array(text.utf8)
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        self.bytes = bytes
        lineStarts = starts
    }

    public var text: String { text(0..<bytes.count) }

    /// The text of a range of bytes; what lies outside of the file is left out.
    public func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
    }

    /// A place in the file as people count it.
    public struct Position: Hashable, Sendable {
        /// From 1.
        public var line: Int
        /// From 1, in characters (a tab is one).
        public var column: Int
    }

    /// The line (from 0) that holds the byte at `offset`.
    func lineIndex(_ offset: Int) -> Int {
        var low = 0, high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    public func position(_ offset: Int) -> Position {
        let line = lineIndex(offset)
        return Position(line: line + 1, column: text(lineStarts[line]..<max(lineStarts[line], offset)).count + 1)
    }

    /// The blanks with which the line of the byte at `offset` begins.
    func indent(_ offset: Int) -> Int {
        bytes[lineBytes(lineIndex(offset))].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
    }

    /// The bytes of a line (from 0), without its end.
    func lineBytes(_ line: Int) -> Range<Int> {
        let start = lineStarts[line]
        var end = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return start..<end
    }
}

/// A stretch of a file: the bytes `start..<end`.
public struct SourceRange: Sendable {
    public var file: SourceFile
    public var start: Int
    public var end: Int

    public init(file: SourceFile, start: Int, end: Int) {
        self.file = file
        self.start = start
        self.end = max(start, end)
    }

    /// From the beginning of this range to the end of `last`, both of one file.
    public func through(_ last: SourceRange) -> SourceRange {
        SourceRange(file: file, start: start, end: max(end, last.end))
    }

    public var text: String { file.text(start..<end) }
    public var position: SourceFile.Position { file.position(start) }
}

extension SourceRange: CustomStringConvertible {
    /// `path:line:column`, as editors and terminals understand it.
    public var description: String { "\(file.path):\(position.line):\(position.column)" }
}
