/// Maxima and minima have one form: `max(a, b)` is `a + max(0, b − a)`, and `min(a, b)` is `b − max(0, b − a)`, where `a` is the one
/// that comes first. So `S − min(5, S)` and `max(S − 5, 0)` are the same expression, and the two of a pair add up to their sum.
extension Dim {
    /// The greater of the two for all extents; an operand that another bounds is left out: `max(S, min(64, S))` is `S`.
    public static func max(_ a: Dim, _ b: Dim) throws -> Dim {
        if let x = a.constant, let y = b.constant { return Dim(Swift.max(x, y)) }
        let kept = try undominated(a.maximumParts(1), b.maximumParts(1)) { $0.isAtLeast($1) }
        return kept.count == 1 ? kept[0] : try maximum(kept)
    }

    /// The smaller of the two for all extents; an operand that bounds another is left out.
    public static func min(_ a: Dim, _ b: Dim) throws -> Dim {
        if let x = a.constant, let y = b.constant { return Dim(Swift.min(x, y)) }
        // A limit near Int.max is how exporters write "to the end".
        if let x = a.constant, x >= Int(Int32.max) { return b }
        if let y = b.constant, y >= Int(Int32.max) { return a }
        let kept = try undominated(a.maximumParts(-1), b.maximumParts(-1)) { $1.isAtLeast($0) }
        return kept.count == 1 ? kept[0] : try maximum(kept.map { try $0.times(-1) }).times(-1)
    }

    /// The operands of which the expression is the maximum (for a sign of 1) or the minimum (for −1); itself where it is none.
    private func maximumParts(_ sign: Int) throws -> [Dim] {
        let maxima = symbolicTerms.filter { term in
            guard term.atoms.count == 1, case .maximum = term.atoms[0] else { return false }
            return true
        }
        guard maxima.count == 1, maxima[0].coefficient == sign, case .maximum(let parts) = maxima[0].atoms[0] else { return [self] }
        let rest = try Dim(terms: terms.filter { $0 != maxima[0] })
        return try parts.map { try rest.plus($0.times(Dim(sign))) }
    }

    /// What the expression is where one of its maxima is one of its operands, and where one of its truths does not hold or holds.
    package func decisions() throws -> [Dim] {
        var results: [Dim] = []
        for term in symbolicTerms {
            if term.atoms.count == 1, case .maximum(let parts) = term.atoms[0] {
                let rest = try Dim(terms: terms.filter { $0 != term })
                results += try parts.map { try rest.plus($0.times(Dim(term.coefficient))) }
            } else if let truth = term.atoms.first(where: \.isTruth) {
                results += try [0, 1].map { try fixing(truth, to: $0) }
            }
        }
        return results
    }

    /// The operands of both lists that none of the others covers.
    private static func undominated(_ a: [Dim], _ b: [Dim], by covers: (Dim, Dim) -> Bool) throws -> [Dim] {
        guard a.count + b.count <= Limit.extrema else {
            throw DLCError("a dimension is a maximum or minimum of more than \(Limit.extrema) expressions")
        }
        var kept = a
        for dim in b where !kept.contains(where: { covers($0, dim) }) {
            kept.removeAll { covers(dim, $0) }
            kept.append(dim)
        }
        return kept
    }

    /// The least operand, in an order that adding a common expression does not change, and the maximum of the differences from it.
    private static func maximum(_ operands: [Dim]) throws -> Dim {
        var sorted: [Dim] = []
        for operand in operands {
            let place = try sorted.firstIndex { try isAhead(operand, of: $0) } ?? sorted.count
            sorted.insert(operand, at: place)
        }
        let base = sorted[0]
        return try base.plus(Dim(atom: .maximum(sorted.map { try $0.minus(base) }))).flattened()
    }

    /// Whether the first term in which the two differ has the smaller coefficient in `a`.
    private static func isAhead(_ a: Dim, of b: Dim) throws -> Bool {
        (try b.minus(a).terms.first?.coefficient ?? 0) > 0
    }
}
