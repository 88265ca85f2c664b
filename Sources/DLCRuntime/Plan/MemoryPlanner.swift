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
/// Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020), or as they come. From the best
/// of the three on, buffers that ended up above the lower bound are moved to the front of the order and all are placed
/// again, some times; the first layout at the lower bound is taken at once.
public enum MemoryPlanner {
    public static let alignment = 64

    public static func assign(_ lifetimes: [Lifetime]) -> ArenaLayout {
        let sizes = lifetimes.map { ($0.bytes + alignment - 1) / alignment * alignment }
        let alive = aliveBytes(lifetimes, sizes)
        let bound = alive.max() ?? 0
        var best = ArenaLayout(offsets: [], peak: .max, lowerBound: bound, total: sizes.reduce(0, +))
        var bestOrder: [Int] = []
        for order in [bySize(lifetimes, sizes), byBreadth(lifetimes, sizes, alive), byStart(lifetimes, sizes)] {
            let (offsets, peak) = place(lifetimes, sizes, order)
            if peak < best.peak { (best.offsets, best.peak, bestOrder) = (offsets, peak, order) }
            if best.peak == bound { return best }
        }
        var (order, offsets) = (bestOrder, best.offsets)
        for _ in 0..<attempts {
            let isHigh = order.map { offsets[$0] + sizes[$0] > bound }
            order = zip(order, isHigh).filter { $0.1 }.map(\.0) + zip(order, isHigh).filter { !$0.1 }.map(\.0)
            let (next, peak) = place(lifetimes, sizes, order)
            offsets = next
            if peak < best.peak { (best.offsets, best.peak) = (offsets, peak) }
            if best.peak == bound { break }
        }
        return best
    }

    /// Placements tried beyond the three orders.
    private static let attempts = 12

    private static func place(_ lifetimes: [Lifetime], _ sizes: [Int], _ order: [Int]) -> (offsets: [Int], peak: Int) {
        var offsets = [Int](repeating: 0, count: lifetimes.count)
        var placed: [Int] = []  // in order of offset
        var peak = 0
        for index in order where sizes[index] > 0 {
            let lifetime = lifetimes[index]
            var best: (offset: Int, gap: Int)?
            var end = 0
            for other in placed where lifetimes[other].firstStep <= lifetime.lastStep && lifetime.firstStep <= lifetimes[other].lastStep {
                let gap = offsets[other] - end
                if gap >= sizes[index], gap < best?.gap ?? .max { best = (end, gap) }
                end = max(end, offsets[other] + sizes[other])
            }
            offsets[index] = best?.offset ?? end
            peak = max(peak, offsets[index] + sizes[index])
            let position = placed.firstIndex { offsets[$0] > offsets[index] } ?? placed.count
            placed.insert(index, at: position)
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
