import DLCTensor

/// What the training part's rows say of a column.
struct ColumnProfile {
    /// Whether every value that is there is a number.
    private(set) var isNumber = true
    /// Whether every value that is there is a whole number.
    private(set) var isWhole = true
    private(set) var missing = 0
    private(set) var least = Double.infinity
    private(set) var most = -Double.infinity
    private var sum = 0.0
    private var present = 0
    /// Different values and their counts, while there are no more than a category can have, and of fractions 256.
    private(set) var counts: [String: Int] = [:]
    /// Whether `counts` has all values.
    private(set) var isComplete = true
    private(set) var firstText: (text: String, place: String)?

    /// Beyond so many different values a column is no category.
    static let mostCategories = 1 << 14

    mutating func add(_ text: String, _ place: String) {
        if Table.isMissing(text) {
            missing += 1
            return
        }
        present += 1
        // Fractions are hardly ever categories: of them only few are remembered.
        if counts[text] != nil || counts.count < (isNumber && !isWhole ? 256 : Self.mostCategories) {
            counts[text, default: 0] += 1
        } else {
            isComplete = false
        }
        if let number = Table.number(text) {
            sum += number
            (least, most) = (min(least, number), max(most, number))
            if number != number.rounded() { isWhole = false }
        } else {
            if isNumber { firstText = (text, place) }
            (isNumber, isWhole) = (false, false)
        }
    }

    var mean: Double { present == 0 ? 0 : sum / Double(present) }

    /// The different values: numbers by value, texts by their bytes.
    var categories: [String] {
        if isNumber {
            return counts.keys.sorted { (Table.number($0) ?? 0, $0) < (Table.number($1) ?? 0, $1) }
        }
        return counts.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The value that occurs most often, of equal ones the first by bytes.
    var mostFrequent: String? {
        counts.max { $0.value != $1.value ? $0.value < $1.value : $1.key.utf8.lexicographicallyPrecedes($0.key.utf8) }?.key
    }
}
