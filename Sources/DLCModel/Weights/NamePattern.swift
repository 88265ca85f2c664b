/// A pattern of names of parameters, in which `*` matches any run of characters, as short as the rest allows.
package struct NamePattern: Sendable {
    /// What stands between the stars.
    let parts: [[UInt8]]

    package init(_ text: some StringProtocol) {
        parts = Array(text.utf8).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// Whether it has no star, so that it is a name itself.
    var isPlain: Bool { parts.count == 1 }

    /// What each star matches, or nil where the pattern is not the whole name's.
    func runs(in name: String) -> [ArraySlice<UInt8>]? {
        let name = Array(name.utf8)
        let last = parts.count - 1
        guard name.starts(with: parts[0]) else { return nil }
        if last == 0 { return name.count == parts[0].count ? [] : nil }
        var runs: [ArraySlice<UInt8>] = []
        var start = parts[0].count
        // The shortest run for each star but the last; a longer one could not help those behind it.
        for part in parts[1..<last] {
            guard let place = (start...max(start, name.count - part.count)).first(where: { name[$0...].starts(with: part) }) else {
                return nil
            }
            runs.append(name[start..<place])
            start = place + part.count
        }
        let end = name.count - parts[last].count
        guard end >= start, name[end...].elementsEqual(parts[last]) else { return nil }
        return runs + [name[start..<end]]
    }

    /// Whether a parameter is meant: one of a name that the pattern matches or, without a star, one of that name or anywhere in
    /// the block or layer of that name.
    package func covers(_ name: String) -> Bool {
        if runs(in: name) != nil { return true }
        return isPlain && name.utf8.starts(with: parts[0] + [UInt8(ascii: ".")])
    }
}
