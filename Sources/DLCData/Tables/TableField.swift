import DLCTensor

/// How columns of a table fill a field.
struct TableField: Sendable {
    enum Reading: Sendable {
        /// Numbers, and of columns with categories a 1 in the place of the category and 0 in the others.
        case numbers
        /// The number of the category.
        case category
        /// Symbols of a text, filled up with `<pad>`, or which of them are real, or how many.
        case text(TokenSource)
    }

    let field: DataField
    let reading: Reading
    /// Indices of the columns.
    let columns: [Int]
    /// For classes: the most that the model has.
    let classes: Int?
}

/// Which columns fill which fields.
struct TableMatching {
    let names: [String]
    let profiles: [ColumnProfile]
    let options: DataOptions

    /// A field's columns are those that `DataOptions.sources` names, else the one with its name. An integer for each example
    /// takes the only column left that has categories; last, one field of numbers takes all columns that are left.
    /// - Throws: listing the columns, where that leaves a field open.
    func columns(for wanted: [WantedField]) throws -> [[Int]] {
        var result = [[Int]?](repeating: nil, count: wanted.count)
        for name in options.sources.keys.sorted() where !wanted.contains(where: { $0.name == name }) {
            throw DLCError(
                """
                columns are given for the field \(name.printable()), which the training has not; it has \
                \(Datasets.listed(wanted.map(\.name)))
                """
            )
        }
        var rest: Int?
        for (place, field) in wanted.enumerated() {
            if let source = options.sources[field.name] {
                if source == "*" {
                    guard rest == nil else { throw DLCError("two fields are to take all other columns") }
                    rest = place
                } else {
                    result[place] = try columns(of: source)
                }
            } else if let columns = options.encoding?.columns[field.name] {
                result[place] = try columns.map { try index(of: $0) }
            } else if let index = names.firstIndex(of: field.name) {
                result[place] = [index]
            }
        }
        var left: [Int] { names.indices.filter { index in !result.contains { $0?.contains(index) == true } } }
        let labels = wanted.indices.filter { result[$0] == nil && $0 != rest && wanted[$0].shape.isEmpty && !wanted[$0].type.isFloat }
        let categories = left.filter { !profiles[$0].isNumber }
        if labels.count == 1, categories.count == 1 { result[labels[0]] = categories }
        let open = wanted.indices.filter { result[$0] == nil }
        if let place = open.first, open.count == 1, rest != nil || wanted[place].type.isFloat && wanted[place].shape.count == 1 {
            result[place] = left
        }
        for (place, field) in wanted.enumerated() where result[place]?.isEmpty ?? true {
            throw DLCError("which columns fill the field \(field.description)? The table has \(Datasets.listed(names))")
        }
        return result.compactMap { $0 }
    }

    private func index(of name: String) throws -> Int {
        guard let index = names.firstIndex(of: name) else {
            throw DLCError("there is no column '\(name.printable())'; the table has \(Datasets.listed(names))")
        }
        return index
    }

    /// `a, b, d...f`.
    private func columns(of source: String) throws -> [Int] {
        if let whole = names.firstIndex(of: source) { return [whole] }
        func index(_ name: Substring) throws -> Int { try self.index(of: Table.trimmed(name)) }
        return try source.split(separator: ",", omittingEmptySubsequences: false).flatMap { part -> [Int] in
            guard let dots = part.firstRange(of: "...") else { return [try index(part)] }
            let (first, last) = (try index(part[..<dots.lowerBound]), try index(part[dots.upperBound...]))
            guard first <= last else { throw DLCError("the columns \(part) are in the other order in the table") }
            return Array(first...last)
        }
    }
}
