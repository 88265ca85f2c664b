import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The numbers of a text's symbols in a temporary file without a name: two bytes each, or four where the vocabulary is large,
/// so that any window can be read and memory is bounded by nothing of the text.
final class TokenFile: Sendable {
    let count: Int
    private let file: DataFile
    private let isWide: Bool

    /// - Parameter fill: appends all numbers, in order.
    init(symbols: Int, of path: String, _ fill: (inout Writer) throws -> Void) throws {
        var writer = Writer(isWide: symbols > 1 << 16, file: try TemporaryFile(for: path))
        try fill(&writer)
        try writer.flush()
        (count, isWide, file) = (writer.count, writer.isWide, try writer.file.finished())
    }

    struct Writer {
        let isWide: Bool
        let file: TemporaryFile
        private(set) var count = 0
        private var bytes: [UInt8] = []

        init(isWide: Bool, file: TemporaryFile) { (self.isWide, self.file) = (isWide, file) }

        mutating func append(_ tokens: [Int]) throws {
            for token in tokens {
                bytes.append(UInt8(truncatingIfNeeded: token))
                bytes.append(UInt8(truncatingIfNeeded: token >> 8))
                if isWide {
                    bytes.append(UInt8(truncatingIfNeeded: token >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: token >> 24))
                }
            }
            count += tokens.count
            if bytes.count > 1 << 18 { try flush() }
        }

        mutating func flush() throws {
            try bytes.withUnsafeBytes { try file.append($0) }
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// The numbers at a range within the count.
    func tokens(_ range: Range<Int>) throws -> [Int] {
        let size = isWide ? 4 : 2
        let bytes = try file.bytes(at: range.lowerBound * size, count: range.count * size)
        guard bytes.count == range.count * size else { throw DLCError("the text has \(count) symbols; \(range) are asked for") }
        return (0..<range.count).map { index in
            let low = Int(bytes[index * size]) | Int(bytes[index * size + 1]) << 8
            return isWide ? low | Int(bytes[index * size + 2]) << 16 | Int(bytes[index * size + 3]) << 24 : low
        }
    }
}
