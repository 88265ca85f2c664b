import DLC

extension Plan {
    /// The arrangement of the plan's buffers, without the workspace that kernels ask for.
    /// - Throws: where a size depends on a symbol that has no value.
    func buffers(under bindings: [String: Int]) throws -> ArenaLayout {
        var planner = MemoryPlanner()
        return try planner.assign(
            buffers.map { Lifetime(bytes: max(0, try $0.bytes.evaluate(bindings)), firstStep: $0.firstStep, lastStep: $0.lastStep) })
    }

    /// Bytes of all constants.
    var constantBytes: Int { constants.reduce(0) { $0 + $1.bytes } }

    /// Bytes of all constants that are packed at load.
    var allPackedBytes: Int { packings.indices.reduce(0) { $0 + packedBytes($1) } }

    /// The steps in order with their places; where the plan has a schedule those of its programs, each behind its number.
    var placedSteps: [(place: String, step: Step, plan: Plan)] {
        if schedule == nil { return steps.enumerated().map { ("\($0)", $1, self) } }
        return programs.enumerated().flatMap { piece, program in
            program.steps.enumerated().map { ("\(piece).\($0)", $1, program) }
        }
    }

    /// What runs, in words.
    var stepsText: String {
        let count = placedSteps.count
        return schedule == nil ? "\(count) steps" : "\(count) steps in \(programs.count) programs, in an order that data decide,"
    }

    /// A line per step: its kernel, and its parameters where they are not the usual ones.
    var kernels: String {
        func line(_ place: String, _ step: Step) -> String {
            "\(place)  \(step.name.isEmpty ? step.summary : step.name): \(step.kernelName) {\(step.kernel.text)}"
        }
        return
            (packings.enumerated().map { line("load \($0.offset)", $0.element) } + placedSteps.map { line($0.place, $0.step) })
            .joined(separator: "\n")
    }

    /// A row per step, then their sum.
    func table(_ bindings: [String: Int]) -> Table {
        var table = Table([
            ("step", .right), ("layer", .left), ("operator", .left), ("result", .left), ("weights", .right), ("FLOPs", .right),
        ])
        var (counted, late) = (Set<Int>(), Set<String>())
        var total = 0.0
        for (place, step, plan) in placedSteps {
            var bytes = 0
            for case let operand? in step.operands {
                if case .constant(let constant) = operand.location, counted.insert(constant).inserted { bytes += constants[constant].bytes }
                if case .packed(let packing) = operand.location, late.insert("\(plan.name) \(packing)").inserted {
                    bytes += plan.packedBytes(packing)
                }
            }
            let operations = (try? step.operations.evaluate(bindings)) ?? 0
            total += Double(operations)
            let result = step.results.first.flatMap { $0 }
            table.add([
                place, step.name, step.isRepeated ? "\(step.summary), again" : step.summary,
                result.map { Describe.type($0.type, $0.shape) } ?? "",
                bytes == 0 ? "" : Format.bytes(bytes), operations == 0 ? "" : Format.count(operations),
            ])
        }
        table.addRule()
        table.add(["", "\(placedSteps.count) steps", "", "", Format.bytes(constantBytes + allPackedBytes), Format.count(Int(total))])
        return table
    }
}

extension CompiledModel {
    /// A state's elements before the first run, in words where they are many.
    fileprivate func elements(_ tensor: Tensor) -> String {
        let texts = Set(tensor.elementTexts())
        if texts.count == 1, let only = texts.first { return only }
        return tensor.count <= 8 ? "[\(tensor.elementTexts().joined(separator: ", "))]" : "\(tensor.count) numbers"
    }

    func firstValue(of state: Int) throws -> String { elements(try initialValue(of: state)) }
}

extension Plan.Step {
    /// Bytes of the constants that the step reads.
    func constantBytes(in plan: Plan) -> Int {
        operands.reduce(0) { sum, operand in
            guard case .constant(let index)? = operand?.location else { return sum }
            return sum + plan.constants[index].bytes
        }
    }
}
