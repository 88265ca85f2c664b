/// An extent of a tensor: a number, or an expression over named symbols such as `2*T + 1`.
///
/// Expressions are kept as polynomials with integer coefficients over atoms (symbols, quotients, remainders,
/// maxima, minima, broadcasts) in one canonical order, so equal expressions compare equal. Symbols stand for extents and
/// are never negative. Arithmetic throws where a coefficient would overflow.
public struct Dim: Hashable, Sendable {
    /// One product of atoms with its coefficient; `atoms` is sorted, empty for the constant term.
    struct Term: Hashable, Sendable {
        var coefficient: Int
        var atoms: [Atom]
    }

    /// What is not a sum or a product.
    indirect enum Atom: Hashable, Sendable {
        case symbol(String)
        case quotient(Dim, Dim)
        case remainder(Dim, Dim)
        case maximum(Dim, Dim)
        case minimum(Dim, Dim)
        /// At least two extents, in canonical order.
        case broadcast([Dim])
    }

    /// The value where it is a number.
    private let number: Int
    /// The terms where it is not; empty for a number.
    let symbolicTerms: [Term]

    public init(_ value: Int) {
        number = value
        symbolicTerms = []
    }

    /// A named symbol.
    public init(symbol name: String) {
        number = 0
        symbolicTerms = [Term(coefficient: 1, atoms: [.symbol(name)])]
    }

    init(atom: Atom) {
        number = 0
        symbolicTerms = [Term(coefficient: 1, atoms: [atom])]
    }

    init(terms: [Term]) {
        if terms.isEmpty {
            number = 0
            symbolicTerms = []
        } else if terms.count == 1, terms[0].atoms.isEmpty {
            number = terms[0].coefficient
            symbolicTerms = []
        } else {
            number = 0
            symbolicTerms = terms
        }
    }

    /// The number, or nil where the extent is symbolic.
    public var constant: Int? { symbolicTerms.isEmpty ? number : nil }

    var terms: [Term] {
        if !symbolicTerms.isEmpty { return symbolicTerms }
        return number == 0 ? [] : [Term(coefficient: number, atoms: [])]
    }

    /// The names of all symbols in the expression.
    public var symbols: Set<String> {
        var names = Set<String>()
        for term in symbolicTerms {
            for atom in term.atoms {
                switch atom {
                case .symbol(let name): names.insert(name)
                case .quotient(let a, let b), .remainder(let a, let b), .maximum(let a, let b), .minimum(let a, let b):
                    names.formUnion(a.symbols)
                    names.formUnion(b.symbols)
                case .broadcast(let parts):
                    for part in parts { names.formUnion(part.symbols) }
                }
            }
        }
        return names
    }
}

extension Dim: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(value) }
}

extension Dim: CustomStringConvertible {
    public var description: String {
        if let constant { return String(constant) }
        var text = ""
        for term in symbolicTerms {
            let magnitude = term.coefficient.magnitude
            if text.isEmpty {
                if term.coefficient < 0 { text += "-" }
            } else {
                text += term.coefficient < 0 ? " - " : " + "
            }
            let factors = term.atoms.map(\.description)
            if term.atoms.isEmpty || magnitude != 1 {
                text += ([String(magnitude)] + factors).joined(separator: "*")
            } else {
                text += factors.joined(separator: "*")
            }
        }
        return text
    }
}

extension Dim.Atom: CustomStringConvertible {
    var description: String {
        switch self {
        case .symbol(let name): Self.isPlain(name) ? name : "`\(name)`"
        case .quotient(let a, let b): "floor(\(a), \(b))"
        case .remainder(let a, let b): "mod(\(a), \(b))"
        case .maximum(let a, let b): "max(\(a), \(b))"
        case .minimum(let a, let b): "min(\(a), \(b))"
        case .broadcast(let parts): "broadcast(\(parts.map(\.description).joined(separator: ", ")))"
        }
    }

    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.first, first.isLetter || first == "_" else { return false }
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
    }
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
