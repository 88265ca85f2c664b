import DLCTensor

/// Rows of a table in text, CSV or TSV, plain or gzip.
struct TableDataset: Dataset {
    let summary: String
    let count: Int
    let fields: [DataField]
    let encoding: DataEncoding
    private let table: Table
    private let columns: [TableField]
    private let classNumbers: [String: Int]
    private let categoryNumbers: [String: [String: Int]]
    /// The rows that count, where some are left out.
    private let kept: [Int]?
    private let options: DataOptions

    init(_ path: String, wanting wanted: [WantedField], _ options: DataOptions) throws {
        var profiles: [ColumnProfile] = []
        let table = try Table(path, options.table) { row in
            if profiles.isEmpty { profiles = [ColumnProfile](repeating: ColumnProfile(), count: row.fields.count) }
            for (index, text) in row.fields.enumerated() where index < profiles.count { profiles[index].add(text, row.place) }
        }
        var encoding = options.encoding ?? DataEncoding()
        let matching = TableMatching(names: table.columns, profiles: profiles, options: options)
        let chosen = try located(path) { try matching.columns(for: wanted) }
        let maker = TableFieldMaker(table: table, profiles: profiles, options: options)
        columns = try located(path) { try zip(wanted, chosen).map { try maker.field($0, columns: $1, &encoding) } }
        for (field, columns) in zip(wanted, chosen) { encoding.columns[field.name] = columns.map { table.columns[$0] } }
        if options.table.missing == .drop {
            let used = Set(chosen.joined())
            var kept: [Int] = []
            var index = 0
            _ = try Table(path, options.table) { row in
                if !used.contains(where: { Table.isMissing(row.fields[$0]) }) { kept.append(index) }
                index += 1
            }
            guard !kept.isEmpty else { throw DLCError("has no row without a missing value", at: [path]) }
            self.kept = kept
        } else {
            kept = nil
        }
        count = kept?.count ?? table.count
        fields = columns.map(\.field)
        classNumbers = Dictionary(encoding.classNames.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
        categoryNumbers = encoding.categories.mapValues { Dictionary($0.enumerated().map { ($1, $0) }, uniquingKeysWith: min) }
        (self.table, self.encoding, self.options) = (table, encoding, options)
        let dropped = table.count - count
        summary =
            "\(count) rows of \(table.columns.count) columns in \(path)" + (dropped == 0 ? "" : ", \(dropped) with missing values left out")
    }

    func labels() throws -> [Int]? {
        let classes = columns.filter { $0.field.content == .classes }
        guard let column = classes.first, classes.count == 1 else { return nil }
        var labels: [Int] = []
        labels.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: 1 << 12) {
            let rows = try rows(Array(start..<min(start + 1 << 12, count)))
            labels += try rows.map { try category($0, column) }
        }
        return labels
    }

    private func rows(_ indices: [Int]) throws -> [CSVReader.Record] {
        try check(indices)
        return try table.rows(kept.map { kept in indices.map { kept[$0] } } ?? indices)
    }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        let rows = try rows(indices)
        var tensors: [String: Tensor] = [:]
        for column in columns { tensors[column.field.name] = try tensor(rows, column) }
        return tensors
    }

    private func tensor(_ rows: [CSVReader.Record], _ column: TableField) throws -> Tensor {
        switch column.reading {
        case .numbers:
            let values = try rows.flatMap { try numbers($0, column) }
            return try FieldConversion(field: column.field, classes: nil, allowsNonFinite: false)
                .convert(
                    Tensor(values, shape: [rows.count] + column.field.shape.compactMap { $0 }), shape: column.field.shape.compactMap { $0 }
                ) {
                    "\(table.path): \(rows[$0].place)"
                }
        case .category:
            let values = try rows.map { try Int64(category($0, column)) }
            return try Tensor(values, shape: [rows.count]).converted(to: column.field.type)
        case .text(let source):
            guard let vocabulary = encoding.vocabulary else { throw DLCError("has no vocabulary", at: [table.path]) }
            let texts = try rows.map { row in
                try located("\(table.path): \(row.place), column \(table.columns[column.columns[0]].printable())") {
                    try vocabulary.encode(row.fields[column.columns[0]])
                }
            }
            let length = column.field.shape.first.flatMap { $0 } ?? min(options.text.length ?? .max, max(1, texts.map(\.count).max() ?? 0))
            let field = TokenField(source: source, field: column.field)
            return try field.tensor(source.isMask ? texts.map { [Int](repeating: 1, count: $0.count) } : texts, length: length, padding: 0)
        }
    }

    private func place(_ row: CSVReader.Record, _ column: Int) -> String {
        "\(table.path): \(row.place), column \(table.columns[column].printable())"
    }

    private func numbers(_ row: CSVReader.Record, _ column: TableField) throws -> [Double] {
        var values: [Double] = []
        for index in column.columns {
            let (text, name) = (row.fields[index], table.columns[index])
            if let categories = categoryNumbers[name] {
                var places = [Double](repeating: 0, count: categories.count)
                places[try number(of: text, among: categories, encoding.categories[name] ?? [], row, index)] = 1
                values += places
            } else if Table.isMissing(text) {
                guard options.table.missing == .mean, let fill = encoding.fills[name] else { throw missing(row, index) }
                values.append(fill)
            } else {
                guard let number = Table.number(text) else {
                    throw DLCError("'\(text.printable(most: 40))' is no number; the column had numbers before", at: [place(row, index)])
                }
                values.append(number)
            }
        }
        return values
    }

    private func missing(_ row: CSVReader.Record, _ column: Int) -> DLCError {
        DLCError(
            "the value is missing; say what missing values become: --read missing=mean, or missing=drop for the row",
            at: [place(row, column)])
    }

    /// The number of a text among the categories of its column.
    private func number(of text: String, among numbers: [String: Int], _ names: [String], _ row: CSVReader.Record, _ column: Int) throws
        -> Int
    {
        if let number = numbers[text] { return number }
        if Table.isMissing(text) {
            guard options.table.missing == .mean, let fill = encoding.fills[table.columns[column]], numbers.count > Int(fill) else {
                throw missing(row, column)
            }
            return Int(fill)
        }
        throw DLCError(
            "'\(text.printable(most: 40))' is unknown; the training data have \(Datasets.listed(names))", at: [place(row, column)])
    }

    private func category(_ row: CSVReader.Record, _ column: TableField) throws -> Int {
        let (index, text) = (column.columns[0], row.fields[column.columns[0]])
        let name = table.columns[index]
        if let categories = encoding.categories[name], let numbers = categoryNumbers[name] {
            return try number(of: text, among: numbers, categories, row, index)
        }
        if !encoding.classNames.isEmpty, column.field.content == .classes {
            if Table.isMissing(text) { throw missing(row, index) }
            return try number(of: text, among: classNumbers, encoding.classNames, row, index)
        }
        guard !Table.isMissing(text) else { throw missing(row, index) }
        guard let value = Table.number(text), let number = Int(exactly: value), number >= 0, number < column.classes ?? .max else {
            let right = column.classes.map { "from 0 to \($0 - 1)" } ?? "from 0"
            throw DLCError("'\(text.printable(most: 40))' is no class; expected a whole number \(right)", at: [place(row, index)])
        }
        return number
    }
}
