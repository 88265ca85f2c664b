import DLC

/// How often a tensor's numbers fell into each of many equal parts of a range.
struct Histogram {
    /// The least and the greatest finite number so far, 0 among them.
    private(set) var (low, high) = (0.0, 0.0)
    /// Empty until `begin`.
    private(set) var counts: [Double] = []
    /// Numbers that are NaN or infinite, which no range holds.
    private(set) var oddCount = 0

    static let parts = 2048

    /// Widens the range by a tensor's numbers.
    mutating func widen(_ tensor: Tensor) throws {
        let (low, high, odd) = try tensor.withElements(of: Float.self) { numbers in
            var (low, high, odd) = (Float(0), Float(0), 0)
            for number in numbers {
                if number.isFinite { (low, high) = (min(low, number), max(high, number)) } else { odd += 1 }
            }
            return (low, high, odd)
        }
        (self.low, self.high) = (min(self.low, Double(low)), max(self.high, Double(high)))
        oddCount += odd
    }

    /// Divides the range, which stays as it is from here on.
    mutating func begin() { counts = [Double](repeating: 0, count: Self.parts) }

    /// Counts a tensor's numbers; those outside of the range count as the nearest in it.
    mutating func count(_ tensor: Tensor) throws {
        guard high > low else { return }
        let (low, step, last) = (Float(low), Float(Double(counts.count) / (high - low)), Float(counts.count - 1))
        guard step.isFinite else { return }
        try counts.withUnsafeMutableBufferPointer { counts in
            try tensor.withElements(of: Float.self) { numbers in
                for number in numbers where number.isFinite { counts[Int(min(max((number - low) * step, 0), last))] += 1 }
            }
        }
    }

    /// The middle of a part.
    func middle(_ part: Int) -> Double { low + (Double(part) + 0.5) * (high - low) / Double(counts.count) }
}

extension Histogram {
    /// - Returns: nil where the numbers span nothing.
    func range(by method: RangeMethod) -> ActivationRange? {
        switch method {
        case .extremes: ActivationRange(low: low, high: high)
        case .percentile(let share): percentile(share)
        case .entropy: best { divergence($0) }
        case .squaredError: best { squaredError($0) }
        }
    }

    private func percentile(_ share: Double) -> ActivationRange? {
        let total = counts.reduce(0, +)
        let cut = total * (1 - share) / 2
        func quantile(_ order: some Sequence<Int>) -> Int {
            var sum = 0.0
            return order.first {
                sum += counts[$0]
                return sum > cut
            } ?? 0
        }
        let width = (high - low) / Double(counts.count)
        let (first, last) = (quantile(counts.indices), quantile(counts.indices.reversed()))
        return ActivationRange(low: low + Double(first) * width, high: low + Double(last + 1) * width)
    }

    /// Each end in turn is drawn in as far as that lowers the cost.
    private func best(_ cost: (ActivationRange) -> Double) -> ActivationRange? {
        guard var best = ActivationRange(low: low, high: high) else { return nil }
        var (least, ends) = (cost(best), (low: low, high: high))
        let shares = stride(from: 0.975, through: 0.1, by: -0.025)
        for _ in 0..<2 {
            for isHigh in [true, false] {
                for share in shares {
                    let tried = isHigh ? (low: ends.low, high: high * share) : (low: low * share, high: ends.high)
                    guard let range = ActivationRange(low: tried.low, high: tried.high) else { continue }
                    let found = cost(range)
                    if found < least { (best, least, ends) = (range, found, tried) }
                }
            }
        }
        return best
    }

    private func squaredError(_ range: ActivationRange) -> Double {
        counts.indices.reduce(0) { sum, part in
            guard counts[part] > 0 else { return sum }
            let error = middle(part) - range.rounded(middle(part))
            return sum + counts[part] * error * error
        }
    }

    /// Kullback and Leibler's divergence of the distribution, with what lies outside at the range's ends, from the one in which the
    /// numbers of an integer are spread evenly over the parts of it that hold any.
    private func divergence(_ range: ActivationRange) -> Double {
        var levels: [Int] = []
        levels.reserveCapacity(counts.count)
        var (inside, parts, clipped) = ([Double](repeating: 0, count: 256), [Double](repeating: 0, count: 256), counts)
        let ends = (low: -Double(range.zeroPoint) * Double(range.scale), high: (255 - Double(range.zeroPoint)) * Double(range.scale))
        let firstInside = counts.indices.first { middle($0) >= ends.low - Double(range.scale) / 2 } ?? 0
        let lastInside = counts.indices.last { middle($0) <= ends.high + Double(range.scale) / 2 } ?? counts.count - 1
        guard firstInside <= lastInside else { return .infinity }
        for part in counts.indices {
            let level = Int((range.rounded(middle(part)) / Double(range.scale)).rounded()) + Int(range.zeroPoint)
            levels.append(min(max(level, 0), 255))
            let nearest = min(max(part, firstInside), lastInside)
            if nearest != part {
                clipped[nearest] += counts[part]
                clipped[part] = 0
            } else if counts[part] > 0 {
                inside[levels[part]] += counts[part]
                parts[levels[part]] += 1
            }
        }
        let (total, kept) = (counts.reduce(0, +), inside.reduce(0, +))
        guard kept > 0 else { return .infinity }
        return (firstInside...lastInside).reduce(0) { sum, part in
            let p = clipped[part] / total
            guard p > 0 else { return sum }
            let level = levels[part]
            guard counts[part] > 0, parts[level] > 0 else { return sum + p * 20 }
            return sum + p * Mathematics.log(p * parts[level] * kept / inside[level])
        }
    }
}
