import DLCTensor

/// A table in text whose rows are parsed when they are asked for. In memory is where every so many rows begin: all of them
/// up to a million rows, fewer beyond.
struct Table: Sendable {
    let path: String
    /// Names of the columns; without a header their numbers from 1.
    let columns: [String]
    private(set) var count = 0
    private let file: DataFile
    private let separator: UInt8
    private let hasHeader: Bool
    /// The offset and line of every `spacing`-th row.
    private var marks: [(offset: Int, line: Int)] = []
    private var spacing = 1

    private static let mostMarks = 1 << 20

    /// Opens a table and passes over it once.
    /// - Parameter visit: called with the fields of each row of data.
    /// - Throws: where it is empty, damaged, or rows differ in their number of fields.
    init(_ path: String, _ options: TableOptions, visit: (CSVReader.Record) throws -> Void = { _ in }) throws {
        self.path = path
        file = try DataFile.opened(path)
        let scalar = options.separator ?? (Folder.kind(of: path).hasPrefix("tsv") ? "\t" : ",")
        guard scalar.isASCII, scalar != "\"", scalar != "\n", scalar != "\r" else {
            throw DLCError("'\(scalar)' cannot separate fields; expected an ASCII character that is no quote", at: [path])
        }
        separator = UInt8(scalar.value)
        var reader = try CSVReader(file, separator: separator)
        guard let first = try reader.next() else { throw DLCError("is empty", at: [path]) }
        hasHeader = options.hasHeader ?? !first.fields.contains { Self.number($0) != nil }
        if hasHeader {
            columns = first.fields.enumerated().map { $1.isEmpty ? "\($0 + 1)" : $1 }
            if let twice = columns.first(where: { name in columns.filter { $0 == name }.count > 1 }) {
                throw DLCError("has two columns named '\(twice.printable())'", at: [path, "row 1"])
            }
        } else {
            columns = first.fields.indices.map { "\($0 + 1)" }
        }
        reader.isEmptySkipped = columns.count > 1
        var record = hasHeader ? try reader.next() : first
        while let row = record {
            try check(row)
            try visit(row)
            if count % spacing == 0 {
                if marks.count == Self.mostMarks {
                    marks = stride(from: 0, to: marks.count, by: 2).map { marks[$0] }
                    spacing *= 2
                }
                if count % spacing == 0 { marks.append((row.offset, row.line)) }
            }
            count += 1
            record = try reader.next()
        }
        guard count > 0 else { throw DLCError("has a header and no rows", at: [path]) }
    }

    private func check(_ row: CSVReader.Record) throws {
        guard row.fields.count != columns.count else { return }
        var message = "has \(row.fields.count) \(row.fields.count == 1 ? "field" : "fields"); expected \(columns.count)"
        if columns.count == 1, columns[0].contains(";") { message += " (is the separator ';'?)" }
        throw DLCError(message, at: [path, row.place])
    }

    /// The rows at `indices`, in that order.
    func rows(_ indices: [Int]) throws -> [CSVReader.Record] {
        var result: [CSVReader.Record] = []
        result.reserveCapacity(indices.count)
        var reader: (next: Int, reader: CSVReader)?
        for index in indices {
            let mark = index / spacing
            // Goes on where the wanted row is not far behind the last.
            if reader.map({ index < $0.next || index - $0.next > max(spacing, 8) }) ?? true {
                let row = mark * spacing + (hasHeader ? 2 : 1)
                var new = try CSVReader(
                    file, separator: separator, at: marks[mark].offset, row: row, line: marks[mark].line, chunk: 1 << 12)
                new.isEmptySkipped = columns.count > 1
                reader = (mark * spacing, new)
            }
            guard var (next, rows) = reader else { continue }
            var record: CSVReader.Record?
            while next <= index {
                record = try rows.next()
                next += 1
            }
            reader = (next, rows)
            guard let record else { throw DLCError("ends before row \(index + 1); it was changed while it was read", at: [path]) }
            try check(record)
            result.append(record)
        }
        return result
    }

    /// A number in decimal notation, with blanks around it or none; nil for anything else, `nan` and `inf` too.
    static func number(_ text: String) -> Double? {
        let trimmed = text.utf8.first == 32 || text.utf8.last == 32 ? trimmed(text[...]) : text
        guard !trimmed.isEmpty, trimmed.utf8.allSatisfy({ (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }) else {
            return nil
        }
        guard let value = Double(trimmed), value.isFinite else { return nil }
        return value
    }

    static func isMissing(_ text: String) -> Bool {
        // Most values begin with a digit, and no text for a missing one does.
        if let first = text.utf8.first, (48...57).contains(first) { return false }
        return TableOptions.missingTexts.contains(trimmed(text[...]))
    }

    /// Without blanks around it.
    static func trimmed(_ text: Substring) -> String {
        var part = text
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return String(part)
    }
}
