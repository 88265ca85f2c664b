/// Maxima inside of maxima, as a loop makes them that takes the last row of what it has made longer: `T − max(0, T − 1)` rows of T, and
/// again of `2·T − max(0, T − 1)`, which would double with every round.
extension Dim {
    /// The same where it is a function of one symbol that is linear in pieces and nests maxima: as a sum of a linear one and of multiples
    /// of `max(0, T − c)`. Functions of the integers from 0 on have exactly one such form, which second differences say. Itself where it
    /// is no such function, or has many pieces.
    func flattened() throws -> Dim {
        guard nestsMaxima, symbols.count == 1, let name = symbols.first, let bound = intercept, bound <= Self.mostIntercept else { return self }
        // Pieces are a·T + b with integers a and |b| ≤ bound, so that no two of them meet beyond twice the bound.
        guard let values = try? (0...2 * bound + 3).map({ try evaluate([name: $0]) }), values.allSatisfy({ $0.magnitude < 1 << 40 }) else {
            return self
        }
        let symbol = Dim(symbol: name)
        var sum = try Dim(values[0]).plus(symbol.times(Dim(values[1] - values[0])))
        var pieces = 1
        for place in 1..<values.count - 1 {
            let change = values[place + 1] - 2 * values[place] + values[place - 1]
            if change == 0 { continue }
            pieces += 1
            guard pieces <= Self.mostPieces else { return self }
            sum = try sum.plus(Dim.max(0, symbol.minus(Dim(place))).times(Dim(change)))
        }
        return sum
    }

    private static let mostPieces = 6
    private static let mostIntercept = 128

    private var maxima: [[Dim]] {
        symbolicTerms.flatMap(\.atoms).compactMap { atom in
            if case .maximum(let parts) = atom { parts } else { nil }
        }
    }

    private var nestsMaxima: Bool { maxima.contains { $0.contains { !$0.maxima.isEmpty } } }

    /// A bound of what the pieces are at 0; nil where there are others than symbols and maxima of such, or products of them.
    private var intercept: Int? {
        var sum = 0
        for term in terms {
            guard term.atoms.count <= 1, term.coefficient.magnitude <= 1 << 20 else { return nil }
            switch term.atoms.first {
            case nil: sum += Int(term.coefficient.magnitude)
            case .symbol: continue
            case .maximum(let parts)?:
                var most = 0
                for part in parts {
                    guard let bound = part.intercept else { return nil }
                    most = Swift.max(most, bound)
                }
                guard most <= Self.mostIntercept else { return nil }
                sum += Int(term.coefficient.magnitude) * most
            default: return nil
            }
        }
        return sum
    }
}
