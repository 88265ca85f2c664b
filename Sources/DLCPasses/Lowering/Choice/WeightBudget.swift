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

    /// Of items whose best alternative had no place in the file: that alternative, packed at load instead.
    ///
    /// Those that gain most for their packing come first, as long as all packing together takes no more than a run; each must
    /// gain its packing within `runs` runs.
    /// - Parameter packings: what packing each alternative costs, in the unit of their costs; infinite where it cannot be done.
    static func packedAtLoad(_ items: [[Alternative]], chosen: [Int], packings: [[Double]], runs: Double = 100) -> [Int: Int] {
        var candidates: [(item: Int, alternative: Int, gain: Double, packing: Double)] = []
        for (index, item) in items.enumerated() {
            guard let best = item.indices.min(by: { item[$0].cost < item[$1].cost }), best != chosen[index] else { continue }
            let (gain, packing) = (item[chosen[index]].cost - item[best].cost, packings[index][best])
            if gain > 0, packing <= gain * runs { candidates.append((index, best, gain, packing)) }
        }
        candidates.sort { $0.gain / max($0.packing, 1e-12) > $1.gain / max($1.packing, 1e-12) }
        var rest = zip(items, chosen).reduce(0) { $0 + $1.0[$1.1].cost }
        var result: [Int: Int] = [:]
        for candidate in candidates where candidate.packing <= rest {
            rest -= candidate.packing
            result[candidate.item] = candidate.alternative
        }
        return result
    }

    /// Of the items that were to be packed at load, those that fit into the file after all, since others lie there as they are:
    /// the smallest first.
    /// - Parameter plain: the bytes of each item's weights as they are.
    static func fitting(_ late: [Int: Int], _ items: [[Alternative]], chosen: [Int], plain: [Int], within limit: Int) -> Set<Int> {
        var rest = limit
        for (index, item) in items.enumerated() { rest -= late[index] == nil ? item[chosen[index]].bytes : plain[index] }
        var result = Set<Int>()
        for (bytes, index) in late.map({ (items[$0.key][$0.value].bytes, $0.key) }).sorted(by: <) {
            guard bytes - plain[index] <= rest else { break }
            rest -= bytes - plain[index]
            result.insert(index)
        }
        return result
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
