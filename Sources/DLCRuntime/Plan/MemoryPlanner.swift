/// A buffer's size and the steps during which it is alive.
public struct Lifetime: Sendable {
    public var bytes: Int
    public var firstStep: Int
    public var lastStep: Int

    public init(bytes: Int, firstStep: Int, lastStep: Int) {
        self.bytes = bytes
        self.firstStep = firstStep
        self.lastStep = lastStep
    }
}

/// Where buffers lie in the arena.
public struct ArenaLayout: Sendable {
    public var offsets: [Int]
    /// Bytes of the arena.
    public var peak: Int
    /// The largest sum of bytes alive at one step: no arrangement needs less.
    public var lowerBound: Int
    /// What it would take without sharing.
    public var total: Int
}

/// Places buffers one by one, each into the smallest gap between those alive at the same time. The order decides how well
/// that goes: the largest first, or those alive at the fullest step first ("greedy by size" and "greedy by breadth" of
/// Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020), or as they come; where none of these
/// comes near the lower bound, from the bottom up (`byLine`). From the best of them on, buffers that ended up above the lower bound
/// are moved to the front of the order and all are placed again, some times; the first layout at the lower bound is taken at once.
///
/// A planner that has done so for one set of sizes tries its order for the next ones first, and keeps to it where that comes as
/// close to the lower bound as it did then.
public struct MemoryPlanner {
    public static let alignment = 64
    private var knownOrder: [Int] = []
    /// What the known order took when it was found, by the lower bound.
    private var knownRatio = 1.0

    public init() {}

    /// - Parameter capacity: bytes that are there already: a layout within them need not be better.
    /// - Throws: where the sizes overflow.
    public mutating func assign(_ lifetimes: [Lifetime], within capacity: Int = 0) throws -> ArenaLayout {
        let sizes = try lifetimes.map { try Checked.add($0.bytes, Self.alignment - 1) / Self.alignment * Self.alignment }
        let total = try sizes.reduce(0) { try Checked.add($0, $1) }
        let alive = Self.aliveBytes(lifetimes, sizes)
        let bound = alive.max() ?? 0
        var best = ArenaLayout(offsets: [], peak: .max, lowerBound: bound, total: total)
        if knownOrder.count == lifetimes.count {
            (best.offsets, best.peak) = Self.place(lifetimes, sizes, knownOrder)
            if best.peak <= max(bound, capacity) || Double(best.peak) <= Double(bound) * knownRatio * Self.tolerance { return best }
        }
        defer { knownRatio = bound > 0 ? Double(best.peak) / Double(bound) : 1 }
        func attempt(_ order: [Int]) {
            let (offsets, peak) = Self.place(lifetimes, sizes, order)
            if peak < best.peak { (best.offsets, best.peak, knownOrder) = (offsets, peak, order) }
        }
        for order in [Self.bySize(lifetimes, sizes), Self.byBreadth(lifetimes, sizes, alive), Self.byStart(lifetimes, sizes)] {
            attempt(order)
            if best.peak == bound { return best }
        }
        for preference in Preference.allCases where Double(best.peak) > Double(bound) * Self.tolerance {
            attempt(Self.byLine(lifetimes, sizes, preference))
        }
        var (order, offsets) = (knownOrder, best.offsets)
        for _ in 0..<Self.attempts {
            let isHigh = order.map { offsets[$0] + sizes[$0] > bound }
            order = zip(order, isHigh).filter { $0.1 }.map(\.0) + zip(order, isHigh).filter { !$0.1 }.map(\.0)
            let (next, peak) = Self.place(lifetimes, sizes, order)
            offsets = next
            if peak < best.peak { (best.offsets, best.peak, knownOrder) = (offsets, peak, order) }
            if best.peak == bound { break }
        }
        return best
    }

    /// How much further from the lower bound an order may come before others are tried.
    private static let tolerance = 1.02

    /// Placements tried beyond the three orders.
    private static let attempts = 12

    /// A buffer that has its place.
    private struct Placed {
        var offset: Int
        var end: Int
        var firstStep: Int
        var lastStep: Int
    }

    private static func place(_ lifetimes: [Lifetime], _ sizes: [Int], _ order: [Int]) -> (offsets: [Int], peak: Int) {
        var offsets = [Int](repeating: 0, count: lifetimes.count)
        var placed: [Placed] = []  // in order of offset
        placed.reserveCapacity(lifetimes.count)
        var peak = 0
        for index in order where sizes[index] > 0 {
            let (size, firstStep, lastStep) = (sizes[index], lifetimes[index].firstStep, lifetimes[index].lastStep)
            var bestOffset = -1
            var bestGap = Int.max
            var end = 0
            for other in placed where other.firstStep <= lastStep && firstStep <= other.lastStep {
                let gap = other.offset - end
                if gap >= size, gap < bestGap {
                    bestOffset = end
                    bestGap = gap
                }
                end = max(end, other.end)
            }
            let offset = bestOffset < 0 ? end : bestOffset
            offsets[index] = offset
            peak = max(peak, offset + size)
            // Behind those of the same offset, found by halves.
            var (low, high) = (0, placed.count)
            while low < high {
                let middle = (low + high) / 2
                if placed[middle].offset > offset { high = middle } else { low = middle + 1 }
            }
            placed.insert(Placed(offset: offset, end: offset + size, firstStep: firstStep, lastStep: lastStep), at: low)
        }
        return (offsets, peak)
    }

    private static func bySize(_ lifetimes: [Lifetime], _ sizes: [Int]) -> [Int] {
        lifetimes.indices.sorted {
            sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : lifetimes[$0].firstStep < lifetimes[$1].firstStep
        }
    }

    private static func byStart(_ lifetimes: [Lifetime], _ sizes: [Int]) -> [Int] {
        lifetimes.indices.sorted {
            let (a, b) = (lifetimes[$0], lifetimes[$1])
            return a.firstStep != b.firstStep ? a.firstStep < b.firstStep : sizes[$0] > sizes[$1]
        }
    }

    private static func byBreadth(_ lifetimes: [Lifetime], _ sizes: [Int], _ alive: [Int]) -> [Int] {
        let fullest = lifetimes.map { lifetime in alive[lifetime.firstStep...lifetime.lastStep].max() ?? 0 }
        return lifetimes.indices.sorted { fullest[$0] != fullest[$1] ? fullest[$0] > fullest[$1] : sizes[$0] > sizes[$1] }
    }

    /// The sum of bytes alive at each step.
    private static func aliveBytes(_ lifetimes: [Lifetime], _ sizes: [Int]) -> [Int] {
        var alive = [Int](repeating: 0, count: (lifetimes.map(\.lastStep).max() ?? -1) + 2)
        for (lifetime, size) in zip(lifetimes, sizes) {
            alive[lifetime.firstStep] += size
            alive[lifetime.lastStep + 1] -= size
        }
        for step in alive.indices.dropFirst() { alive[step] += alive[step - 1] }
        return alive
    }
}
