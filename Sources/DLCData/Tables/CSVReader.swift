import DLCTensor

/// The records of a table in text one after the other, strictly as RFC 4180 has them, with any separator.
///
/// A field that begins with a quote ends with one, and may hold separators, newlines and doubled quotes; a quote anywhere else, or
/// anything between a closing quote and the separator, is an error. Lines end with LF or CRLF. Empty lines are skipped where
/// records have more than one field.
struct CSVReader {
    struct Record {
        var fields: [String]
        /// Counted from 1, a header included.
        var row: Int
        /// The line on which it begins.
        var line: Int
        /// Where it begins in the file.
        var offset: Int

        var place: String { row == line ? "row \(row)" : "row \(row) (line \(line))" }
    }

    private let file: DataFile
    private let separator: UInt8
    private let chunk: Int
    private var buffer: [UInt8] = []
    /// The next byte of `buffer`, and the offset in the file of its first.
    private var index = 0
    private var base: Int
    private var row: Int
    private var line: Int

    /// The most bytes of one field.
    static let fieldLimit = 1 << 24

    /// - Parameters:
    ///   - offset: where a record begins, the record `row` on the line `line`.
    ///   - chunk: bytes that are read at once.
    init(_ file: DataFile, separator: UInt8, at offset: Int = 0, row: Int = 1, line: Int = 1, chunk: Int = 1 << 20) throws {
        (self.file, self.separator, self.chunk, base, self.row, self.line) = (file, separator, chunk, offset, row, line)
        if offset == 0, try file.bytes(at: 0, count: 3) == [0xEF, 0xBB, 0xBF] { base = 3 }
    }

    private mutating func byte() throws -> UInt8? {
        if index == buffer.count {
            base += buffer.count
            index = 0
            buffer = try file.bytes(at: base, count: chunk)
            if buffer.isEmpty { return nil }
        }
        return buffer[index]
    }

    /// The next record, or nil at the end.
    /// - Throws: naming row, line and column.
    mutating func next() throws -> Record? {
        while true {
            let start = base + index
            guard try byte() != nil else { return nil }
            let firstLine = line
            var fields: [String] = []
            var isLast = false
            repeat {
                do {
                    let (field, ends) = try field()
                    fields.append(field)
                    isLast = ends
                } catch var error as DLCError {
                    let place = row == line ? "row \(row)" : "row \(row) (line \(line))"
                    error.path.insert(contentsOf: [file.path, "\(place), column \(fields.count + 1)"], at: 0)
                    throw error
                }
            } while !isLast
            if fields == [""], isEmptySkipped { continue }
            defer { row += 1 }
            return Record(fields: fields, row: row, line: firstLine, offset: start)
        }
    }

    /// Set once records are known to have several fields.
    var isEmptySkipped = false

    private mutating func field() throws -> (String, isLast: Bool) {
        var text: [UInt8] = []
        if try byte() == UInt8(ascii: "\"") {
            index += 1
            let firstLine = line
            quoted: while true {
                guard let next = try byte() else { throw DLCError("the quoted field that begins on line \(firstLine) does not end") }
                index += 1
                if next == UInt8(ascii: "\"") {
                    guard try byte() == UInt8(ascii: "\"") else { break quoted }
                    index += 1
                }
                if next == 10 { line += 1 }
                text.append(next)
                guard text.count <= Self.fieldLimit else {
                    throw DLCError("has more than \(Self.fieldLimit) bytes; is a closing quote missing?")
                }
            }
        } else {
            while try byte() != nil {
                let end =
                    buffer[index...].firstIndex { $0 == separator || $0 == 10 || $0 == 13 || $0 == UInt8(ascii: "\"") } ?? buffer.count
                text += buffer[index..<end]
                index = end
                guard text.count <= Self.fieldLimit else { throw DLCError("has more than \(Self.fieldLimit) bytes") }
                guard end < buffer.count else { continue }
                guard buffer[end] != UInt8(ascii: "\"") else {
                    throw DLCError("has a quote inside a field that does not begin with one; write it twice, and the field in quotes")
                }
                break
            }
        }
        let isLast = try ending()
        guard let string = String(validating: text, as: UTF8.self) else { throw DLCError("is not UTF-8") }
        return (string, isLast)
    }

    /// Takes what ends a field; true where it ends the record too.
    private mutating func ending() throws -> Bool {
        guard let next = try byte() else { return true }
        index += 1
        if next == separator { return false }
        if next == 13 {
            guard try byte() == 10 else { throw DLCError("has a carriage return without a newline") }
            index += 1
        } else if next != 10 {
            throw DLCError("has '\(Unicode.Scalar(next))' after its closing quote; expected a separator")
        }
        line += 1
        return true
    }
}
