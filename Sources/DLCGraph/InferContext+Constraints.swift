/// What an operator needs of its extents. A requirement that holds for all values of the symbols is proved and forgotten, one that
/// fails for all of them is an error at once, any other is recorded.
extension InferContext {
    /// - Throws: where the relation cannot hold.
    public mutating func require(
        _ relation: Constraint.Relation, _ left: Dim, _ right: Dim, _ reason: @autoclosure () -> String
    ) throws {
        if left == right && relation != .divides { return }
        try require(Constraint.Claim(relation, left, right), reason)
    }

    /// Requires what another context was left with.
    public mutating func require(_ constraint: Constraint) throws { try require(constraint.claim) { constraint.reason } }

    /// - Parameter reason: made only where it is read, since it may spell long expressions.
    private mutating func require(_ claim: Constraint.Claim, _ reason: () -> String) throws {
        if recorded.contains(claim) { return }
        switch claim.verdict {
        case .holds: return
        case .fails: throw Constraint(claim, reason: reason()).violation(describe)
        case .open: constraints.append(Constraint(claim, reason: reason()))
        }
    }

    /// Requires two extents to be the same.
    /// - Returns: the one that says more: a number where one of them is one.
    @discardableResult
    public mutating func require(_ left: Dim, equals right: Dim, _ reason: @autoclosure () -> String) throws -> Dim {
        try require(.equal, left, right, reason())
        return left.constant == nil && right.constant != nil ? right : left
    }

    /// Requires two shapes to be the same, rank included.
    public mutating func require(_ shape: Shape, equals target: Shape, _ reason: @autoclosure () -> String) throws {
        guard shape.count == target.count else { throw DLCError("[\(Self.text(shape))] must be [\(Self.text(target))]: \(reason())") }
        for (a, b) in zip(shape, target) { try require(.equal, a, b, reason()) }
    }

    /// Requires that broadcasting repeats a tensor of `shape` to `target` and leaves `target` as it is.
    public mutating func require(_ shape: Shape, expandsTo target: Shape, _ reason: @autoclosure () -> String) throws {
        guard shape.count <= target.count else {
            throw DLCError("[\(Self.text(shape))] does not broadcast to [\(Self.text(target))]: \(reason())")
        }
        for (a, b) in zip(shape, target.suffix(shape.count)) { try require(.expands, a, b, reason()) }
    }

    /// The shape that NumPy's broadcasting gives; requires that the shapes broadcast.
    public mutating func broadcast(_ shapes: [Shape]) throws -> Shape {
        let result = try InferenceRules.broadcast(shapes)
        for (axis, extent) in result.enumerated() {
            let extents = InferenceRules.extents(of: shapes, axis, result.count)
            if extents.allSatisfy({ $0 == extent || $0.constant == 1 }) { continue }
            let parts = extents.flatMap(\.broadcastParts)
            let text = { shapes.map { "[\(Self.text($0))]" }.joined(separator: " and ") + " broadcast" }
            for (index, part) in parts.enumerated() {
                if extent.broadcastParts.count == 1 {
                    try require(.expands, part, extent, text())
                } else {
                    for other in parts[..<index] { try require(.broadcasts, part, other, text()) }
                }
            }
        }
        return result
    }

    /// An extent with where its symbols come from.
    private func describe(_ dim: Dim) -> String {
        if dim.constant != nil { return dim.description }
        if let symbol = dim.symbol { return origins[symbol].map { "\(dim) (\($0))" } ?? dim.description }
        let parts = dim.symbols.sorted().compactMap { symbol in origins[symbol].map { "\(symbol) is \($0)" } }
        return parts.isEmpty ? dim.description : "\(dim) (\(parts.joined(separator: "; ")))"
    }

    private static func text(_ shape: Shape) -> String { shape.map(\.description).joined(separator: ", ") }
}
