import DLCRuntime
import Testing

@Suite struct MemoryPlannerTests {
    /// Random lifetimes: no two buffers alive at one step overlap, and the peak is not below the lower bound.
    @Test(arguments: 0..<40) func buffersAliveTogetherNeverOverlap(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let lifetimes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
            let first = Int.random(in: 0..<40, using: &random)
            return Lifetime(
                bytes: Int.random(in: 0...5000, using: &random), firstStep: first,
                lastStep: first + Int.random(in: 0..<8, using: &random))
        }
        var planner = MemoryPlanner()
        try check(planner.assign(lifetimes), lifetimes)
        // The same steps with other sizes, as another set of shapes has them.
        for scale in [3, 1, 7] {
            let scaled = lifetimes.map { Lifetime(bytes: $0.bytes * scale / 2, firstStep: $0.firstStep, lastStep: $0.lastStep) }
            try check(planner.assign(scaled, within: scale == 1 ? 1 << 20 : 0), scaled)
        }
    }

    /// What a step of a training keeps: a value per layer from its forward step to its backward one, and two beside each step. The
    /// lower bound is nearly reached whatever the sizes are.
    @Test(arguments: 0..<40) func nestedLifetimesComeNearTheLowerBound(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let layers = Int.random(in: 20...60, using: &random)
        var lifetimes: [Lifetime] = []
        for layer in 0..<layers {
            let behind = 2 * layers - 1 - layer
            lifetimes.append(Lifetime(bytes: Int.random(in: 1000...20000, using: &random), firstStep: layer, lastStep: behind))
            for first in [layer, behind] {
                lifetimes.append(Lifetime(bytes: Int.random(in: 1000...20000, using: &random), firstStep: first, lastStep: first + 1))
                lifetimes.append(Lifetime(bytes: Int.random(in: 1000...50000, using: &random), firstStep: first, lastStep: first))
            }
        }
        var planner = MemoryPlanner()
        let layout = try planner.assign(lifetimes)
        try check(layout, lifetimes)
        #expect(Double(layout.peak) <= 1.1 * Double(layout.lowerBound), "\(layout.peak) of \(layout.lowerBound)")
    }

    private func check(_ layout: ArenaLayout, _ lifetimes: [Lifetime]) throws {
        #expect(layout.peak >= layout.lowerBound && layout.peak <= layout.total)
        for (i, a) in lifetimes.enumerated() {
            #expect(layout.offsets[i] % MemoryPlanner.alignment == 0)
            #expect(layout.offsets[i] + a.bytes <= layout.peak)
            for (j, b) in lifetimes.enumerated() where i < j && a.bytes > 0 && b.bytes > 0 {
                guard a.firstStep <= b.lastStep, b.firstStep <= a.lastStep else { continue }
                #expect(layout.offsets[i] + a.bytes <= layout.offsets[j] || layout.offsets[j] + b.bytes <= layout.offsets[i])
            }
        }
    }

    @Test func aChainSharesTwoBuffers() throws {
        var planner = MemoryPlanner()
        let layout = try planner.assign((0..<10).map { Lifetime(bytes: 640, firstStep: $0, lastStep: $0 + 1) })
        #expect(layout.peak == 1280)
        #expect(layout.lowerBound == 1280)
        #expect(layout.total == 6400)
    }

    @Test func sizesThatOverflowAreRefused() {
        for bytes in [Int.max, Int.max / 2, 1 << 61] {
            var planner = MemoryPlanner()
            #expect(throws: DLCError.self) { try planner.assign((0..<4).map { Lifetime(bytes: bytes, firstStep: $0, lastStep: $0) }) }
        }
    }
}
