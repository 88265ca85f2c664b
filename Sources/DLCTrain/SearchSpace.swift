import DLC

/// What a search tries for the settings of a training: all combinations of lists, or draws from ranges.
public struct SearchSpace: Sendable {
    /// One setting and what it may be.
    public struct Axis: Sendable {
        public var name: String
        public var values: Values

        /// `rate=1e-2,1e-3`, a list; `hidden=32...512` or `rate=1e-4...1e-1`, a range, of integers where both ends are written as
        /// such, over the logarithm where the upper end is ten times the lower or more.
        /// - Throws: where the text is neither.
        public init(_ text: String) throws {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw DLCError("'\(text.printable(most: 60))' gives no setting its values; expected name=1,2,3 or name=1...10")
            }
            name = String(text[..<equals])
            let rest = String(text[text.index(after: equals)...])
            let ends = rest.split(separator: "...", omittingEmptySubsequences: false).map(String.init)
            if ends.count == 2 {
                guard let low = Double(ends[0]), let high = Double(ends[1]), low.isFinite, high.isFinite, low < high else {
                    throw DLCError("\(name): '\(rest.printable(most: 60))' is no range; expected two numbers, the lower first: 32...512")
                }
                let areIntegers = Int(ends[0]) != nil && Int(ends[1]) != nil
                values = .range(low, high, isInteger: areIntegers, isLogarithmic: low > 0 && high / low >= 10)
            } else {
                let list = rest.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                guard !list.contains(""), Set(list).count == list.count else {
                    throw DLCError("\(name): '\(rest.printable(most: 60))' is no list of different values; expected 1e-2,1e-3")
                }
                values = .list(list)
            }
        }

        public enum Values: Sendable, Equatable {
            case list([String])
            case range(Double, Double, isInteger: Bool, isLogarithmic: Bool)
        }

        fileprivate func draw(_ random: inout SplitMix64) -> String {
            switch values {
            case .list(let list): return list[min(list.count - 1, Int(random.uniform() * Double(list.count)))]
            case .range(let low, let high, let isInteger, let isLogarithmic):
                // Integers get the same share each, the last one too.
                let end = isInteger ? high + 1 : high
                let share = random.uniform()
                let value = isLogarithmic ? low * Mathematics.pow(end / low, share) : low + (end - low) * share
                return isInteger ? "\(Int(min(high, max(low, value.rounded(.down)))))" : "\(Float(value))"
            }
        }
    }

    /// All combinations of these are tried.
    public var grid: [Axis]
    /// Every trial draws these anew.
    public var random: [Axis]

    /// - Throws: where a setting is named twice, or a grid has a range.
    public init(grid: [Axis], random: [Axis]) throws {
        (self.grid, self.random) = (grid, random)
        var names = Set<String>()
        for axis in grid + random where !names.insert(axis.name).inserted { throw DLCError("the setting \(axis.name) is given twice") }
        guard !names.isEmpty else { throw DLCError("nothing is searched; expected settings with their values, such as rate=1e-2,1e-3") }
        for axis in grid {
            if case .range = axis.values {
                throw DLCError("\(axis.name) is a range, of which a grid cannot try all; list values, or draw it at random")
            }
        }
    }

    /// The settings of each trial.
    /// - Parameters:
    ///   - count: how many; nil takes each combination of the grid once, ten draws where there is no grid.
    ///   - seed: the draws are the same for the same seed.
    public func trials(_ count: Int?, seed: UInt64) throws -> [[String: String]] {
        var combinations: [[String: String]] = [[:]]
        for axis in grid {
            guard case .list(let list) = axis.values else { continue }
            guard combinations.count <= 10_000 / list.count else { throw DLCError("the grid has more than 10,000 combinations") }
            combinations = combinations.flatMap { known in list.map { known.merging([axis.name: $0]) { $1 } } }
        }
        let wanted = count ?? (grid.isEmpty ? 10 : combinations.count)
        if random.isEmpty, wanted > combinations.count {
            throw DLCError("\(wanted) trials: the grid has \(combinations.count) combinations")
        }
        var generator = SplitMix64(seed: seed)
        return (0..<wanted).map { index in
            random.reduce(into: combinations[index % combinations.count]) { $0[$1.name] = $1.draw(&generator) }
        }
    }
}
