/// Which trials of a search go on: all train for a while, the better third of them three times as long, and so on.
///
/// Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016.
public struct SuccessiveHalving: Sendable {
    /// How many epochs each round brings its trials to, the last one to all of them.
    public let rounds: [Int]
    /// Of how many trials of a round one goes on to the next.
    public static let factor = 3

    /// - Parameters:
    ///   - trials: how many begin.
    ///   - epochs: how long the last ones train.
    public init(trials: Int, epochs: Int) {
        var rounds = [epochs]
        var left = trials
        while left > Self.factor, rounds[0] > 1 {
            rounds.insert(max(1, rounds[0] / Self.factor), at: 0)
            left /= Self.factor
        }
        self.rounds = rounds
    }

    /// The trials that go on from a round: the best third, at least one.
    /// - Parameter values: of all trials in the round, by trial.
    public func survivors(_ values: [Int: Double], of metric: Metric) -> [Int] {
        let order = values.keys.sorted { a, b in
            let (x, y) = (values[a] ?? .nan, values[b] ?? .nan)
            return metric.isBetter(x, than: y) || (!metric.isBetter(y, than: x) && a < b)
        }
        return Array(order.prefix(max(1, (order.count + Self.factor - 1) / Self.factor)))
    }
}
