/// The steps that a policy asks for, in order, with the memory that they need.
///
/// The given steps keep their order. What a step reads and no memory holds is computed again right before it, by the steps that
/// computed it first, and by theirs.
struct RecomputeSchedule {
    /// One run of a step. Instances are buffers' contents, numbered by the runs that made them.
    struct Item {
        var step: Int
        var isRepeated: Bool
        /// In the order of the step's.
        var operands: [Int]
        var results: [Int]
    }

    private(set) var items: [Item] = []
    /// The buffer that each instance holds the content of.
    private(set) var buffers: [Int] = []
    /// The most bytes alive at each given step or at what is computed again for it.
    private(set) var peaks: [Int] = []
    /// The given steps for which each buffer is in memory, from the first to the last.
    private(set) var residence: [[ClosedRange<Int>]]
    /// What running steps again takes, in microseconds.
    private(set) var cost = 0.0
    private let problem: RecomputeProblem

    var peak: Int { peaks.max() ?? 0 }
    var repeated: Int { items.count - problem.steps.count }

    /// - Returns: nil where a step would have to run again after a state that it reads has changed.
    init?(_ problem: RecomputeProblem, _ policy: RecomputePolicy) {
        self.problem = problem
        residence = [[ClosedRange<Int>]](repeating: [], count: problem.bytes.count)
        var run = Run(problem, policy)
        for step in problem.steps.indices { guard run.perform(step, &self) else { return nil } }
        run.finish(&self)
        measure()
    }

    /// Whether a buffer is in memory when what `step` lacks is computed.
    func holds(_ buffer: Int, at step: Int) -> Bool { residence[buffer].contains { $0.contains(step) } }

    /// The state of a walk over the steps.
    private struct Run {
        let problem: RecomputeProblem
        let policy: RecomputePolicy
        /// The instance that is in memory, by buffer, and since which step.
        var current: [(instance: Int, since: Int)?]
        /// How many of a buffer's touches are done.
        var done: [Int]

        init(_ problem: RecomputeProblem, _ policy: RecomputePolicy) {
            self.problem = problem
            self.policy = policy
            current = [(instance: Int, since: Int)?](repeating: nil, count: problem.bytes.count)
            done = [Int](repeating: 0, count: problem.bytes.count)
        }

        mutating func perform(_ index: Int, _ schedule: inout RecomputeSchedule) -> Bool {
            let step = problem.steps[index]
            var passing: [Int] = []
            for buffer in step.operands where current[buffer] == nil {
                guard recompute(buffer, for: index, &passing, &schedule) else { return false }
            }
            for buffer in step.results where current[buffer] == nil { current[buffer] = (schedule.instance(of: buffer), index + 1) }
            schedule.items.append(
                Item(
                    step: index, isRepeated: false, operands: step.operands.map { current[$0]?.instance ?? 0 },
                    results: step.results.map { current[$0]?.instance ?? 0 }))
            for buffer in passing where !problem.touches[buffer].contains(index) { leave(buffer, at: index, &schedule) }
            for buffer in step.operands { touch(buffer, at: index, &schedule) }
            for buffer in step.results where !step.operands.contains(buffer) { touch(buffer, at: index, &schedule) }
            return true
        }

        private mutating func touch(_ buffer: Int, at step: Int, _ schedule: inout RecomputeSchedule) {
            let touch = done[buffer]
            done[buffer] += 1
            let isLast = done[buffer] == problem.touches[buffer].count
            if isLast ? !(policy.isExtended[buffer] || problem.isKept[buffer]) : policy.mode(buffer, after: touch) != .kept {
                leave(buffer, at: step, &schedule)
            }
        }

        /// Lets everything go that is there at the end.
        mutating func finish(_ schedule: inout RecomputeSchedule) {
            for buffer in current.indices { leave(buffer, at: problem.steps.count - 1, &schedule) }
        }

        private mutating func leave(_ buffer: Int, at step: Int, _ schedule: inout RecomputeSchedule) {
            guard let (_, since) = current[buffer] else { return }
            if since <= step { schedule.residence[buffer].append(since...step) }
            current[buffer] = nil
        }

        /// Computes a buffer's content again for a step.
        /// - Parameter passing: collects what is in memory for this step alone.
        private mutating func recompute(_ buffer: Int, for step: Int, _ passing: inout [Int], _ schedule: inout RecomputeSchedule) -> Bool {
            guard problem.isRepeatable[buffer] else { return false }
            for writer in problem.writers[buffer] {
                guard problem.mayRepeat(writer, before: step) else { return false }
                let again = problem.steps[writer]
                for operand in again.operands where current[operand] == nil {
                    guard recompute(operand, for: step, &passing, &schedule) else { return false }
                }
                // What was there before and what nobody waits for goes to waste.
                let results = again.results.map { result -> Int in
                    if result == buffer, let (instance, _) = current[buffer] { return instance }
                    let instance = schedule.instance(of: result)
                    if current[result] == nil, result == buffer || (isAwaited(result) && problem.writers[result].count == 1) {
                        current[result] = (instance, step)
                        if !isHeld(result) { passing.append(result) }
                    }
                    return instance
                }
                schedule.items.append(
                    Item(step: writer, isRepeated: true, operands: again.operands.map { current[$0]?.instance ?? 0 }, results: results))
                schedule.cost += again.cost
            }
            return true
        }

        /// Whether a later step reads a buffer that is not in memory now and may be held for it.
        private func isAwaited(_ buffer: Int) -> Bool { done[buffer] > 0 && done[buffer] < problem.touches[buffer].count && isHeld(buffer) }

        private func isHeld(_ buffer: Int) -> Bool {
            done[buffer] < problem.touches[buffer].count && policy.mode(buffer, after: done[buffer] - 1) != .transient
        }
    }

    private mutating func instance(of buffer: Int) -> Int {
        buffers.append(buffer)
        return buffers.count - 1
    }

    /// Finds the bytes alive, results taking over the memory of operands as lowering lets them.
    private mutating func measure() {
        var first = [Int](repeating: .max, count: buffers.count)
        var last = [Int](repeating: -1, count: buffers.count)
        for (index, item) in items.enumerated() {
            for instance in item.operands { (first[instance], last[instance]) = (min(first[instance], index), index) }
            for instance in item.results { (first[instance], last[instance]) = (min(first[instance], index), index) }
            if item.isRepeated { continue }
            let step = problem.steps[item.step]
            for (buffer, instance) in zip(step.results, item.results) where problem.isKept[buffer] { last[instance] = items.count }
        }
        var owner = Array(buffers.indices)
        for (index, item) in items.enumerated() {
            let step = problem.steps[item.step]
            for (result, operand) in step.takeovers {
                guard let i = step.results.firstIndex(of: result), let j = step.operands.firstIndex(of: operand) else { continue }
                var (a, b) = (item.operands[j], item.results[i])
                while owner[a] != a { a = owner[a] }
                while owner[b] != b { b = owner[b] }
                guard a != b, last[a] == index, first[b] == index, last[b] > index,
                    problem.bytes[buffers[a]] == problem.bytes[buffers[b]]
                else { continue }
                owner[b] = a
                last[a] = last[b]
            }
        }
        var change = [Int](repeating: 0, count: items.count + 2)
        for instance in buffers.indices where owner[instance] == instance && last[instance] >= 0 {
            change[first[instance]] += problem.bytes[buffers[instance]]
            change[last[instance] + 1] -= problem.bytes[buffers[instance]]
        }
        peaks = [Int](repeating: 0, count: problem.steps.count)
        var (alive, group) = (0, 0)
        for (index, item) in items.enumerated() {
            alive += change[index]
            peaks[group] = max(peaks[group], alive + problem.steps[item.step].workspace)
            if !item.isRepeated { group += 1 }
        }
    }
}
