extension Dim {
    /// The expression where symbols are at most given numbers: maxima and minima that these decide are gone.
    /// - Throws: where an expression exceeds what it may be.
    public func bounded(by most: [String: Int]) throws -> Dim {
        guard constant == nil, !symbols.isDisjoint(with: most.keys) else { return self }
        var sum = Dim(0)
        for term in symbolicTerms {
            var product = Dim(term.coefficient)
            for atom in term.atoms { product = try product.times(atom.bounded(by: most)) }
            sum = try sum.plus(product)
        }
        return sum
    }

    /// Whether it is never above 0 for symbols of at most given numbers, as far as a linear expression in one of them shows.
    fileprivate func isNeverPositive(_ most: [String: Int]) -> Bool {
        if isAtMost(0) { return true }
        guard symbols.count == 1, let symbol = symbols.first, let bound = most[symbol], let least = try? evaluate([symbol: 0]),
            let next = try? evaluate([symbol: 1]), let greatest = try? evaluate([symbol: bound])
        else { return false }
        return (try? Dim(symbol: symbol).times(Dim(next - least)).plus(Dim(least))) == self && least <= 0 && greatest <= 0
    }
}

extension Dim.Atom {
    fileprivate func bounded(by most: [String: Int]) throws -> Dim {
        switch self {
        case .maximum(let parts):
            // The first part is 0, so the others count where they may be more.
            let rest = try parts.map { try $0.bounded(by: most) }.filter { !$0.isNeverPositive(most) }
            return try rest.reduce(Dim(0)) { try Dim.max($0, $1) }
        case .quotient(let a, let b): return try a.bounded(by: most).quotient(b.bounded(by: most))
        case .remainder(let a, let b): return try a.bounded(by: most).remainder(b.bounded(by: most))
        case .broadcast(let parts): return try Dim.broadcast(parts.map { try $0.bounded(by: most) })
        case .symbol, .isZero, .isNegative, .truncated: return try Dim(atom: self)
        }
    }
}
