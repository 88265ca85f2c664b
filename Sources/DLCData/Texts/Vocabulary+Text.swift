import DLCTensor

extension Vocabulary {
    /// The vocabulary as text: a line with its units, one for each symbol, and behind an empty line one for each merge, its
    /// two sides with a tab between.
    public var text: String {
        let head = units.rawValue + (lowercases ? " lower-case" : "")
        let list = [head] + symbols.map(Lines.escaped)
        return (merges.isEmpty ? list : list + [""] + merges.map { "\(Lines.escaped($0.left))\t\(Lines.escaped($0.right))" }).joined(
            separator: "\n")
    }

    /// - Throws: where the text is no vocabulary.
    public init(text: String) throws {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let head = lines.popFirst().map { String($0).split(separator: " ") } ?? []
        guard let units = head.first.flatMap({ Units(rawValue: String($0)) }), head.count == 1 || head.count == 2 && head[1] == "lower-case"
        else {
            let known = Units.allCases.map(\.rawValue).joined(separator: ", ")
            throw DLCError("is no vocabulary: it begins with '\(head.joined(separator: " ").printable())'; expected one of \(known)")
        }
        let symbols = lines.prefix { !$0.isEmpty }
        let merges = lines.dropFirst(symbols.count + 1)
        try self.init(
            units: units, symbols: symbols.map { try Lines.plain($0) },
            merges: merges.map { line in
                let sides = line.split(separator: "\t", omittingEmptySubsequences: false)
                guard sides.count == 2 else {
                    throw DLCError("has the merge '\(String(line).printable())'; expected two sides with a tab between")
                }
                return Merge(left: try Lines.plain(sides[0]), right: try Lines.plain(sides[1]))
            }, lowercases: head.count == 2)
    }
}
