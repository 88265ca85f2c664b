import DLCTensor

/// Options by name, as a command line gives them.
extension DataOptions {
    /// What can be set, and to what.
    public static let settings: [(name: String, help: String)] = [
        ("separator", "between fields of a table: one ASCII character, or 'tab'"),
        ("header", "whether a table's first row names its columns: yes or no"),
        ("missing", "what missing values of a table become: \(all(TableOptions.Missing.self))"),
        ("form", "what an example of a text is: \(all(TextOptions.Form.self))"),
        ("units", "what a text is cut into: \(all(Vocabulary.Units.self))"),
        ("lower-case", "whether texts are made lower case: yes or no"),
        ("vocabulary", "the most symbols of a text's vocabulary"),
        ("least", "how often a symbol must occur not to be unknown"),
        ("length", "symbols or samples of an example, where the input leaves it open"),
        ("stride", "symbols or samples from one example to the next"),
        ("rate", "samples a second that sounds must have"),
        ("non-finite", "whether NaN and infinities may stand in data: yes or no"),
    ]

    private static func all<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> String {
        Choice.allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// Sets one of `settings`.
    /// - Throws: where there is no such setting, or it cannot have the value.
    public mutating func set(_ name: String, _ value: String) throws {
        func wrong(_ right: String) -> DLCError { DLCError("\(name) is '\(value.printable())'; expected \(right)") }
        func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws -> Choice {
            guard let choice = Choice(rawValue: value) else { throw wrong("one of \(Self.all(Choice.self))") }
            return choice
        }
        func flag() throws -> Bool {
            guard value == "yes" || value == "no" else { throw wrong("yes or no") }
            return value == "yes"
        }
        func number() throws -> Int {
            guard let number = Int(value), number > 0 else { throw wrong("a number above 0") }
            return number
        }
        switch name {
        case "separator":
            let text = value == "tab" ? "\t" : value
            guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else { throw wrong("one character, or tab") }
            table.separator = scalar
        case "header": table.hasHeader = try flag()
        case "missing": table.missing = try choice(TableOptions.Missing.self)
        case "form": text.form = try choice(TextOptions.Form.self)
        case "units": text.units = try choice(Vocabulary.Units.self)
        case "lower-case": text.lowercases = try flag()
        case "vocabulary": text.vocabularySize = try number()
        case "least": text.leastCount = try number()
        case "length": (text.length, sound.length) = (try number(), try number())
        case "stride": (text.stride, sound.hop) = (try number(), try number())
        case "rate": sound.rate = try number()
        case "non-finite": allowsNonFinite = try flag()
        default:
            throw DLCError("data have no setting \(name.printable()); expected one of \(Self.settings.map(\.name).joined(separator: ", "))")
        }
    }
}
