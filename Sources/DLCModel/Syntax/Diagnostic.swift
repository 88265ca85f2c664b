/// A mistake in a model file: where, what was found there, and what would fit.
public struct Diagnostic: Error, Sendable {
    public var range: SourceRange
    /// What is wrong, without a full stop; code in backquotes.
    public var message: String
    /// What would be right, where that is known: ``did you mean `relu`?``
    public var help: String?
    public var notes: [Note]

    /// A second place that explains the first, such as the bracket that is not closed.
    public struct Note: Sendable {
        public var range: SourceRange
        public var message: String

        public init(_ message: String, at range: SourceRange) {
            self.message = message
            self.range = range
        }
    }

    public init(_ message: String, at range: SourceRange, help: String? = nil, notes: [Note] = []) {
        self.message = message
        self.range = range
        self.help = help
        self.notes = notes
    }
}

extension Diagnostic: CustomStringConvertible {
    /// For example
    ///
    ///     unet.dlm:12:9: error: no layer or block is called `cov`; did you mean `conv`?
    ///         y = x.cov(64, kernel: 3)
    ///               ^~~
    public var description: String {
        let whole = "\(range): error: \(message)" + (help.map { "; \($0)" } ?? "") + "\n" + range.excerpt
        return notes.reduce(whole) { $0 + "\n\($1.range): note: \($1.message)\n\($1.range.excerpt)" }
    }
}

extension SourceRange {
    /// The line in which the range begins and, under it, a mark from the range's first character to its last in that line.
    var excerpt: String {
        let line = file.lineBytes(file.lineIndex(start))
        let first = min(start, line.upperBound)
        // Of a line that no screen holds, what stands around the range.
        let before = file.text(line.lowerBound..<first).suffix(120)
        let after = file.text(first..<min(line.upperBound, first + 480)).prefix(120)
        let marked = max(min(file.text(first..<min(max(end, first), line.upperBound)).count, after.count), 1)
        // Tabs are kept, so that the mark stands under its text whatever their width.
        let space = String(before.map { $0 == "\t" ? "\t" : " " })
        return "    \(before)\(after)\n    \(space)^\(String(repeating: "~", count: marked - 1))"
    }
}

/// Everything that is wrong with a model, thrown at once.
public struct ModelErrors: Error, Sendable {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}

extension ModelErrors: CustomStringConvertible {
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
