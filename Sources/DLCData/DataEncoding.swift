import DLCTensor

/// What a data set learned from its training part and that travels with the model: other parts, and raw data later, are
/// read with it.
public struct DataEncoding: Sendable, Equatable {
    /// Names of the classes 0, 1, ….
    public var classNames: [String]
    /// Categories of text columns of a table, by column, in the order of their numbers.
    public var categories: [String: [String]]
    /// What a missing number of a column becomes.
    public var fills: [String: Double]
    /// The columns that fill a field, by field.
    public var columns: [String: [String]] = [:]
    /// Symbols of texts.
    public var vocabulary: Vocabulary?
    /// Symbols of the second text of pairs.
    public var targetVocabulary: Vocabulary?

    public init(
        classNames: [String] = [], categories: [String: [String]] = [:], fills: [String: Double] = [:], vocabulary: Vocabulary? = nil,
        targetVocabulary: Vocabulary? = nil
    ) {
        (self.classNames, self.categories, self.fills) = (classNames, categories, fills)
        (self.vocabulary, self.targetVocabulary) = (vocabulary, targetVocabulary)
    }
}

/// As pairs of a model's metadata: `data.classes`, `data.categories.COLUMN`, `data.fill.COLUMN`, `data.columns.FIELD`,
/// `data.vocabulary` and `data.target-vocabulary`. Lists are lines, with `\n`, `\r`, `\t` and `\\` for what would break one.
extension DataEncoding {
    public var metadata: [String: String] {
        var pairs: [String: String] = [:]
        if !classNames.isEmpty { pairs["data.classes"] = Lines.joined(classNames) }
        // What `dlc run` names classes by.
        if !classNames.isEmpty {
            // Names with commas stand on lines of their own; a line end within a name would be taken for the next.
            let names = classNames.map { String($0.map { $0.isNewline ? " " : $0 }) }
            pairs["labels"] = names.joined(separator: names.contains { $0.contains(",") } ? "\n" : ", ")
        }
        for (column, names) in categories { pairs["data.categories.\(column)"] = Lines.joined(names) }
        for (column, fill) in fills { pairs["data.fill.\(column)"] = "\(fill)" }
        for (field, names) in columns { pairs["data.columns.\(field)"] = Lines.joined(names) }
        pairs["data.vocabulary"] = vocabulary?.text
        pairs["data.target-vocabulary"] = targetVocabulary?.text
        return pairs
    }

    /// Reads the pairs; others are passed over.
    /// - Throws: naming the pair that is not as it is written.
    public init(metadata: [String: String]) throws {
        self.init()
        for (key, value) in metadata where key.hasPrefix("data.") {
            try located("metadata \(key.printable())") {
                if key == "data.classes" { classNames = try Lines.split(value) }
                if let column = key.after("data.categories.") { categories[column] = try Lines.split(value) }
                if let field = key.after("data.columns.") { columns[field] = try Lines.split(value) }
                if let column = key.after("data.fill.") {
                    guard let fill = Table.number(value) else { throw DLCError("is '\(value.printable())'; expected a number") }
                    fills[column] = fill
                }
                if key == "data.vocabulary" { vocabulary = try Vocabulary(text: value) }
                if key == "data.target-vocabulary" { targetVocabulary = try Vocabulary(text: value) }
            }
        }
    }
}

extension String {
    fileprivate func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
