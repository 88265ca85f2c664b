import DLCGraph

/// Replaces symbols of inputs by what recorded constraints say they are, so that equal extents are one symbol and extents that
/// weights decide are numbers.
///
///     graph g(%x: f32[N, C]) {                     graph g(%x: f32[N, 3]) {
///         require equal(C, 3)              →           settled C = 3
///         %y: f32[N, 8] = matmul(%x, %w)               %y: f32[N, 8] = matmul(%x, %w)
///
/// Maxima and minima that bounds decide go as well: `min(S, 512)` is `S` where `S` rows of a table of 512 are added to `S` rows.
/// Repeated, since types that are inferred again may say more.
public let unifyExtents = Pass("unify-extents", graph: { try $0.unifyingExtents() })

extension Graph {
    func unifyingExtents() throws -> Graph {
        var graph = self
        var bounds: [String: Int] = [:]
        // Each round settles at least one symbol or finds a lower bound.
        while true {
            let settled = try graph.settledByConstraints()
            if !settled.isEmpty { graph = try graph.substituting(settled) }
            let found = graph.upperBounds()
            if found != bounds {
                graph = try graph.bounded(by: found)
                bounds = found
            } else if settled.isEmpty {
                return graph
            }
        }
    }

    private func bounded(by most: [String: Int]) throws -> Graph {
        var stated = self
        let claims = Set(constraints.map(\.claim))
        for (symbol, bound) in most.sorted(by: { $0.key < $1.key }) {
            let limit = Constraint(.atLeast, Dim(bound), Dim(symbol: symbol), reason: "it is that long at most")
            guard !claims.contains(limit.claim) else { continue }
            // The constraint that implies the bound holds for all values below it, and vanishes.
            let origin = constraints.first { $0.symbols == [symbol] && $0.relation != .atLeast }
            stated = stated.requiring(
                Constraint(.atLeast, limit.left, limit.right, place: origin?.place ?? "", reason: origin?.reason ?? limit.reason))
        }
        return try stated.mappingDimensions { try $0.bounded(by: most) }
    }
}
