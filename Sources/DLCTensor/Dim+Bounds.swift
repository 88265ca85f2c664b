/// Numbers between which a value lies; `Int.min` and `Int.max` stand for no bound.
public struct Bounds: Hashable, Sendable {
    public var lower: Int
    public var upper: Int

    public init(_ lower: Int, _ upper: Int) {
        self.lower = lower
        self.upper = upper
    }

    public static let all = Bounds(.min, .max)
    static let natural = Bounds(0, .max)
    static let truth = Bounds(0, 1)

    /// Sums and products that overflow stand for no bound: a value of such size cannot be.
    static func + (a: Bounds, b: Bounds) -> Bounds {
        Bounds(
            a.lower == .min || b.lower == .min ? .min : saturated(a.lower.addingReportingOverflow(b.lower), isNegative: a.lower < 0),
            a.upper == .max || b.upper == .max ? .max : saturated(a.upper.addingReportingOverflow(b.upper), isNegative: a.upper < 0))
    }

    static func * (a: Bounds, b: Bounds) -> Bounds {
        let (p, q) = (product(a.lower, b.lower), product(a.lower, b.upper))
        let (r, s) = (product(a.upper, b.lower), product(a.upper, b.upper))
        return Bounds(Swift.min(p, q, r, s), Swift.max(p, q, r, s))
    }

    private static func product(_ a: Int, _ b: Int) -> Int {
        if a == 0 || b == 0 { return 0 }
        let isNegative = (a < 0) != (b < 0)
        if a == .min || a == .max || b == .min || b == .max { return isNegative ? .min : .max }
        return saturated(a.multipliedReportingOverflow(by: b), isNegative: isNegative)
    }

    private static func saturated(_ result: (partialValue: Int, overflow: Bool), isNegative: Bool) -> Int {
        result.overflow ? (isNegative ? .min : .max) : result.partialValue
    }

    /// The least that holds both.
    func union(_ other: Bounds) -> Bounds { Bounds(Swift.min(lower, other.lower), Swift.max(upper, other.upper)) }

    /// Quotients rounded toward negative infinity, 0 for a divisor of 0.
    static func quotient(_ a: Bounds, _ b: Bounds) -> Bounds {
        guard b.lower >= 0 else { return .all }
        let least = Swift.max(1, b.lower)
        let most = Swift.max(1, b.upper)
        let lower = a.lower == .min ? .min : a.lower >= 0 ? (most == .max ? 0 : a.lower / most) : Dim.floor(a.lower, least)
        let upper = a.upper == .max ? .max : a.upper >= 0 ? a.upper / least : most == .max ? -1 : Dim.floor(a.upper, most)
        let result = Bounds(lower, upper)
        return b.lower == 0 ? result.union(Bounds(0, 0)) : result
    }

    static func sum(_ terms: [Dim.Term]) -> Bounds {
        var sum = Bounds(0, 0)
        for term in terms {
            var product = Bounds(term.coefficient, term.coefficient)
            for atom in term.atoms { product = product * atom.bounds }
            sum = sum + product
        }
        return sum
    }
}

extension Dim {
    /// Numbers between which the value lies, whatever the extents are.
    public var bounds: Bounds { polynomial?.bounds ?? Bounds(constant ?? 0, constant ?? 0) }
}

extension Dim.Atom {
    var bounds: Bounds {
        switch self {
        case .symbol: return .natural
        case .quotient(let a, let b): return .quotient(a.bounds, b.bounds)
        case .remainder(let a, let b):
            guard b.bounds.lower >= 0 else { return .all }
            let most = b.bounds.upper == .max ? .max : Swift.max(0, b.bounds.upper - 1)
            return Bounds(0, a.bounds.lower >= 0 ? Swift.min(most, a.bounds.upper) : most)
        case .maximum(let parts):
            let bounds = parts.map(\.bounds)
            return Bounds(bounds.map(\.lower).max() ?? .min, bounds.map(\.upper).max() ?? .max)
        case .broadcast(let parts):
            let bounds = parts.map(\.bounds)
            return Bounds(bounds.map(\.lower).min() ?? .min, bounds.map(\.upper).max() ?? .max)
        case .isZero, .isNegative: return .truth
        case .truncated(let real): return real.isNonNegative ? .natural : .all
        }
    }
}
