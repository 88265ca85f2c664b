extension Dim {
    public func plus(_ other: Dim) throws -> Dim {
        if let a = constant, let b = other.constant { return Dim(try Checked.add(a, b)) }
        if constant == 0 { return other }
        if other.constant == 0 { return self }
        return try Dim(terms: Self.merge(terms, other.terms))
    }

    public func minus(_ other: Dim) throws -> Dim {
        try plus(other.times(-1))
    }

    public func times(_ other: Dim) throws -> Dim {
        if let a = constant, let b = other.constant { return Dim(try Checked.multiply(a, b)) }
        if let factor = constant { return try other.scaled(factor) }
        if let factor = other.constant { return try scaled(factor) }
        let (a, b) = (symbolicTerms, other.symbolicTerms)
        guard a.count * b.count <= 4 * Limit.terms else {
            throw DLCError("a dimension is a sum of \(a.count * b.count) products; at most \(Limit.terms) are followed")
        }
        var products: [Term] = []
        products.reserveCapacity(a.count * b.count)
        for x in a {
            for y in b {
                guard let atoms = try Self.multiply(x.atoms, y.atoms) else { continue }
                products.append(Term(coefficient: try Checked.multiply(x.coefficient, y.coefficient), atoms: atoms))
            }
        }
        return try Dim(terms: Self.collect(products))
    }

    private func scaled(_ factor: Int) throws -> Dim {
        switch factor {
        case 0: return 0
        case 1: return self
        default:
            return try Dim(
                terms: symbolicTerms.map { Term(coefficient: try Checked.multiply($0.coefficient, factor), atoms: $0.atoms) })
        }
    }

    /// The quotient rounded toward negative infinity. Exact divisions of polynomials are carried out; they stand for what is
    /// meant where the divisor is 0, which else gives 0.
    /// - Throws: where the divisor is the number 0.
    public func quotient(_ divisor: Dim) throws -> Dim {
        if divisor.constant == 0 { throw DLCError("\(self) is divided by zero") }
        if let a = constant, let b = divisor.constant {
            if a == .min && b == -1 { throw DLCError("size overflows: \(a) / \(b)") }
            return Dim(Self.floor(a, b))
        }
        if divisor.constant == 1 { return self }
        if constant == 0 { return 0 }
        if let exact = try exactQuotient(divisor) { return exact }
        if let b = divisor.constant {
            return b < 0 ? try times(-1).quotient(Dim(try Checked.multiply(b, -1))) : try quotient(byNumber: b)
        }
        // floor((b·q + r) / b) = q + floor(r / b) for the terms that b, a single product, divides.
        if divisor.symbolicTerms.count == 1, symbolicTerms.count > 1 {
            var whole = Dim(0)
            var rest: [Term] = []
            for term in terms {
                if let factor = try Dim(terms: [term]).exactQuotient(divisor) {
                    whole = try whole.plus(factor)
                } else {
                    rest.append(term)
                }
            }
            if rest.count < terms.count { return try whole.plus(Dim(terms: rest).quotient(divisor)) }
        }
        if bounds.lower >= 0, try divisor.minus(self).isAtLeast(1) { return 0 }
        return try Dim(atom: .quotient(self, divisor))
    }

    /// The quotient of an expression and a number above 1 that does not divide it.
    private func quotient(byNumber b: Int) throws -> Dim {
        // floor((b·q + r) / b) = q + floor(r / b).
        var whole: [Term] = []
        var rest: [Term] = []
        for term in symbolicTerms {
            let part = Self.floor(term.coefficient, b)
            if term.coefficient % b == 0 {
                whole.append(Term(coefficient: part, atoms: term.atoms))
            } else if term.atoms.isEmpty, part != 0 {
                whole.append(Term(coefficient: part, atoms: []))
                rest.append(Term(coefficient: term.coefficient - part * b, atoms: []))
            } else {
                rest.append(term)
            }
        }
        if !whole.isEmpty { return try Dim(terms: whole).plus(Dim(terms: rest).quotient(Dim(b))) }
        // floor(−x / b) = −floor((x + b − 1) / b): one form of the two.
        if symbolicTerms[0].coefficient < 0 {
            return try times(-1).plus(Dim(b - 1)).quotient(Dim(b)).times(-1)
        }
        // floor((g·x + c) / (g·b)) = floor((x + floor(c / g)) / b).
        let common = symbolicTerms.reduce(b) { $1.atoms.isEmpty ? $0 : Self.greatestCommonDivisor($0, $1.coefficient) }
        if common > 1 {
            let reduced = symbolicTerms.map { Term(coefficient: Self.floor($0.coefficient, common), atoms: $0.atoms) }
            return try Dim(terms: reduced.filter { $0.coefficient != 0 }).quotient(Dim(b / common))
        }
        // floor((floor(x / a) + c) / b) = floor((x + a·c) / (a·b)).
        if let first = symbolicTerms.first, first.coefficient == 1, first.atoms.count == 1,
            symbolicTerms.dropFirst().allSatisfy({ $0.atoms.isEmpty }),
            case .quotient(let inner, let divisor) = first.atoms[0], let a = divisor.constant, a > 0 {
            let shift = try Checked.multiply(symbolicTerms.count > 1 ? symbolicTerms[1].coefficient : 0, a)
            return try inner.plus(Dim(shift)).quotient(Dim(try Checked.multiply(a, b)))
        }
        let range = bounds
        if range.lower != .min, range.upper != .max, Self.floor(range.lower, b) == Self.floor(range.upper, b) {
            return Dim(Self.floor(range.lower, b))
        }
        return try Dim(atom: .quotient(self, Dim(b)))
    }

    /// The quotient rounded toward positive infinity, for a positive divisor.
    public func ceilingQuotient(_ divisor: Dim) throws -> Dim {
        try plus(divisor).minus(1).quotient(divisor)
    }

    /// The remainder with the sign of the divisor: `x − b·floor(x / b)`, as which it is kept where b is a number.
    public func remainder(_ divisor: Dim) throws -> Dim {
        if divisor.constant == 0 { throw DLCError("\(self) is divided by zero") }
        if let a = constant, let b = divisor.constant {
            if b == -1 { return 0 }
            let r = a % b
            return Dim(r != 0 && (r < 0) != (b < 0) ? r + b : r)
        }
        if try exactQuotient(divisor) != nil { return 0 }
        if divisor.constant != nil { return try minus(quotient(divisor).times(divisor)) }
        if bounds.lower >= 0, try divisor.minus(self).isAtLeast(1) { return self }
        return try Dim(atom: .remainder(self, divisor))
    }

    /// Polynomial division where it leaves no remainder, else nil.
    func exactQuotient(_ divisor: Dim) throws -> Dim? {
        guard let lead = divisor.terms.first else { return nil }
        if let b = divisor.constant {
            guard b != -1 || constant != .min, terms.allSatisfy({ $0.coefficient % b == 0 }) else { return nil }
            return try Dim(terms: terms.map { Term(coefficient: $0.coefficient / b, atoms: $0.atoms) })
        }
        var rest = self
        var quotient = Dim(0)
        for _ in 0..<16 {
            guard let term = rest.terms.first else { return quotient }
            guard lead.coefficient != -1 || term.coefficient != .min, term.coefficient % lead.coefficient == 0 else { return nil }
            var atoms = term.atoms
            for atom in lead.atoms {
                guard let index = atoms.firstIndex(of: atom) else { return nil }
                atoms.remove(at: index)
            }
            let factor = try Dim(terms: [Term(coefficient: term.coefficient / lead.coefficient, atoms: atoms)])
            quotient = try quotient.plus(factor)
            rest = try rest.minus(factor.times(divisor))
        }
        return nil
    }

    /// a / b rounded toward negative infinity; 0 where b is.
    static func floor(_ a: Int, _ b: Int) -> Int {
        if b == 0 { return 0 }
        let (quotient, overflow) = a.dividedReportingOverflow(by: b)
        if overflow { return .max }
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
    }

    static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var x = a.magnitude
        var y = b.magnitude
        while y != 0 { (x, y) = (y, x % y) }
        return Int(clamping: x)
    }
}
