extension Dim {
    /// What an expression may grow to. No model needs as much; a file that asks for more is refused.
    enum Limit {
        /// Terms of one sum.
        static let terms = 512
        /// Factors of one product.
        static let factors = 32
        /// Expressions inside one another.
        static let depth = 100
        /// Symbols and numbers in all.
        static let size = 8192
        /// Operands of one maximum or minimum.
        static let extrema = 32
        /// Different extents that broadcast.
        static let broadcast = 128
    }

    /// The terms of an expression in canonical order, with what is asked of them often.
    final class Polynomial: Sendable {
        let terms: [Term]
        let hash: Int
        /// Symbols and numbers in it.
        let size: Int
        /// Expressions inside one another.
        let depth: Int
        /// Between which numbers the value lies, whatever the symbols are.
        let bounds: Bounds

        init(_ terms: [Term]) {
            self.terms = terms
            hash = terms.hashValue
            var size = 0
            var depth = 0
            for term in terms {
                size += 1
                for atom in term.atoms {
                    for part in atom.parts {
                        size += part.polynomial?.size ?? 1
                        depth = Swift.max(depth, part.polynomial?.depth ?? 0)
                    }
                    guard case .truncated(let real) = atom else { continue }
                    size += real.size
                    depth = Swift.max(depth, real.depth)
                }
                size += term.atoms.count
            }
            self.size = size
            self.depth = depth + 1
            bounds = Bounds.sum(terms)
        }

        func checkLimits() throws {
            guard terms.count <= Limit.terms, depth <= Limit.depth, size <= Limit.size else {
                throw DLCError(
                    "a dimension is an expression of \(size) parts, \(depth) deep; at most \(Limit.size) and \(Limit.depth) are followed")
            }
        }
    }

    /// Merges equal products and puts them in canonical order: fewest atoms last, so that the constant ends the sum.
    static func collect(_ terms: [Term]) throws -> [Term] {
        if terms.count < 2 { return terms.filter { $0.coefficient != 0 } }
        var result: [Term] = []
        result.reserveCapacity(terms.count)
        for term in terms.sorted(by: { precedes($0, $1) }) {
            if let last = result.last, last.atoms == term.atoms {
                result[result.count - 1].coefficient = try Checked.add(last.coefficient, term.coefficient)
            } else {
                if result.last?.coefficient == 0 { result.removeLast() }
                result.append(term)
            }
        }
        if result.last?.coefficient == 0 { result.removeLast() }
        return result
    }

    /// The sum of two sorted lists of terms.
    static func merge(_ a: [Term], _ b: [Term]) throws -> [Term] {
        var result: [Term] = []
        result.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if a[i].atoms == b[j].atoms {
                let sum = try Checked.add(a[i].coefficient, b[j].coefficient)
                if sum != 0 { result.append(Term(coefficient: sum, atoms: a[i].atoms)) }
                i += 1
                j += 1
            } else if precedes(a[i], b[j]) {
                result.append(a[i])
                i += 1
            } else {
                result.append(b[j])
                j += 1
            }
        }
        result += a[i...]
        result += b[j...]
        return result
    }

    /// The product of two products; nil where it is 0 whatever the symbols are. What is 0 or 1 is its own square.
    static func multiply(_ a: [Atom], _ b: [Atom]) throws -> [Atom]? {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        guard a.count + b.count <= Limit.factors else { throw DLCError("a dimension is a product of more than \(Limit.factors) factors") }
        var result: [Atom] = []
        for atom in (a + b).sorted(by: { compare($0, $1) < 0 }) {
            if atom.isTruth, result.last == atom { continue }
            result.append(atom)
        }
        return try withoutNegatives(result)
    }

    /// A product without the operands of maxima that one of its truths says are not above 0: `negative(x) · max(0, x)` is 0.
    private static func withoutNegatives(_ product: [Atom]) throws -> [Atom]? {
        var result = product
        for case .isNegative(let sign) in product {
            let limit = try sign.plus(1)
            for (index, atom) in result.enumerated() {
                // The first operand is 0.
                guard case .maximum(let parts) = atom else { continue }
                let kept = parts.filter { $0 == 0 || !limit.isAtLeast($0) }
                if kept.count == 1 { return nil }
                result[index] = .maximum(kept)
            }
        }
        return result == product ? result : result.sorted { compare($0, $1) < 0 }
    }
}
