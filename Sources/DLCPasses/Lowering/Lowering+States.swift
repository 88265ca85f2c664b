import DLCGraph
import DLCRuntime

extension Lowering {
    /// Has every state's next value written into the state itself, and puts whatever can fail before the first such step.
    ///
    ///     b0 = program(s, x); b1 = gather(b0, i)   →   b1 = gather …; s = program(s, x)
    ///
    /// The step that computes a next value writes it in place where everybody who reads the old value can run before it,
    /// or is that step and may work in place on the operand. A scatter does so too: a gather that reads the elements to be
    /// replaced finds out before whether the indices are inside, so that an update of one row touches that row. Elsewhere the value
    /// is copied at the end. The largest states get their way first. Steps keep their order but for what this asks.
    mutating func settleStates() throws {
        if graph.states.isEmpty { return }
        let sizes = try image.plan.states.map { try Checked.multiply(Checked.count($0.shape), $0.type.size) }
        var schedule = CommitSchedule(image.plan.steps)
        var waiting = image.plan.states.indices.sorted { sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : $0 < $1 }
        // A state that is settled may make room for one before it: a scatter in place fails no more where it stands.
        var checks: [Int: Plan.Step] = [:]
        var count = -1
        while count != waiting.count {
            count = waiting.count
            waiting = try waiting.filter { try !settleInPlace($0, bytes: sizes[$0], &schedule, &checks) }
        }
        for state in waiting {
            let (type, place, next) = (image.plan.states[state], try place(of: state), nextValues[state])
            let copy = Plan.Step(kernel: CopyKernel(), name: type.name, summary: "next", operands: [next], results: [place])
            // A view of the state itself, such as its transpose, would be overwritten while it is read.
            if next.location != place.location, schedule.write(state, by: copy) { continue }
            // So would values that others need for their next, and the other way about: it waits aside.
            let aside = try buffer(next.type, next.shape)
            schedule.append(Plan.Step(kernel: CopyKernel(), name: type.name, summary: "next", operands: [next], results: [aside]))
            guard
                schedule.write(
                    state, by: Plan.Step(kernel: CopyKernel(), name: type.name, summary: "next", operands: [aside], results: [place]))
            else {
                throw DLCError("state \(type.name) has no place in the order of steps")
            }
        }
        let steps = try schedule.ordered()
        image.update { $0.steps = steps }
    }

    private func place(of state: Int) throws -> Plan.Operand {
        let type = image.plan.states[state]
        return Plan.Operand(
            location: .state(state), type: type.type.inKernels, shape: Shape(constants: type.shape),
            strides: try Plan.Operand.rowMajor(Shape(constants: type.shape)))
    }

    /// Lets the step that computes a state's next value write the state.
    /// - Parameters:
    ///   - checks: of scatters into states, made once.
    /// - Returns: whether that is so now, or the state keeps its value.
    private mutating func settleInPlace(
        _ state: Int, bytes: Int, _ schedule: inout CommitSchedule, _ checks: inout [Int: Plan.Step]
    ) throws -> Bool {
        let (place, next) = (try place(of: state), nextValues[state])
        if try next.location == place.location && next.offset == 0 && next.isContiguous() { return true }
        guard let (writer, buffer) = try writer(of: next, bytes: bytes, schedule) else { return false }
        let step = schedule.steps[writer]
        guard worksInPlace(step, on: state, buffer) else { return false }
        guard step.definition.reportsStatus else { return schedule.place(buffer, writtenBy: writer, in: state) }
        if checks[state] == nil { checks[state] = try check(of: step, on: state) }
        guard let check = checks[state] else { return false }
        return schedule.place(buffer, writtenBy: writer, in: state, check: check)
    }

    /// The only step that writes a value's buffer, where the value is all of it and no output.
    private func writer(of value: Plan.Operand, bytes: Int, _ schedule: CommitSchedule) throws -> (step: Int, buffer: Int)? {
        guard case .buffer(let buffer) = value.location, value.offset == 0, try value.isContiguous(),
            bufferBytes[buffer].constant == bytes, !image.plan.outputs.contains(where: { $0.location == value.location })
        else { return nil }
        return schedule.soleWriter(of: buffer).map { ($0, buffer) }
    }

    /// A step that fails where a scatter into the state would, or nil for other steps.
    private mutating func check(of step: Plan.Step, on state: Int) throws -> Plan.Step? {
        guard let data = step["data"], let indices = step["indices"], data.location == .state(state) else { return nil }
        var shape = indices.shape
        let reader: any Kernel
        switch step.kernel {
        case let scatter as ScatterElementsKernel: reader = GatherElementsKernel { $0.axis = scatter.axis }
        case is ScatterNDKernel:
            guard let depth = shape.removeLast().constant, data.shape.indices.contains(depth - 1) else { return nil }
            shape += data.shape[depth...]
            reader = GatherNDKernel()
        default: return nil
        }
        return Plan.Step(
            kernel: reader, name: step.name, summary: "indices of \(step.summary)", operands: [data, indices],
            results: [try buffer(data.type, shape)])
    }

    /// Whether a step that writes `buffer` can write the state's memory instead, as far as it reads the state itself.
    private func worksInPlace(_ step: Plan.Step, on state: Int, _ buffer: Int) -> Bool {
        let (operands, results) = (step.operands, step.results)
        let written = results.indices.filter { results[$0]?.location == .buffer(buffer) }
        guard written.count == 1 else { return false }
        let replaceable = step.replaceable(by: written[0], at: { $0?.location })
        return operands.indices.allSatisfy { operands[$0]?.location != .state(state) || replaceable.contains($0) }
    }
}
