extension Dim: CustomStringConvertible {
    /// As in the text form: `2*T + floor(H, 2) - 1`.
    public var description: String {
        if let constant { return String(constant) }
        var text = ""
        for term in symbolicTerms {
            let magnitude = term.coefficient.magnitude
            if text.isEmpty {
                if term.coefficient < 0 { text += "-" }
            } else {
                text += term.coefficient < 0 ? " - " : " + "
            }
            let factors = term.atoms.map(\.description)
            if term.atoms.isEmpty || magnitude != 1 {
                text += ([String(magnitude)] + factors).joined(separator: "*")
            } else {
                text += factors.joined(separator: "*")
            }
        }
        return text
    }
}

extension Dim.Atom: CustomStringConvertible {
    var description: String {
        switch self {
        case .symbol(let name): Self.isPlain(name) ? name : "`\(name)`"
        case .quotient: "floor(\(list))"
        case .remainder: "mod(\(list))"
        case .maximum: "max(\(list))"
        case .broadcast: "broadcast(\(list))"
        case .isZero: "zero(\(list))"
        case .isNegative: "negative(\(list))"
        case .truncated(let real): "trunc(\(real))"
        }
    }

    private var list: String { parts.map(\.description).joined(separator: ", ") }

    /// Whether the text form reads the name without quotes.
    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first.properties.isAlphabetic || first == "_" else { return false }
        return name.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "." }
    }
}
