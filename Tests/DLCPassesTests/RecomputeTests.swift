import DLCTensor
import Testing

@testable import DLCPasses

/// Which steps run again so that buffers fit a number of bytes.
@Suite struct RecomputeTests {
    private static func step(_ operands: [Int], _ results: [Int], cost: Double = 1) -> RecomputeProblem.Step {
        RecomputeProblem.Step(
            operands: operands, results: results, workspace: 0, cost: cost, isRepeatable: true, canFail: false, readStates: [],
            writtenStates: [], takeovers: [])
    }

    /// Forward f(i) = f(i − 1) and backward b(i) = b(i + 1), f(i), every buffer of one unit.
    private static func chain(_ layers: Int) -> RecomputeProblem {
        var steps = [step([], [0])]
        for layer in 1..<layers { steps.append(step([layer - 1], [layer])) }
        for layer in (0..<layers).reversed() {
            let after = 2 * layers - layer - 2
            steps.append(step(layer == layers - 1 ? [layer] : [after, layer], [after + 1]))
        }
        return RecomputeProblem(steps: steps, bytes: [Int](repeating: 64, count: 2 * layers), kept: [2 * layers - 1])
    }

    @Test func aChainFitsTheRootOfItsLength() throws {
        for layers in [16, 49] {
            let problem = Self.chain(layers)
            var search = try RecomputeSearch(problem)
            #expect(search.schedule.peak / 64 >= layers)
            search.fitLeast()
            // Chen et al., section 4.2: segments of √n, one of them at a time; a step has an operand and a result more.
            let root = Double(layers).squareRoot()
            #expect(Double(search.schedule.peak / 64) <= 2 * root + 4, "\(layers) layers need \(search.schedule.peak / 64)")
        }
    }

    @Test func halfTheMemoryTakesAtMostOneMoreForward() throws {
        let problem = Self.chain(64)
        var search = try RecomputeSearch(problem)
        let halved = search.fit(search.schedule.peak / 2)
        #expect(halved)
        #expect(search.schedule.cost <= 64)
    }

    @Test func whatCostsLeastForItsBytesIsComputedAgain() throws {
        // Two values wait for the end; one is cheap to make.
        let steps = [
            Self.step([], [0]), Self.step([0], [1], cost: 100), Self.step([0], [2], cost: 1), Self.step([1, 2], [3]), Self.step([3], [4]),
            Self.step([4], [5]), Self.step([5, 1, 2, 0], [6]),
        ]
        var search = try RecomputeSearch(RecomputeProblem(steps: steps, bytes: [0, 640, 640, 640, 640, 640, 64], kept: [6]))
        let fits = search.fit(2100)
        #expect(fits)
        #expect(search.schedule.items.filter(\.isRepeated).map(\.step) == [2])
    }

    @Test func nothingRunsAgainAfterAStateItReadsHasChanged() throws {
        var steps = [Self.step([], [0]), Self.step([0], [1]), Self.step([1], [2]), Self.step([2], [3]), Self.step([3, 0], [4])]
        steps[0].readStates = [7]
        let bytes = [640, 640, 640, 640, 64]
        var free = try RecomputeSearch(RecomputeProblem(steps: steps, bytes: bytes, kept: [4]))
        let fits = free.fit(1400)
        #expect(fits)
        steps[2].writtenStates = [7]
        steps[2].isRepeatable = false
        var bound = try RecomputeSearch(RecomputeProblem(steps: steps, bytes: bytes, kept: [4]))
        let stillFits = bound.fit(1400)
        #expect(!stillFits)
    }

    /// Graphs at random: what is read is what was read before, and the bytes alive are those that a count from nothing finds.
    @Test func schedulesComputeTheSame() throws {
        var generator = SplitMix64(seed: 11)
        func below(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
        for _ in 0..<60 {
            let count = 6 + below(40)
            var steps: [RecomputeProblem.Step] = []
            var bytes: [Int] = []
            for index in 0..<count {
                // Some steps have two results, some write a part of a buffer that another has begun.
                var operands: Set<Int> = []
                for _ in 0..<min(bytes.count, below(4)) { operands.insert(below(2) == 0 ? below(bytes.count) : bytes.count - 1) }
                var results: [Int] = []
                for _ in 0..<1 + below(5) / 4 {
                    results.append(bytes.count)
                    bytes.append(64 * below(20))
                }
                if index > 0, below(6) == 0, let begun = steps[index - 1].results.first, !operands.contains(begun) { results.append(begun) }
                steps.append(Self.step(operands.sorted(), results, cost: Double(1 + below(9))))
                if below(5) == 0 { steps[index].isRepeatable = false }
            }
            let problem = RecomputeProblem(steps: steps, bytes: bytes, kept: [bytes.count - 1])
            var search = try RecomputeSearch(problem)
            let whole = search.schedule.peak
            check(search.schedule, problem)
            for part in [9, 7, 5] {
                let fits = search.fit(whole * part / 10)
                #expect(!fits || search.schedule.peak <= whole * part / 10)
                #expect(search.schedule.peak <= whole)
                check(search.schedule, problem)
            }
        }
    }

    /// Runs a schedule on names of contents, and counts its bytes.
    private func check(_ schedule: RecomputeSchedule, _ problem: RecomputeProblem) {
        var given = [Int](repeating: 0, count: problem.bytes.count)
        var expected: [[Int]] = []
        for (index, step) in problem.steps.enumerated() {
            expected.append(step.operands.map { given[$0] })
            let content = Self.hash([index] + step.operands.map { given[$0] })
            for result in step.results { given[result] = Self.hash([given[result], content]) }
        }
        var contents = [Int](repeating: 0, count: schedule.buffers.count)
        var last = [Int](repeating: -1, count: schedule.buffers.count)
        for (place, item) in schedule.items.enumerated() {
            for instance in item.operands + item.results { last[instance] = place }
            let step = problem.steps[item.step]
            #expect(item.operands.map { contents[$0] } == expected[item.step], "step \(item.step)")
            #expect(!item.isRepeated || step.isRepeatable)
            let content = Self.hash([item.step] + item.operands.map { contents[$0] })
            for instance in item.results { contents[instance] = Self.hash([contents[instance], content]) }
        }
        #expect(schedule.items.filter { !$0.isRepeated }.map(\.step) == Array(problem.steps.indices))
        for (buffer, instance) in zip(problem.steps.last?.results ?? [], schedule.items.last?.results ?? []) where problem.isKept[buffer] {
            last[instance] = schedule.items.count
        }
        var (alive, peak) = (Set<Int>(), 0)
        for (place, item) in schedule.items.enumerated() {
            alive.formUnion(item.operands + item.results)
            peak = max(peak, alive.reduce(0) { $0 + problem.bytes[schedule.buffers[$1]] })
            alive = alive.filter { last[$0] > place }
        }
        #expect(peak == schedule.peak)
    }

    private static func hash(_ values: [Int]) -> Int {
        values.reduce(17) { ($0 ^ $1 &+ 0x9E37_79B9) &* 0x100_0000_01B3 }
    }
}
