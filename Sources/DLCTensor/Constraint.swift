/// What an operator needs of two extents: proved, refuted or recorded while a graph is built, checked when the shapes of a call
/// bind the symbols.
public struct Constraint: Hashable, Sendable {
    public enum Relation: String, Sendable, CaseIterable {
        /// Both are the same.
        case equal
        /// Both are the same, or one of them is 1.
        case broadcasts
        /// Both are the same, or the left one is 1.
        case expands
        /// The right one is a multiple of the left one.
        case divides
        /// The left one is not less than the right one.
        case atLeast = "at_least"
    }

    /// What is known of a constraint before the symbols are.
    public enum Verdict: Sendable {
        case holds, fails, open
    }

    /// What is said, whoever needs it; equal for all ways to say it.
    public struct Claim: Hashable, Sendable {
        public let relation: Relation
        public let left: Dim
        public let right: Dim

        public init(_ relation: Relation, _ left: Dim, _ right: Dim) {
            // Relations that say the same become one, with a number on the right and the rest in canonical order.
            let isSymmetric = relation == .equal || relation == .broadcasts
            let swaps = isSymmetric && (left.constant != nil || (right.constant == nil && Dim.compare(right, left) < 0))
            var (relation, left, right) = (relation, swaps ? right : left, swaps ? left : right)
            if relation == .broadcasts, let number = right.constant, number != 1 { relation = .expands }
            if relation == .expands, let number = left.constant, number != 1 { (relation, left, right) = (.equal, right, left) }
            if relation == .expands, right.constant == 1 { relation = .equal }
            (self.relation, self.left, self.right) = (relation, left, right)
        }
    }

    public let claim: Claim
    /// The operator and the layer that need it, such as `concat rows`.
    public let place: String
    /// Why, in words, such as `columns of a are rows of b`.
    public let reason: String

    public init(_ relation: Relation, _ left: Dim, _ right: Dim, place: String = "", reason: String) {
        self.init(Claim(relation, left, right), place: place, reason: reason)
    }

    public init(_ claim: Claim, place: String = "", reason: String) { (self.claim, self.place, self.reason) = (claim, place, reason) }

    public var relation: Relation { claim.relation }
    public var left: Dim { claim.left }
    public var right: Dim { claim.right }

    public var symbols: Set<String> { left.symbols.union(right.symbols) }

    /// Whether it holds, or fails, for all values that the symbols may have.
    public var verdict: Verdict { claim.verdict }

    /// The same for another operator and layer.
    public func at(_ place: String) -> Constraint { Constraint(claim, place: place, reason: reason) }

    /// With symbols replaced.
    public func substituting(_ values: [String: Dim]) throws -> Constraint {
        Constraint(relation, try left.substituting(values), try right.substituting(values), place: place, reason: reason)
    }

    /// The constraint as a sentence about what its extents are.
    /// - Parameter describe: an extent with its value and where it comes from.
    public func violation(_ describe: (Dim) -> String) -> DLCError {
        let (a, b) = (describe(left), describe(right))
        let claim = switch relation {
        case .equal: "\(a) must equal \(b)"
        case .broadcasts: "\(a) must equal \(b), or one of them be 1"
        case .expands: "\(a) must equal \(b) or 1"
        case .divides: "\(b) must be a multiple of \(a)"
        case .atLeast: "\(a) must be at least \(b)"
        }
        return DLCError(reason.isEmpty ? claim : "\(claim): \(reason)", at: place.isEmpty ? [] : [place])
    }
}

extension Constraint.Claim {
    /// Whether it holds, or fails, for all values that the symbols may have.
    public var verdict: Constraint.Verdict {
        switch relation {
        case .equal: return Self.equality(left, right)
        case .expands: return Self.either(Self.equality(left, right), Self.equality(left, 1))
        case .broadcasts:
            return Self.either(Self.equality(left, right), Self.either(Self.equality(left, 1), Self.equality(right, 1)))
        case .divides:
            if left == 1 { return .holds }
            if let divisor = left.constant, let number = right.constant {
                return (divisor == 0 ? number == 0 : number % divisor == 0) ? .holds : .fails
            }
            guard let divisor = left.constant, divisor != 0 else { return .open }
            // What is left over of the terms that the divisor divides.
            guard let rest = try? right.minus(right.quotient(left).times(left)) else { return .open }
            return rest.constant.map { $0 == 0 ? .holds : .fails } ?? .open
        case .atLeast:
            guard let difference = try? left.minus(right) else { return .open }
            if difference.isNonNegative { return .holds }
            return Self.isNegative(difference) ? .fails : .open
        }
    }

    private static func equality(_ a: Dim, _ b: Dim) -> Constraint.Verdict {
        guard a != b else { return .holds }
        guard let difference = try? a.minus(b), let other = try? b.minus(a) else { return .open }
        if difference == 0 { return .holds }
        return isNegative(difference) || isNegative(other) ? .fails : .open
    }

    private static func isNegative(_ difference: Dim) -> Bool {
        if let number = difference.constant { return number < 0 }
        return (try? Dim(-1).minus(difference))?.isNonNegative ?? false
    }

    private static func either(_ a: Constraint.Verdict, _ b: Constraint.Verdict) -> Constraint.Verdict {
        if a == .holds || b == .holds { return .holds }
        return a == .fails && b == .fails ? .fails : .open
    }
}

/// A symbol that constraints have replaced by what it must be.
public struct SettledSymbol: Hashable, Sendable {
    public let symbol: String
    public let value: Dim
    /// The constraint that says so, before anything was replaced.
    public let place: String
    public let reason: String

    public init(symbol: String, value: Dim, place: String, reason: String) {
        self.symbol = symbol
        self.value = value
        self.place = place
        self.reason = reason
    }

    /// With symbols in the value replaced.
    public func substituting(_ values: [String: Dim]) throws -> SettledSymbol {
        SettledSymbol(symbol: symbol, value: try value.substituting(values), place: place, reason: reason)
    }
}
