/// Extents for what nobody gives, with which a model can be shown or run on made-up numbers.
extension ShapeBinding {
    /// The most that an extent is taken to be where constraints ask for more than 1.
    private static let most = 4096

    /// Extents for all symbols of the inputs: those given, and for others 1 or, where a constraint does not hold with that, the
    /// least power of two or solution of a linear equation with which it does. Constraints that ask for several symbols at once raise
    /// all of them. Where nothing is found some constraint fails, which `values` then says.
    public func completing(_ given: [String: Int]) -> [String: Int] {
        var values = given
        for symbol in inputs.flatMap({ $0.shape.flatMap(\.symbols) }) where values[symbol] == nil { values[symbol] = 1 }
        let free = Set(values.keys).subtracting(given.keys)
        let claims = constraints.filter { $0.symbols.isSubset(of: values.keys) && !$0.symbols.isDisjoint(with: free) }
        // Each time some extent grows at least to the next power of two.
        let rounds = free.count * (Int.bitWidth - Self.most.leadingZeroBitCount)
        for _ in 0...rounds {
            guard let broken = claims.first(where: { !Self.holds($0, values) }) else { return values }
            let open = broken.symbols.intersection(free).sorted()
            let single = open.compactMap { symbol in Self.least(symbol, broken, values).map { (symbol, $0) } }.min { $0.1 < $1.1 }
            if let (symbol, extent) = single {
                values[symbol] = extent
                continue
            }
            for symbol in open { values[symbol] = min(Self.next(values[symbol] ?? 1), Self.most) }
        }
        return values
    }

    /// The least extent beyond its own that a symbol can have so that a constraint holds with the other values.
    private static func least(_ symbol: String, _ claim: Constraint, _ values: [String: Int]) -> Int? {
        var values = values
        let now = values[symbol] ?? 1
        func holds(_ extent: Int) -> Bool {
            values[symbol] = extent
            return Self.holds(claim, values)
        }
        var power = next(now)
        while power <= most {
            if holds(power) { break }
            power = next(power)
        }
        let solved = solution(symbol, claim, values).flatMap { $0 > now && $0 <= most && holds($0) ? $0 : nil }
        return [power <= most ? power : nil, solved].compactMap(\.self).min()
    }

    /// Where both sides are the same if they grow evenly with the symbol.
    private static func solution(_ symbol: String, _ claim: Constraint, _ values: [String: Int]) -> Int? {
        var values = values
        func difference(_ extent: Int) -> Int? {
            values[symbol] = extent
            guard let left = try? claim.left.evaluate(values), let right = try? claim.right.evaluate(values) else { return nil }
            let (difference, overflows) = left.subtractingReportingOverflow(right)
            return overflows ? nil : difference
        }
        guard let one = difference(1), let two = difference(2) else { return nil }
        let (slope, overflows) = two.subtractingReportingOverflow(one)
        guard !overflows, slope != 0, one.magnitude / slope.magnitude <= most, one.isMultiple(of: slope) else { return nil }
        return 1 - one / slope
    }

    private static func next(_ extent: Int) -> Int {
        var power = 1
        while power <= extent, power <= most { power *= 2 }
        return power
    }

    private static func holds(_ claim: Constraint, _ values: [String: Int]) -> Bool { (try? claim.holds(values)) ?? false }
}
