/// An extent of a tensor or an element of shape arithmetic: a number, or an expression over named symbols such as `2*T + 1`.
///
/// Expressions are kept as polynomials with integer coefficients over atoms (symbols, quotients, maxima and the like) in one
/// canonical order, so equal expressions compare equal. Symbols stand for extents and are never negative. Arithmetic throws
/// where a coefficient would overflow or an expression exceeds `Dim.Limit`; it never traps.
public struct Dim: Hashable, Sendable {
    /// One product of atoms with its coefficient; `atoms` is sorted, empty for the constant term.
    struct Term: Hashable, Sendable {
        var coefficient: Int
        var atoms: [Atom]
    }

    /// What is not a sum or a product.
    enum Atom: Hashable, Sendable {
        case symbol(String)
        /// Rounded toward negative infinity; 0 where the divisor is.
        case quotient(Dim, Dim)
        /// With the sign of the divisor; 0 where the divisor is. Only of divisors that are no numbers.
        case remainder(Dim, Dim)
        /// At least two in canonical order, of which the first is 0 and none bounds another.
        case maximum([Dim])
        /// At least two extents, in canonical order.
        case broadcast([Dim])
        /// 1 where the expression is 0, else 0.
        case isZero(Dim)
        /// 1 where the expression is below 0, else 0.
        case isNegative(Dim)
        /// A float as an integer, truncated toward zero.
        case truncated(Real)
    }

    /// The value where it is a number.
    private let number: Int
    /// What it is where it is no number.
    let polynomial: Polynomial?

    public init(_ value: Int) {
        number = value
        polynomial = nil
    }

    /// A named symbol.
    public init(symbol name: String) { self.init(small: [Term(coefficient: 1, atoms: [.symbol(name)])]) }

    /// One atom.
    /// - Throws: where it exceeds the limits.
    init(atom: Atom) throws { try self.init(terms: [Term(coefficient: 1, atoms: [atom])]) }

    /// A sum whose terms are in canonical order.
    /// - Throws: where it exceeds the limits.
    init(terms: [Term]) throws {
        self.init(small: terms)
        try polynomial?.checkLimits()
    }

    private init(small terms: [Term]) {
        if terms.isEmpty {
            number = 0
            polynomial = nil
        } else if terms.count == 1, terms[0].atoms.isEmpty {
            number = terms[0].coefficient
            polynomial = nil
        } else {
            number = 0
            polynomial = Polynomial(terms)
        }
    }

    /// The number, or nil where the extent is symbolic.
    public var constant: Int? { polynomial == nil ? number : nil }

    /// How many symbols, numbers and operations it is made of.
    package var size: Int { polynomial?.size ?? 1 }

    /// The terms of an expression that is no number.
    var symbolicTerms: [Term] { polynomial?.terms ?? [] }

    var terms: [Term] {
        if let polynomial { return polynomial.terms }
        return number == 0 ? [] : [Term(coefficient: number, atoms: [])]
    }

    /// The atom where the expression is nothing else.
    var atom: Atom? {
        guard let terms = polynomial?.terms, terms.count == 1, terms[0].coefficient == 1, terms[0].atoms.count == 1 else { return nil }
        return terms[0].atoms[0]
    }

    /// The name where the expression is one symbol.
    public var symbol: String? {
        guard case .symbol(let name) = atom else { return nil }
        return name
    }

    /// The names of all symbols in the expression.
    public var symbols: Set<String> {
        var names = Set<String>()
        collectSymbols(&names)
        return names
    }

    private func collectSymbols(_ names: inout Set<String>) {
        for term in symbolicTerms {
            for atom in term.atoms {
                if case .symbol(let name) = atom { names.insert(name) }
                for part in atom.allParts { part.collectSymbols(&names) }
            }
        }
    }

    public static func == (a: Dim, b: Dim) -> Bool {
        switch (a.polynomial, b.polynomial) {
        case (nil, nil): a.number == b.number
        case (let x?, let y?): x === y || (x.hash == y.hash && x.terms == y.terms)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(polynomial?.hash ?? number) }
}

extension Dim.Atom {
    /// The expressions inside.
    var parts: [Dim] {
        switch self {
        case .symbol, .truncated: []
        case .quotient(let a, let b), .remainder(let a, let b): [a, b]
        case .maximum(let parts), .broadcast(let parts): parts
        case .isZero(let a), .isNegative(let a): [a]
        }
    }

    /// The expressions inside, those of floats too.
    var allParts: [Dim] {
        if case .truncated(let real) = self { return real.dims }
        return parts
    }

    /// Whether the value is 0 or 1.
    var isTruth: Bool {
        switch self {
        case .isZero, .isNegative: true
        default: false
        }
    }
}

extension Dim: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(value) }
}

/// The concrete or symbolic extents of a tensor.
public typealias Shape = [Dim]

extension Array where Element == Dim {
    /// The extents where all are numbers, else nil.
    public var constants: [Int]? {
        var values: [Int] = []
        values.reserveCapacity(count)
        for dim in self {
            guard let value = dim.constant else { return nil }
            values.append(value)
        }
        return values
    }

    /// The product of the extents.
    public func product() throws -> Dim {
        try reduce(Dim(1)) { try $0.times($1) }
    }

    public init(constants: [Int]) { self = constants.map { Dim($0) } }
}
