import DLC
import Testing

@testable import DLCPasses

@Suite struct WeightBudgetTests {
    private static func total(_ items: [[Alternative]], _ chosen: [Int]) -> (cost: Double, bytes: Int) {
        zip(items, chosen).reduce((0, 0)) { ($0.0 + $1.0[$1.1].cost, $0.1 + $1.0[$1.1].bytes) }
    }

    private static let layers = [
        [Alternative(cost: 100, bytes: 9), Alternative(cost: 60, bytes: 16), Alternative(cost: 40, bytes: 36)],
        [Alternative(cost: 100, bytes: 90), Alternative(cost: 60, bytes: 160), Alternative(cost: 40, bytes: 360)],
    ]

    @Test func withRoomEachIsTheFastest() {
        #expect(WeightBudget.choose(Self.layers, within: 1000) == [2, 2])
        #expect(WeightBudget.choose(Self.layers, within: 396) == [2, 2])
    }

    @Test func bytesGoWhereTheyGainMost() {
        #expect(WeightBudget.choose(Self.layers, within: 395) == [2, 1])
        #expect(WeightBudget.choose(Self.layers, within: 126) == [2, 0])
        #expect(WeightBudget.choose(Self.layers, within: 110) == [1, 0])
    }

    @Test func withoutRoomEachIsTheSmallest() {
        #expect(WeightBudget.choose(Self.layers, within: 99) == [0, 0])
        #expect(WeightBudget.choose(Self.layers, within: 0) == [0, 0])
    }

    @Test func whatIsSmallerAndFasterIsAlwaysTaken() {
        let items = [
            [Alternative(cost: 9, bytes: 50), Alternative(cost: 3, bytes: 10)],
            [Alternative(cost: 5, bytes: 10), Alternative(cost: 3, bytes: 10)],
        ]
        #expect(WeightBudget.choose(items, within: 0) == [1, 1])
    }

    /// Against every combination: never above the limit, and never further from the best than the one item that a greedy
    /// choice may leave out.
    @Test func isNearTheBestCombination() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let items = (0..<6).map { _ in
                (0..<3).map { _ in Alternative(cost: Double(Int(random.uniform() * 100)), bytes: Int(random.uniform() * 100)) }
            }
            let smallest = items.reduce(0) { $0 + ($1.map(\.bytes).min() ?? 0) }
            let limit = smallest + Int(random.uniform() * 300)
            let found = Self.total(items, WeightBudget.choose(items, within: limit))
            #expect(found.bytes <= limit)
            var best = Double.infinity
            var largest = 0.0
            for item in items { largest = max(largest, (item.map(\.cost).max() ?? 0) - (item.map(\.cost).min() ?? 0)) }
            for code in 0..<729 {
                var (rest, combination) = (code, [Int]())
                for _ in items { combination.append(rest % 3); rest /= 3 }
                let all = Self.total(items, combination)
                if all.bytes <= limit { best = min(best, all.cost) }
            }
            #expect(found.cost <= best + largest)
        }
    }
}
