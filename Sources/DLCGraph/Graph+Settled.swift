/// What recorded constraints say symbols are.
extension Graph {
    /// Symbols of inputs that the recorded constraints determine, each with its value in the symbols that stay.
    ///
    /// An equality settles a symbol that it holds linearly with a factor of ±1, or beside nothing but a number that its factor
    /// divides; of several symbols the one that was declared last goes. Where a symbol `H` must be a multiple of `k`, or leave a
    /// remainder `r`, as an image that is halved and doubled must, it is `k·h + r` for a new symbol.
    public func settledByConstraints() throws -> [SettledSymbol] {
        let order = inputSymbols
        var values: [String: Dim] = [:]
        var found: [SettledSymbol] = []
        func settle(_ symbol: String, _ value: Dim, _ constraint: Constraint) throws {
            for known in values.keys { values[known] = try values[known]?.substituting([symbol: value]) }
            values[symbol] = value
            found.append(SettledSymbol(symbol: symbol, value: value, place: constraint.place, reason: constraint.reason))
        }
        for constraint in constraints where constraint.relation == .equal {
            let difference = try constraint.left.substituting(values).minus(constraint.right.substituting(values))
            let candidates = difference.symbols.compactMap { symbol -> (symbol: String, value: Dim)? in
                guard order[symbol] != nil, let value = Self.solution(difference, for: symbol),
                    value.symbols.allSatisfy({ order[$0] != nil })
                else { return nil }
                return (symbol, value)
            }
            let best = candidates.max { (order[$0.symbol] ?? 0) < (order[$1.symbol] ?? 0) }
            if let (symbol, value) = best { try settle(symbol, value, constraint) }
        }
        for constraint in constraints {
            guard let (symbol, value) = Self.residue(try constraint.substituting(values)), order[symbol] != nil else { continue }
            try settle(symbol, value, constraint)
        }
        return try found.map { try $0.substituting(values) }
    }

    /// The symbols that inputs name, numbered in the order in which they do.
    private var inputSymbols: [String: Int] {
        var order: [String: Int] = [:]
        for port in inputs {
            for dim in shape(port.value) {
                for symbol in dim.symbols.sorted() where order[symbol] == nil { order[symbol] = order.count }
            }
        }
        return order
    }

    /// The value of `symbol` for which `difference` is 0, or nil where no one expression is.
    private static func solution(_ difference: Dim, for symbol: String) -> Dim? {
        guard let rest = try? difference.substituting([symbol: 0]), let next = try? difference.substituting([symbol: 1]),
            let slope = try? next.minus(rest).constant, slope != 0,
            (try? Dim(symbol: symbol).times(Dim(slope)).plus(rest)) == difference
        else { return nil }
        if slope == 1 { return try? rest.times(-1) }
        if slope == -1 { return rest }
        guard let number = rest.constant, number % slope == 0 else { return nil }
        let value = -(number / slope)
        return value >= 0 ? Dim(value) : nil
    }

    /// `k·h + r` for the one symbol of a constraint that holds for one remainder `r` by a small `k` and fails for all others.
    private static func residue(_ constraint: Constraint) -> (symbol: String, value: Dim)? {
        guard constraint.relation == .equal || constraint.relation == .divides, constraint.symbols.count == 1,
            let symbol = constraint.symbols.first
        else { return nil }
        let divisors = constraint.relation == .divides ? [constraint.left.constant ?? 0] : Array(2...8)
        for divisor in divisors where divisor > 1 && divisor <= 1 << 10 {
            let part = Dim(symbol: "\(symbol)/\(divisor)")
            var fitting: [Dim] = []
            for remainder in 0..<divisor {
                guard let value = try? part.times(Dim(divisor)).plus(Dim(remainder)),
                    let verdict = try? constraint.substituting([symbol: value]).verdict, verdict != .open
                else {
                    fitting = []
                    break
                }
                if verdict == .holds { fitting.append(value) }
            }
            if fitting.count == 1 { return (symbol, fitting[0]) }
        }
        return nil
    }

    /// The most that symbols of inputs can be.
    ///
    /// Beside `n ≤ 512` itself, `n` and `min(n, 512)` broadcast only where `n ≤ 512`: a slice of a table of positions says so.
    public func upperBounds() -> [String: Int] {
        let order = inputSymbols
        var bounds: [String: Int] = [:]
        func bound(_ symbol: String, _ most: Int) { bounds[symbol] = Swift.min(bounds[symbol] ?? most, most) }
        for constraint in constraints {
            if constraint.relation == .atLeast, let most = constraint.left.constant, let symbol = constraint.right.symbol {
                bound(symbol, most)
            } else if [.equal, .expands, .broadcasts].contains(constraint.relation) {
                for (side, other) in [(constraint.left, constraint.right), (constraint.right, constraint.left)] {
                    guard let symbol = side.symbol, let most = try? other.evaluate([symbol: 1 << 30]), most > 1, most < 1 << 30,
                        (try? Dim.min(side, Dim(most))) == other
                    else { continue }
                    bound(symbol, most)
                }
            }
        }
        return bounds.filter { order[$0.key] != nil }
    }
}
