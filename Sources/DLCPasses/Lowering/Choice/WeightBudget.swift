/// One of several kernels for a step: what it costs, in any unit, and the bytes of its packed weights.
struct Alternative: Sendable {
    var cost: Double
    var bytes: Int
}

/// Fast kernels for which there is room: the multiple-choice knapsack problem, solved greedily by gain per byte.
enum WeightBudget {
    /// The index of each item's alternative, so that all together take at most `limit` bytes where that is possible.
    ///
    /// Begins with the smallest alternatives, then repeats the one exchange that saves most cost per further byte among
    /// those that fit. Items hold at least one alternative.
    static func choose(_ items: [[Alternative]], within limit: Int) -> [Int] {
        var chosen = items.map { item in
            item.indices.min { (item[$0].bytes, item[$0].cost) < (item[$1].bytes, item[$1].cost) } ?? 0
        }
        var rest = limit - zip(items, chosen).reduce(0) { $0 + $1.0[$1.1].bytes }
        while let exchange = best(items, chosen, rest) {
            rest -= items[exchange.item][exchange.alternative].bytes - items[exchange.item][chosen[exchange.item]].bytes
            chosen[exchange.item] = exchange.alternative
        }
        return chosen
    }

    /// The exchange with the highest gain per byte of those that fit into `rest` bytes; the first of equal ones.
    private static func best(_ items: [[Alternative]], _ chosen: [Int], _ rest: Int) -> (item: Int, alternative: Int)? {
        var found: (item: Int, alternative: Int)?
        var highest = 0.0
        for (index, item) in items.enumerated() {
            let current = item[chosen[index]]
            for (alternative, other) in item.enumerated() where other.cost < current.cost {
                let bytes = other.bytes - current.bytes
                guard bytes <= max(0, rest) else { continue }
                let gain = (current.cost - other.cost) / Double(max(bytes, 1))
                if gain > highest { (found, highest) = ((index, alternative), gain) }
            }
        }
        return found
    }
}
