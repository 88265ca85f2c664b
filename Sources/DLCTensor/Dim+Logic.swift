/// Comparisons of expressions: 1 where they hold and 0 where they do not, as ONNX's bool tensors hold it.
extension Dim {
    public func equals(_ other: Dim) throws -> Dim { try minus(other).isZero() }
    public func isLess(_ other: Dim) throws -> Dim { try minus(other).isNegative() }

    /// 1 − x, the opposite of a truth.
    public func not() throws -> Dim { try Dim(1).minus(self) }

    /// Whether the value is known to be 0 or 1.
    public var isTruth: Bool { bounds.lower >= 0 && bounds.upper <= 1 }

    /// 1 where the expression is 0, else 0.
    public func isZero() throws -> Dim {
        if let constant { return constant == 0 ? 1 : 0 }
        if isAtLeast(1) || isAtMost(-1) { return 0 }
        if isTruth { return try not() }
        let common = symbolicTerms.reduce(0) { $1.atoms.isEmpty ? $0 : Self.greatestCommonDivisor($0, $1.coefficient) }
        // A multiple of g is never a number that g does not divide.
        if let last = symbolicTerms.last, last.atoms.isEmpty, common > 0, last.coefficient % common != 0 { return 0 }
        let sign = symbolicTerms[0].coefficient < 0 ? -1 : 1
        return try Dim(atom: .isZero(exactQuotient(Dim(Swift.max(common, 1) * sign)) ?? self))
    }

    /// 1 where the expression is below 0, else 0.
    public func isNegative() throws -> Dim {
        if let constant { return constant < 0 ? 1 : 0 }
        if isAtLeast(0) { return 0 }
        if isAtMost(-1) { return 1 }
        // x < 0 where −x − 1 is not: one form of the two.
        if symbolicTerms[0].coefficient < 0 { return try times(-1).minus(1).isNegative().not() }
        return try Dim(atom: .isNegative(self))
    }

    /// The two sides of the equation that the truth states, with the number on the right; nil where it is another truth.
    public var equation: (left: Dim, right: Dim)? {
        guard case .isZero(let zero) = atom, let rest = try? Dim(terms: zero.terms.filter { !$0.atoms.isEmpty }),
            let number = try? rest.minus(zero)
        else { return nil }
        return (rest, number)
    }

    /// `a` where the truth is 1, else `b`.
    public static func select(_ truth: Dim, _ a: Dim, _ b: Dim) throws -> Dim {
        if let truth = truth.constant { return truth != 0 ? a : b }
        if a == b { return a }
        if let known = try extremum(truth, a, b) { return known }
        if let known = try extremum(truth.not(), b, a) { return known }
        return try b.plus(truth.times(a.minus(b)))
    }

    /// The maximum or minimum that `a` where the truth is 1 and else `b` amounts to.
    private static func extremum(_ truth: Dim, _ a: Dim, _ b: Dim) throws -> Dim? {
        guard case .isNegative(let sign) = truth.atom else { return nil }
        let difference = try a.minus(b)
        // a − b < 0, or ≤ 0, picks the smaller; b − a < 0, or ≤ 0, the greater.
        if try sign == difference || sign == difference.minus(1) { return try min(a, b) }
        let opposite = try difference.times(-1)
        return try sign == opposite || sign == opposite.minus(1) ? try max(a, b) : nil
    }

    /// The quotient rounded toward 0, as ONNX divides integers.
    public func truncatedQuotient(_ divisor: Dim) throws -> Dim {
        if divisor.isAtMost(-1) { return try times(-1).truncatedQuotient(divisor.times(-1)) }
        let floor = try quotient(divisor)
        if isNonNegative && divisor.isNonNegative { return floor }
        let ceiling = try times(-1).quotient(divisor).times(-1)
        if floor == ceiling { return floor }
        // A sum, of which often one part is 0: it multiplies into fewer terms than a choice between the two does.
        if divisor.isAtLeast(1) { return try Dim.max(0, floor).plus(Dim.min(0, ceiling)) }
        let isOpposite = try isNegative().equals(divisor.isNegative()).not()
        return try Dim.select(isOpposite, ceiling, floor)
    }
}
