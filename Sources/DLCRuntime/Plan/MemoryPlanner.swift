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

/// Greedy by size (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020): the largest
/// buffers first, each into the smallest gap between those alive at the same time.
public enum MemoryPlanner {
    public static let alignment = 64

    public static func assign(_ lifetimes: [Lifetime]) -> ArenaLayout {
        let sizes = lifetimes.map { ($0.bytes + alignment - 1) / alignment * alignment }
        let order = lifetimes.indices.sorted {
            sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : lifetimes[$0].firstStep < lifetimes[$1].firstStep
        }
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
        return ArenaLayout(
            offsets: offsets, peak: peak, lowerBound: lowerBound(lifetimes, sizes), total: sizes.reduce(0, +))
    }

    private static func lowerBound(_ lifetimes: [Lifetime], _ sizes: [Int]) -> Int {
        let steps = (lifetimes.map(\.lastStep).max() ?? -1) + 1
        var change = [Int](repeating: 0, count: steps + 1)
        for (lifetime, size) in zip(lifetimes, sizes) {
            change[lifetime.firstStep] += size
            change[lifetime.lastStep + 1] -= size
        }
        var alive = 0
        var most = 0
        for delta in change {
            alive += delta
            most = max(most, alive)
        }
        return most
    }
}
