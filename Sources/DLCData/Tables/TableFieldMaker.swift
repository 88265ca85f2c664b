import DLCTensor

/// Decides how columns are read, and learns what the reading needs.
struct TableFieldMaker {
    let table: Table
    let profiles: [ColumnProfile]
    let options: DataOptions

    /// - Throws: where the columns cannot be what the field asks for.
    func field(_ wanted: WantedField, columns: [Int], _ encoding: inout DataEncoding) throws -> TableField {
        if !wanted.type.isFloat, columns.count == 1, wanted.shape.isEmpty { return try category(wanted, columns[0], &encoding) }
        if wanted.type.isInteger, columns.count == 1, wanted.shape.count == 1, !profiles[columns[0]].isNumber {
            return try text(wanted, columns[0], &encoding)
        }
        return try numbers(wanted, columns, &encoding)
    }

    private func name(_ column: Int) -> String { table.columns[column] }

    private func category(_ wanted: WantedField, _ column: Int, _ encoding: inout DataEncoding) throws -> TableField {
        let profile = profiles[column]
        let isLabel = wanted.type != .bool
        let field = DataField(wanted.name, wanted.type, [], isLabel ? .classes : .numbers)
        let isNumbered = profile.isWhole && profile.least >= 0 && profile.most < Double(wanted.classes ?? 1 << 16)
        if options.encoding == nil, !isNumbered {
            guard profile.isComplete else {
                throw DLCError("the column \(name(column)) has more than \(profile.counts.count) different values; it is no class")
            }
            encoding.classNames = profile.categories
        }
        if let most = wanted.classes, encoding.classNames.count > most {
            throw DLCError(
                """
                the column \(name(column)) has \(encoding.classNames.count) classes (\(Datasets.listed(encoding.classNames))), the \
                model has \(most)
                """
            )
        }
        return TableField(field: field, reading: .category, columns: [column], classes: wanted.classes)
    }

    private func text(_ wanted: WantedField, _ column: Int, _ encoding: inout DataEncoding) throws -> TableField {
        if encoding.vocabulary == nil {
            var learner = VocabularyLearner(options.text)
            _ = try Table(table.path, options.table) { learner.add($0.fields[column]) }
            let learned = try learner.vocabulary(isSequences: true)
            encoding.vocabulary = learned
        }
        let source: TokenSource = wanted.name.hasSuffix("mask") ? .mask : .tokens
        if let most = wanted.classes, let count = encoding.vocabulary?.count, count > most {
            throw DLCError("the vocabulary has \(count) symbols, the model has \(most) for \(wanted.name)")
        }
        let field = DataField(wanted.name, wanted.type, wanted.shape, source == .mask ? .mask : .tokens)
        return TableField(field: field, reading: .text(source), columns: [column], classes: wanted.classes)
    }

    private func numbers(_ wanted: WantedField, _ columns: [Int], _ encoding: inout DataEncoding) throws -> TableField {
        var width = 0
        for column in columns {
            let profile = profiles[column]
            if options.encoding == nil {
                if profile.isNumber {
                    if options.table.missing == .mean { encoding.fills[name(column)] = profile.mean }
                } else {
                    guard profile.isComplete, profile.counts.count <= 256 else {
                        let first = profile.firstText.map { ", such as '\($0.text.printable(most: 40))' in \($0.place)" } ?? ""
                        throw DLCError(
                            "the column \(name(column)) has more than 256 different texts\(first); it cannot be numbers or categories")
                    }
                    encoding.categories[name(column)] = profile.categories
                    if options.table.missing == .mean, let fill = profile.mostFrequent {
                        encoding.fills[name(column)] = profile.categories.firstIndex(of: fill).map(Double.init)
                    }
                }
            }
            width += encoding.categories[name(column)]?.count ?? 1
        }
        guard let fit = ShapeFit(of: wanted.shape.isEmpty ? [] : [width], to: wanted.shape), !wanted.shape.isEmpty || width == 1 else {
            let kinds = columns.compactMap { column in
                encoding.categories[name(column)].map { "\(name(column)) has \($0.count) categories" }
            }
            let inside = kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))"
            throw DLCError("the columns give \(width) numbers\(inside), the field \(wanted.description) takes something else")
        }
        let field = DataField(wanted.name, wanted.type, fit.shape, .numbers, channelAxis: fit.shape.count == 1 ? 0 : nil)
        return TableField(field: field, reading: .numbers, columns: columns, classes: nil)
    }
}
