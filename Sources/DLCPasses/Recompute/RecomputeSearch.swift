import DLCTensor

/// Chooses what is computed again so that a plan's buffers fit a number of bytes.
///
/// What is kept from the forward to the backward part of a training is given up gap by gap: always the gap that takes most from
/// where the budget is exceeded for the time that computing again costs (as Chen, Xu, Zhang and Guestrin, "Training deep nets
/// with sublinear memory cost", 2016, give up what is between checkpoints, and the rematerialisation of Checkmate, Jain and
/// others, 2020, weighs bytes against time, here greedily over the plan's own steps). Each choice is tried on the whole schedule and taken
/// where the excess falls and the peak does not rise; at the end every choice that is not needed is taken back. All of what runs
/// again takes no longer than the given steps do: at the root of a chain's length it would be a forward part, and what goes on
/// from there gains little.
struct RecomputeSearch {
    let problem: RecomputeProblem
    private(set) var policy: RecomputePolicy
    private(set) var schedule: RecomputeSchedule
    private let mostCost: Double

    init(_ problem: RecomputeProblem) throws {
        self.problem = problem
        mostCost = problem.steps.reduce(0) { $0 + $1.cost }
        policy = RecomputePolicy(problem)
        guard let schedule = RecomputeSchedule(problem, policy) else { throw DLCError("a plan's steps have no order") }
        self.schedule = schedule
    }

    /// Goes on from what is chosen until no step needs more than `target` bytes, or nothing helps.
    /// - Returns: whether it fits.
    mutating func fit(_ target: Int) -> Bool {
        var refused: Set<Choice> = []
        var hasProgressed = false
        while schedule.peak > target {
            let excess = schedule.peaks.map { max(0, $0 - target) }
            guard let choice = best(excess, refused) else {
                if !hasProgressed { return false }
                (refused, hasProgressed) = ([], false)
                continue
            }
            var next = policy
            apply(choice, to: &next)
            if let tried = RecomputeSchedule(problem, next), tried.peak <= schedule.peak, tried.cost <= mostCost,
                Self.total(tried, target) < Self.total(schedule, target)
            {
                (policy, schedule, hasProgressed) = (next, tried, true)
            } else {
                refused.insert(choice)
            }
        }
        relax(target)
        return true
    }

    /// The least that a search finds, by halves between what one step needs and what everything kept needs.
    mutating func fitLeast() {
        var (low, best) = (problem.floor, self)
        for _ in 0..<6 where best.schedule.peak > low + low / 64 {
            guard var attempt = try? RecomputeSearch(problem) else { return }
            let middle = low + (best.schedule.peak - low) / 2
            if !attempt.fit(middle) { low = middle }
            if attempt.schedule.peak < best.schedule.peak { best = attempt }
        }
        self = best
    }

    /// Takes back choices that the target does not need, the costliest first.
    private mutating func relax(_ target: Int) {
        let gaps = policy.gaps.map { gap in (gap, problem.writers[gap.buffer].reduce(0) { $0 + problem.steps[$1].cost }) }
        for ((buffer, touch), _) in gaps.sorted(by: { $0.1 > $1.1 }) {
            var next = policy
            next.set(buffer, after: touch, to: .kept, problem)
            guard let tried = RecomputeSchedule(problem, next), tried.peak <= target, tried.cost < schedule.cost else { continue }
            (policy, schedule) = (next, tried)
        }
    }

    private static func total(_ schedule: RecomputeSchedule, _ target: Int) -> Int { schedule.peaks.reduce(0) { $0 + max(0, $1 - target) } }

    // MARK: Choices

    /// A gap that is given up.
    private struct Choice: Hashable {
        var buffer: Int
        /// The place of the use before it.
        var touch: Int
        var mode: GapMode
        /// What stays for it beyond its last use.
        var extended: [Int]
    }

    private func apply(_ choice: Choice, to policy: inout RecomputePolicy) {
        policy.set(choice.buffer, after: choice.touch, to: choice.mode, problem)
        for buffer in choice.extended { policy.extend(buffer) }
    }

    /// The choice that takes most off for its cost.
    private func best(_ excess: [Int], _ refused: Set<Choice>) -> Choice? {
        // Where the excess begins and ends.
        guard let from = excess.firstIndex(where: { $0 > 0 }), let to = excess.lastIndex(where: { $0 > 0 }) else { return nil }
        var best: (choice: Choice, score: Double)?
        for buffer in problem.bytes.indices where problem.bytes[buffer] > 0 && problem.isRepeatable[buffer] && !problem.isKept[buffer] {
            let touches = problem.touches[buffer]
            guard let first = touches.first, let last = touches.last, first < to, last > from, let written = problem.writers[buffer].last
            else { continue }
            for touch in touches.indices.dropLast() where touches[touch] >= written && touches[touch + 1] > touches[touch] + 1 {
                guard touches[touch] < to, touches[touch + 1] > from, let choice = choice(buffer, touch), !refused.contains(choice.choice)
                else { continue }
                let gain = gain(choice.choice, excess)
                guard gain > 0 else { continue }
                let score = Double(gain) / (choice.cost + 1)
                if best.map({ score > $0.score }) ?? true { best = (choice.choice, score) }
            }
        }
        return best?.choice
    }

    /// Giving up a gap further than it is, and what that costs; nil where that is impossible.
    private func choice(_ buffer: Int, _ touch: Int) -> (choice: Choice, cost: Double)? {
        let mode: GapMode
        switch policy.mode(buffer, after: touch) {
        case .kept: mode = .dropped
        case .dropped: mode = .transient
        case .transient: return nil
        }
        var seen: Set<Int> = []
        var extended: [Int] = []
        let step = problem.touches[buffer][touch + 1]
        guard let cost = cost(of: buffer, at: step, &seen, &extended) else { return nil }
        return (Choice(buffer: buffer, touch: touch, mode: mode, extended: extended), cost)
    }

    /// The most steps that are looked at to compute one buffer again.
    private static let mostSteps = 96

    /// What computing a buffer right before a step takes, from what is in memory there.
    /// - Parameters:
    ///   - seen: steps that run for it.
    ///   - extended: small buffers that have ended by then, and better stay.
    private func cost(of buffer: Int, at step: Int, _ seen: inout Set<Int>, _ extended: inout [Int]) -> Double? {
        guard problem.isRepeatable[buffer] else { return nil }
        var cost = 0.0
        for writer in problem.writers[buffer] where seen.insert(writer).inserted {
            guard seen.count <= Self.mostSteps, problem.mayRepeat(writer, before: step) else { return nil }
            cost += problem.steps[writer].cost
            for operand in problem.steps[writer].operands where !schedule.holds(operand, at: step) && !extended.contains(operand) {
                if (problem.touches[operand].last ?? 0) < step, problem.bytes[operand] * 8 <= problem.bytes[buffer] {
                    extended.append(operand)
                    continue
                }
                guard let further = self.cost(of: operand, at: step, &seen, &extended) else { return nil }
                cost += further
            }
        }
        return cost
    }

    /// How much of the excess goes.
    private func gain(_ choice: Choice, _ excess: [Int]) -> Int {
        let touches = problem.touches[choice.buffer]
        let bytes = problem.bytes[choice.buffer] - choice.extended.reduce(0) { $0 + problem.bytes[$1] }
        var gain = 0
        for step in touches[choice.touch] + 1..<touches[choice.touch + 1] where excess[step] > 0 && schedule.holds(choice.buffer, at: step)
        {
            gain += min(bytes, excess[step])
        }
        return gain
    }
}
