/// What is known of an expression for all extents.
extension Dim {
    /// Whether the expression is known never to be negative (symbols are extents).
    public var isNonNegative: Bool { isAtLeast(0) }

    /// Whether the expression is known never to be below `least`. False means that it is not known.
    public func isAtLeast(_ least: Int) -> Bool {
        if bounds.lower >= least { return true }
        if bounds.upper < least { return false }
        guard let difference = try? minus(Dim(least)) else { return false }
        var budget = 48
        return difference.isProvablyNonNegative(&budget)
    }

    /// Whether the expression is known never to be above `most`.
    public func isAtMost(_ most: Int) -> Bool {
        if bounds.upper <= most { return true }
        if bounds.lower > most { return false }
        guard let difference = try? Dim(most).minus(self) else { return false }
        var budget = 48
        return difference.isProvablyNonNegative(&budget)
    }

    /// Whether this is at least `other` for all extents.
    public func isAtLeast(_ other: Dim) -> Bool {
        if self == other || bounds.lower >= other.bounds.upper { return true }
        return (try? minus(other).isNonNegative) ?? false
    }

    /// Whether the expression is not negative where each symbol is at least the given number.
    public func isNonNegative(whereAtLeast lower: [String: Int]) -> Bool {
        if isNonNegative { return true }
        let shifted = lower.filter { $0.value > 0 }
        guard !shifted.isEmpty, !symbols.isDisjoint(with: shifted.keys) else { return false }
        let values = try? Dictionary(uniqueKeysWithValues: shifted.map { ($0.key, try Dim(symbol: $0.key).plus(Dim($0.value))) })
        return (try? values.map { try substituting($0).isNonNegative } ?? false) ?? false
    }

    /// Replaces one atom after another by what bounds it from below, or by each of the values that it may have.
    private func isProvablyNonNegative(_ budget: inout Int) -> Bool {
        if bounds.lower >= 0 { return true }
        budget -= 1
        if bounds.upper < 0 || budget < 0 { return false }
        for term in symbolicTerms where term.atoms.count == 1 && !term.atoms[0].isTruth {
            let c = term.coefficient
            // The expression with the term replaced by a multiple of another expression.
            func replaced(_ other: Dim, _ factor: Int) throws -> Dim {
                try Dim(terms: symbolicTerms.filter { $0.atoms != term.atoms }).plus(other.times(Dim(factor)))
            }
            switch term.atoms[0] {
            case .maximum(let parts):
                let rests = parts.map { try? replaced($0, c) }
                if c > 0 {
                    // max(a, b) ≥ a: one suffices.
                    for case let rest? in rests where rest.isProvablyNonNegative(&budget) { return true }
                    continue
                }
                for rest in rests {
                    guard let rest, rest.isProvablyNonNegative(&budget) else { return false }
                }
                return true
            case .broadcast(let parts):
                for part in parts {
                    guard let rest = try? replaced(part, c), rest.isProvablyNonNegative(&budget) else { return false }
                }
                return true
            case .quotient(let a, let divisor):
                // k·floor(a / k) lies between a − k + 1 and a.
                guard let k = divisor.constant, k > 0, k < 1 << 20 else { continue }
                let scale = c % k == 0 ? 1 : k
                guard let scaled = try? times(Dim(scale)), let other = try? c < 0 ? a : a.minus(Dim(k - 1)),
                    let factor = try? Checked.multiply(c, scale),
                    let rest = try? Dim(terms: scaled.symbolicTerms.filter { $0.atoms != term.atoms }).plus(other.times(Dim(factor / k)))
                else { continue }
                if rest.isProvablyNonNegative(&budget) { return true }
            default: continue
            }
        }
        // A truth is 0 or 1, wherever it stands.
        for term in symbolicTerms {
            guard let truth = term.atoms.first(where: \.isTruth) else { continue }
            for value in 0...1 {
                guard let rest = try? fixing(truth, to: value), rest.isProvablyNonNegative(&budget) else { return false }
            }
            return true
        }
        return false
    }

    /// The expression where one of its truths is known.
    func fixing(_ truth: Atom, to value: Int) throws -> Dim {
        var terms: [Term] = []
        for var term in symbolicTerms {
            if term.atoms.contains(truth) {
                if value == 0 { continue }
                term.atoms.removeAll { $0 == truth }
            }
            terms.append(term)
        }
        return try Dim(terms: Dim.collect(terms))
    }
}
