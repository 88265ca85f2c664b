import DLCTensor

/// Lists of texts as one text.
enum Lines {
    static func joined(_ texts: [String]) -> String { texts.map(escaped).joined(separator: "\n") }

    static func split(_ text: String) throws -> [String] {
        try text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { try plain($0) }
    }

    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    static func plain(_ text: some Sequence<Unicode.Scalar>) throws -> String {
        var result = String.UnicodeScalarView()
        var scalars = text.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "\\" else {
                result.append(scalar)
                continue
            }
            switch scalars.next() {
            case "\\": result.append("\\")
            case "n": result.append("\n")
            case "r": result.append("\r")
            case "t": result.append("\t")
            default: throw DLCError("has a backslash before something else than n, r, t or a backslash")
            }
        }
        return String(result)
    }
}
