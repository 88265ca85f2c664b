import DLCRuntime

/// Every change of one part of a plan, one after another.
///
/// A change is a number; the same number of the same plan is the same change.
struct PlanChange {
    private var rest: Int
    private(set) var description = ""

    /// The plan with change `number`, or nil where there are fewer.
    static func make(_ plan: Plan, _ number: Int) -> (plan: Plan, description: String)? {
        var change = PlanChange(rest: number)
        var copy = plan
        change.visit(&copy)
        return change.description.isEmpty ? nil : (copy, change.description)
    }

    private init(rest: Int) { self.rest = rest }

    private var isDone: Bool { !description.isEmpty }

    /// Takes one of the choices where the number points into them.
    private mutating func choose<T>(_ place: @autoclosure () -> String, _ value: inout T, _ choices: @autoclosure () -> [T]) {
        guard !isDone else { return }
        let choices = choices()
        if rest < choices.count {
            description = "\(place()): \(value) → \(choices[rest])"
            value = choices[rest]
        } else {
            rest -= choices.count
        }
    }

    private mutating func visit(_ plan: inout Plan) {
        for index in plan.steps.indices where !isDone { visit(&plan.steps[index], "step \(index)", plan) }
        for index in plan.packings.indices where !isDone { visit(&plan.packings[index], "packing \(index)", plan) }
        for index in plan.buffers.indices where !isDone {
            size("buffer \(index) bytes", &plan.buffers[index].bytes)
            number("buffer \(index) first", &plan.buffers[index].firstStep)
            number("buffer \(index) last", &plan.buffers[index].lastStep)
        }
        for index in plan.constants.indices where !isDone {
            number("constant \(index) offset", &plan.constants[index].offset)
            number("constant \(index) bytes", &plan.constants[index].bytes)
        }
        for index in plan.inputs.indices where !isDone { visit(&plan.inputs[index], "input \(index)", plan) }
        for index in plan.outputs.indices where !isDone { visit(&plan.outputs[index], "output \(index)", plan) }
        for index in plan.states.indices where !isDone {
            choose("state \(index) type", &plan.states[index].type, ElementType.allCases)
            number("state \(index) initial", &plan.states[index].initial)
            for axis in plan.states[index].shape.indices { number("state \(index) shape", &plan.states[index].shape[axis]) }
        }
        let steps = plan.steps
        choose("steps", &plan.steps, [steps.reversed(), Array(steps.dropLast()), Array(steps.dropFirst())])
        let programs = plan.programs
        // None, each twice, and the first's steps under the name of another.
        var first = plan
        first.programs = []
        let renamed = programs.map { program in
            var copy = first
            copy.name = program.name
            return copy
        }
        choose("programs", &plan.programs, programs.isEmpty ? [] : [[], programs + programs, renamed])
        for index in plan.programs.indices where !isDone { program(&plan.programs[index]) }
        if let schedule = plan.schedule, !isDone { self.schedule(&plan, schedule) }
    }

    /// Slots, symbols, blocks and items, one number or list at a time; and another schedule altogether.
    private mutating func schedule(_ plan: inout Plan, _ old: Schedule) {
        var fields = old
        var target = 0
        while !isDone {
            var change = FieldChange(target: target, choice: rest)
            try? fields.visit(&change)
            guard let choices = change.choices else { break }
            if change.isDone { description = "schedule \(change.description)" }
            rest -= choices
            target += 1
        }
        choose("schedule's symbols", &fields.symbols, [[], Array(old.symbols.dropLast()), old.symbols.reversed()])
        choose("schedule's names", &fields.names, [[], Array(old.names.dropLast())])
        if isDone { plan.schedule = fields }
        choose("schedule", &plan.schedule, [nil, Schedule()])
    }

    /// A further program; its constants are the file's.
    private mutating func program(_ program: inout Plan) {
        let constants = program.constants
        visit(&program)
        program.constants = constants
        if isDone { description = "program \(program.name): \(description)" }
    }

    private mutating func visit(_ port: inout Plan.Port, _ place: String, _ plan: Plan) {
        choose("\(place) type", &port.type, ElementType.allCases)
        location("\(place) location", &port.location, plan)
        shape("\(place) shape", &port.shape)
    }

    private mutating func visit(_ step: inout Plan.Step, _ place: String, _ plan: Plan) {
        let kernel = step.kernelName
        parameters(&step, "\(place) \(kernel)")
        for index in step.operands.indices where !isDone { visit(&step.operands[index], "\(place) \(kernel) operand \(index)", plan) }
        for index in step.results.indices where !isDone { visit(&step.results[index], "\(place) \(kernel) result \(index)", plan) }
        let (operands, results) = (step.operands, step.results)
        choose(
            "\(place) \(kernel) operands", &step.operands,
            [operands.reversed(), Array(operands.dropLast()), operands + operands.suffix(1), operands + [nil]])
        choose(
            "\(place) \(kernel) results", &step.results,
            [results.reversed(), Array(results.dropLast()), results + results.suffix(1), results + [nil]])
        var other = step
        choose(
            "\(place) \(kernel) kernel", &other,
            plan.steps.map {
                var copy = step; copy.kernel = $0.kernel; return copy
            })
        if isDone { step = other }
    }

    private mutating func parameters(_ step: inout Plan.Step, _ place: String) {
        var target = 0
        while !isDone {
            var kernel = step.kernel
            var change = FieldChange(target: target, choice: rest)
            try? kernel.visit(&change)
            guard let choices = change.choices else { return }
            if change.isDone {
                description = "\(place) \(change.description)"
                step.kernel = kernel
            }
            rest -= choices
            target += 1
        }
    }

    private mutating func visit(_ operand: inout Plan.Operand?, _ place: String, _ plan: Plan) {
        guard var changed = operand else { return }
        choose("\(place) type", &changed.type, ElementType.allCases)
        location("\(place) location", &changed.location, plan)
        shape("\(place) shape", &changed.shape)
        shape("\(place) strides", &changed.strides)
        size("\(place) offset", &changed.offset)
        if isDone { operand = changed }
        choose("\(place) presence", &operand, [nil])
    }

    private mutating func location(_ place: String, _ location: inout Plan.Location, _ plan: Plan) {
        let buffers = (0...plan.buffers.count).map { Plan.Location.buffer($0) },
            constants = (0...plan.constants.count).map { Plan.Location.constant($0) }
        let inputs = (0...plan.inputs.count).map { Plan.Location.input($0) },
            states = (0...plan.states.count).map { Plan.Location.state($0) }
        let packed = (0...plan.packings.count).map { Plan.Location.packed($0) }
        choose(place, &location, buffers + constants + inputs + states + packed)
    }

    private mutating func shape(_ place: String, _ shape: inout Shape) {
        let original = shape
        choose(place, &shape, [[], Shape(original.dropLast()), [1] + original, original + [1], [2] + original, Shape(original.reversed())])
        for axis in original.indices where !isDone { size("\(place) \(axis)", &shape[axis]) }
    }

    private mutating func size(_ place: String, _ dim: inout Dim) {
        let value = dim.constant ?? 1
        choose(place, &dim, Changes.of(value).map { Dim($0) } + [Dim(symbol: "unbound")])
    }

    private mutating func number(_ place: String, _ value: inout Int) {
        let old = value
        choose(place, &value, Changes.of(old).filter { $0 >= 0 })
    }
}
