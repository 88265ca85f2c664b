extension Dim {
    /// The greater of the two for all extents; an operand that another bounds is left out: `max(S, min(64, S))` is `S`.
    public static func max(_ a: Dim, _ b: Dim) throws -> Dim {
        if let x = a.constant, let y = b.constant { return Dim(Swift.max(x, y)) }
        func parts(_ dim: Dim) -> [Dim] { if case .maximum(let parts) = dim.atom { parts } else { [dim] } }
        let kept = try undominated(parts(a), parts(b)) { $0.isAtLeast($1) }
        return kept.count == 1 ? kept[0] : try Dim(atom: .maximum(kept))
    }

    /// The smaller of the two for all extents; an operand that bounds another is left out.
    public static func min(_ a: Dim, _ b: Dim) throws -> Dim {
        if let x = a.constant, let y = b.constant { return Dim(Swift.min(x, y)) }
        // A limit near Int.max is how exporters write "to the end".
        if let x = a.constant, x >= Int(Int32.max) { return b }
        if let y = b.constant, y >= Int(Int32.max) { return a }
        func parts(_ dim: Dim) -> [Dim] { if case .minimum(let parts) = dim.atom { parts } else { [dim] } }
        let kept = try undominated(parts(a), parts(b)) { $1.isAtLeast($0) }
        return kept.count == 1 ? kept[0] : try Dim(atom: .minimum(kept))
    }

    /// The operands of both lists that none of the others covers, in canonical order.
    private static func undominated(_ a: [Dim], _ b: [Dim], by covers: (Dim, Dim) -> Bool) throws -> [Dim] {
        guard a.count + b.count <= Limit.parts else {
            throw DLCError("a dimension is a maximum or minimum of more than \(Limit.parts) expressions")
        }
        var kept = a
        for dim in b where !kept.contains(where: { covers($0, dim) }) {
            kept.removeAll { covers(dim, $0) }
            kept.append(dim)
        }
        return kept.sorted { compare($0, $1) < 0 }
    }
}
