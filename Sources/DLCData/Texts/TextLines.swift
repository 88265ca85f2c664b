import DLCTensor

/// The lines of a text file one after the other, with the newline that ends them; a carriage return before it is dropped. Of a
/// line longer than a mebibyte, parts.
struct TextLines {
    private let file: DataFile
    private var buffer: [UInt8] = []
    private var start = 0
    private var position = 0
    private(set) var line = 0
    private var isInside = false

    static let most = 1 << 20

    init(_ file: DataFile) { self.file = file }

    /// - Throws: naming the line, where the text is not UTF-8.
    mutating func next() throws -> String? {
        while true {
            if let newline = buffer[start...].firstIndex(of: 10) { return try take(newline + 1) }
            if buffer.count - start >= Self.most { return try take(Self.cut(buffer, start + Self.most)) }
            if position >= file.size { return start < buffer.count ? try take(buffer.count) : nil }
            buffer.removeFirst(start)
            start = 0
            let more = try file.bytes(at: position, count: Self.most)
            buffer += position == 0 && more.starts(with: [0xEF, 0xBB, 0xBF]) ? more[3...] : more[...]
            position += more.count
        }
    }

    /// The last place up to `place` where no scalar is cut.
    private static func cut(_ bytes: [UInt8], _ place: Int) -> Int {
        guard place < bytes.count else { return bytes.count }
        return (place - 3...place).last { bytes[$0] & 0xC0 != 0x80 } ?? place
    }

    private mutating func take(_ end: Int) throws -> String {
        var part = buffer[start..<end]
        start = end
        if !isInside { line += 1 }
        isInside = part.last != 10
        if part.last == 10, part.dropLast().last == 13 {
            part = part.dropLast(2)
            part.append(10)
        }
        guard let text = String(validating: part, as: UTF8.self) else {
            throw DLCError("line \(line): is not UTF-8", at: [file.path])
        }
        return text
    }
}
