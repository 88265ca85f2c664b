/// How a table in text is read.
public struct TableOptions: Sendable, Equatable {
    public enum Missing: String, Sendable, CaseIterable {
        /// An error that names row and column.
        case refuse
        /// A number becomes the mean of its column in the training part, a category the most frequent one.
        case mean
        /// Rows with a missing value in a column that is used are left out.
        case drop
    }

    /// What separates fields; nil takes the tab for `.tsv`, else the comma.
    public var separator: Unicode.Scalar?
    /// Whether the first row names the columns; nil: it does where none of its fields is a number.
    public var hasHeader: Bool?
    public var missing: Missing = .refuse

    /// Fields, without blanks around them, that are no value.
    public static let missingTexts: Set<String> = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"]

    public init() {}
}
