import CKernels
import DLCRuntime

/// Memory that a session may take.
public struct MemoryBudget: Sendable {
    /// All of what `SessionMemory` counts.
    public var bytes: Int
    /// Threads of the session, each of which needs memory to work in.
    public var threads: Int

    /// - Parameter threads: as many as this machine has processors where left out.
    public init(bytes: Int, threads: Int? = nil) {
        self.bytes = bytes
        self.threads = threads ?? Int(dlc_available_processors())
    }
}

extension Lowering {
    /// Lets steps run again in place of keeping what they compute, until a session fits `options.memory`.
    ///
    /// This works on steps, after everything else is chosen: a step that runs again is the same kernel with the same parameters
    /// over the same operands, so that it leaves the same bits, random ones too, which are a function of key, stream and place.
    /// A step that writes a state, such as running statistics, never runs twice.
    /// - Throws: where that is impossible, saying the least that is possible; where an extent has no value.
    mutating func fitBudget() throws {
        guard let budget = options.memory else { return }
        let bindings: [String: Int]
        do { bindings = try image.plan.bindings(options.likely) } catch let error as DLCError {
            throw DLCError("a budget of memory is for extents that are known: \(error.message); settle it, or say which one is likely")
        }
        func memory(_ lowering: Lowering) throws -> SessionMemory {
            var trial = lowering
            try trial.finishBuffers()
            let arena = try trial.image.plan.arena(bindings, threads: budget.threads)
            return try trial.image.plan.memory(arena: arena.peak, bindings)
        }
        var needed = try memory(self)
        if needed.total <= budget.bytes { return }
        let unbounded = needed.total
        var search = try RecomputeSearch(try recomputeProblem(bindings, budget))
        var best = (lowering: self, needed: needed)
        // What the arrangement of buffers wastes, and what the tables of further steps take, shows when it is tried.
        var target = search.schedule.peak
        for _ in 0..<Self.arrangements {
            target -= max(needed.total - budget.bytes, 1)
            guard target > 0, search.fit(target) else { break }
            var trial = self
            try trial.run(as: search.schedule)
            needed = try memory(trial)
            if needed.total < best.needed.total { best = (trial, needed) }
            if needed.total <= budget.bytes { break }
        }
        if best.needed.total > budget.bytes {
            search = try RecomputeSearch(search.problem)
            search.fitLeast()
            var trial = self
            try trial.run(as: search.schedule)
            needed = try memory(trial)
            if needed.total < best.needed.total { best = (trial, needed) }
        }
        guard best.needed.total <= budget.bytes else { throw Self.tooLittle(budget, best.needed, unbounded) }
        self = best.lowering
    }

    /// How often a target is corrected by what arranging the buffers took.
    private static let arrangements = 8

    private static func tooLittle(_ budget: MemoryBudget, _ least: SessionMemory, _ unbounded: Int) -> DLCError {
        /// Rounded up, so that what is said is enough.
        func size(_ bytes: Int) -> String { bytes < 32 << 20 ? "\((bytes + 1023) >> 10)K" : "\((bytes + (1 << 20) - 1) >> 20)M" }
        let parts = [
            ("states", least.states), ("inputs", least.inputs), ("arena", least.arena), ("constants", least.constants + least.packed),
            ("the plan itself", least.tables),
        ]
        return DLCError(
            "needs \(size(least.total)) at the least, where computing again may double the time (\(size(unbounded)) where nothing is): "
                + parts.map { "\($0.0) \(size($0.1))" }.joined(separator: ", ")
                + "; found a budget of \(budget.bytes) bytes. Smaller batches need less")
    }

    /// The steps so far, as a search sees them.
    private func recomputeProblem(_ bindings: [String: Int], _ budget: MemoryBudget) throws -> RecomputeProblem {
        let workspaces = try image.plan.workspaces(bindings, threads: budget.threads)
        func buffers(_ operands: [Plan.Operand?]) -> [Int] {
            var seen: Set<Int> = []
            return operands.compactMap { operand in
                guard case .buffer(let buffer)? = operand?.location, seen.insert(buffer).inserted else { return nil }
                return buffer
            }
        }
        func states(_ operands: [Plan.Operand?]) -> [Int] {
            operands.compactMap { if case .state(let state)? = $0?.location { state } else { nil } }
        }
        var steps = try zip(image.plan.steps, workspaces).map { step, workspace in
            RecomputeProblem.Step(
                operands: buffers(step.operands), results: buffers(step.results), workspace: workspace,
                cost: try Self.microseconds(step, bindings), isRepeatable: !step.writesState, canFail: step.definition.reportsStatus,
                readStates: states(step.operands), writtenStates: states(step.results), takeovers: [])
        }
        for (index, step) in image.plan.steps.enumerated() {
            for (result, target) in step.results.enumerated() {
                for operand in step.replaceable(by: result, at: { $0?.location }) {
                    guard case .buffer(let source)? = step.operands[operand]?.location, case .buffer(let target)? = target?.location
                    else { continue }
                    steps[index].takeovers.append((target, source))
                }
            }
        }
        let unit = MemoryPlanner.alignment
        let bytes = try bufferBytes.map { try Checked.add(max(0, $0.evaluate(bindings)), unit - 1) / unit * unit }
        let kept = keptLocations.compactMap { if case .buffer(let buffer) = $0 { buffer } else { nil } }
        return RecomputeProblem(steps: steps, bytes: bytes, kept: Set(kept))
    }

    /// What a step takes on one thread of a usual processor, as `BoundStep.worthwhileThreads` has it.
    private static func microseconds(_ step: Plan.Step, _ bindings: [String: Int]) throws -> Double {
        var bytes = 0.0
        for case let operand? in step.operands + step.results {
            bytes += Double(try operand.shape.product().evaluate(bindings)) * Double(operand.type.size)
        }
        return 1 + Double(try step.operations.evaluate(bindings)) / 60_000 + bytes / 30_000
    }

    /// Puts the steps of a schedule in the place of the given ones.
    private mutating func run(as schedule: RecomputeSchedule) throws {
        let steps = image.plan.steps
        // Contents that a step makes again lie in buffers of their own.
        var numbers: [Int?] = schedule.buffers.map { _ in nil }
        var ordered: [Plan.Step] = []
        for item in schedule.items {
            var step = steps[item.step]
            step.isRepeated = item.isRepeated
            for instance in item.results where numbers[instance] == nil {
                let buffer = schedule.buffers[instance]
                numbers[instance] = item.isRepeated ? try addBuffer(like: buffer) : buffer
            }
            let known = (item.operands + item.results).map { (schedule.buffers[$0], numbers[$0] ?? schedule.buffers[$0]) }
            let places = Dictionary(known) { first, _ in first }
            func moved(_ operand: Plan.Operand?) -> Plan.Operand? {
                guard var operand, case .buffer(let buffer) = operand.location else { return operand }
                operand.location = .buffer(places[buffer] ?? buffer)
                return operand
            }
            step.operands = step.operands.map(moved)
            step.results = step.results.map(moved)
            ordered.append(step)
        }
        image.update { $0.steps = ordered }
    }
}
