extension Dim {
    public func plus(_ other: Dim) throws -> Dim {
        if let a = constant, let b = other.constant { return Dim(try Checked.add(a, b)) }
        return Dim(terms: try Self.collect(terms + other.terms))
    }

    public func minus(_ other: Dim) throws -> Dim {
        try plus(other.times(-1))
    }

    public func times(_ other: Dim) throws -> Dim {
        if let a = constant, let b = other.constant { return Dim(try Checked.multiply(a, b)) }
        var products: [Term] = []
        for a in terms {
            for b in other.terms {
                products.append(
                    Term(
                        coefficient: try Checked.multiply(a.coefficient, b.coefficient),
                        atoms: (a.atoms + b.atoms).sorted { $0.description < $1.description }))
            }
        }
        return Dim(terms: try Self.collect(products))
    }

    /// The quotient rounded toward negative infinity. Exact divisions of polynomials are carried out.
    public func quotient(_ divisor: Dim) throws -> Dim {
        if divisor.constant == 0 { throw DLCError("\(self) is divided by zero") }
        if let a = constant, let b = divisor.constant {
            if a == .min && b == -1 { throw DLCError("size overflows: \(a) / \(b)") }
            return Dim(a / b - ((a % b != 0) && ((a < 0) != (b < 0)) ? 1 : 0))
        }
        if divisor.constant == 1 { return self }
        if let exact = try exactQuotient(divisor) { return exact }
        // floor((b*q + r) / b) = q + floor(r / b) for the terms that b divides.
        if let b = divisor.constant, b > 0 {
            var whole: [Term] = []
            var rest: [Term] = []
            for term in terms {
                if term.coefficient % b == 0 {
                    whole.append(Term(coefficient: term.coefficient / b, atoms: term.atoms))
                } else {
                    rest.append(term)
                }
            }
            if !whole.isEmpty {
                let remaining = Dim(terms: rest)
                let quotient = remaining.constant == nil ? Dim(atom: .quotient(remaining, divisor)) : try remaining.quotient(divisor)
                return try Dim(terms: whole).plus(quotient)
            }
            // floor(floor(x / a) / b) = floor(x / (a*b)) for positive a and b.
            if terms.count == 1, terms[0].coefficient == 1, terms[0].atoms.count == 1,
                case .quotient(let inner, let innerDivisor) = terms[0].atoms[0], let a = innerDivisor.constant, a > 0 {
                return try inner.quotient(Dim(try Checked.multiply(a, b)))
            }
        }
        return Dim(atom: .quotient(self, divisor))
    }

    /// The quotient rounded toward positive infinity, for a positive divisor.
    public func ceilingQuotient(_ divisor: Dim) throws -> Dim {
        try plus(divisor).minus(1).quotient(divisor)
    }

    /// The remainder with the sign of the divisor.
    public func remainder(_ divisor: Dim) throws -> Dim {
        if divisor.constant == 0 { throw DLCError("\(self) is divided by zero") }
        if let a = constant, let b = divisor.constant {
            if b == -1 { return 0 }
            let r = a % b
            return Dim(r != 0 && (r < 0) != (b < 0) ? r + b : r)
        }
        if try exactQuotient(divisor) != nil { return 0 }
        return Dim(atom: .remainder(self, divisor))
    }

    public static func max(_ a: Dim, _ b: Dim) -> Dim {
        if a == b { return a }
        if let x = a.constant, let y = b.constant { return Dim(Swift.max(x, y)) }
        if a.constant.map({ $0 <= 0 }) == true && b.isNonNegative { return b }
        if b.constant.map({ $0 <= 0 }) == true && a.isNonNegative { return a }
        let (first, second) = a.description < b.description ? (a, b) : (b, a)
        return Dim(atom: .maximum(first, second))
    }

    public static func min(_ a: Dim, _ b: Dim) -> Dim {
        if a == b { return a }
        if let x = a.constant, let y = b.constant { return Dim(Swift.min(x, y)) }
        // A limit near Int.max is how exporters write "to the end".
        if let x = a.constant, x >= Int(Int32.max) { return b }
        if let y = b.constant, y >= Int(Int32.max) { return a }
        if a.constant.map({ $0 <= 0 }) == true && b.isNonNegative { return a }
        if b.constant.map({ $0 <= 0 }) == true && a.isNonNegative { return b }
        let (first, second) = a.description < b.description ? (a, b) : (b, a)
        return Dim(atom: .minimum(first, second))
    }

    /// Whether the expression is known never to be negative (symbols are extents).
    public var isNonNegative: Bool {
        if let constant { return constant >= 0 }
        return symbolicTerms.allSatisfy { term in
            term.coefficient >= 0
                && term.atoms.allSatisfy { atom in
                    switch atom {
                    case .symbol: true
                    case .quotient(let a, let b): a.isNonNegative && b.isNonNegative
                    case .remainder(_, let b): b.isNonNegative
                    case .maximum(let a, let b): a.isNonNegative || b.isNonNegative
                    case .minimum(let a, let b): a.isNonNegative && b.isNonNegative
                    case .broadcast(let parts): parts.allSatisfy(\.isNonNegative)
                    }
                }
        }
    }

    /// The value under a binding of symbols; throws where a symbol is unbound or a size overflows.
    public func evaluate(_ bindings: [String: Int]) throws -> Int {
        if let constant { return constant }
        let value = try substituting(bindings.mapValues { Dim($0) })
        guard let constant = value.constant else {
            throw DLCError("size \(self) depends on \(value.symbols.sorted().joined(separator: ", ")), which no input determines")
        }
        return constant
    }

    /// The expression with symbols replaced.
    public func substituting(_ values: [String: Dim]) throws -> Dim {
        if symbolicTerms.isEmpty { return self }
        var sum = Dim(0)
        for term in symbolicTerms {
            var product = Dim(term.coefficient)
            for atom in term.atoms {
                let factor: Dim
                switch atom {
                case .symbol(let name): factor = values[name] ?? Dim(symbol: name)
                case .quotient(let a, let b): factor = try a.substituting(values).quotient(b.substituting(values))
                case .remainder(let a, let b): factor = try a.substituting(values).remainder(b.substituting(values))
                case .maximum(let a, let b): factor = Dim.max(try a.substituting(values), try b.substituting(values))
                case .minimum(let a, let b): factor = Dim.min(try a.substituting(values), try b.substituting(values))
                case .broadcast(let parts): factor = try Dim.broadcast(parts.map { try $0.substituting(values) })
                }
                product = try product.times(factor)
            }
            sum = try sum.plus(product)
        }
        return sum
    }

    /// Polynomial division where it leaves no remainder, else nil.
    private func exactQuotient(_ divisor: Dim) throws -> Dim? {
        guard let lead = divisor.terms.first else { return nil }
        var rest = self
        var quotient = Dim(0)
        for _ in 0..<16 {
            guard let term = rest.terms.first else { return quotient }
            guard term.coefficient % lead.coefficient == 0 else { return nil }
            var atoms = term.atoms
            for atom in lead.atoms {
                guard let index = atoms.firstIndex(of: atom) else { return nil }
                atoms.remove(at: index)
            }
            let factor = Dim(terms: [Term(coefficient: term.coefficient / lead.coefficient, atoms: atoms)])
            quotient = try quotient.plus(factor)
            rest = try rest.minus(factor.times(divisor))
        }
        return nil
    }

    /// Merges equal products and puts them in canonical order: fewest atoms last, so that the constant ends the sum.
    private static func collect(_ terms: [Term]) throws -> [Term] {
        var sums: [[Atom]: Int] = [:]
        for term in terms {
            sums[term.atoms] = try Checked.add(sums[term.atoms] ?? 0, term.coefficient)
        }
        var keyed: [(key: String, term: Term)] = []
        for (atoms, coefficient) in sums where coefficient != 0 {
            keyed.append((atoms.map(\.description).joined(separator: "*"), Term(coefficient: coefficient, atoms: atoms)))
        }
        keyed.sort { a, b in
            let (m, n) = (a.term.atoms.count, b.term.atoms.count)
            return m != n ? m > n : a.key < b.key
        }
        return keyed.map(\.term)
    }
}
