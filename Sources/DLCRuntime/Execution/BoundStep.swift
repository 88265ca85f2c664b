import CKernels

/// A step with its sizes settled, as kernels prepare from it. Its operands and results fit the kernel's definition.
package struct BoundStep {
    let isa: dlc_isa
    let definition: KernelDefinition
    let operands: [BoundOperand?]
    let results: [BoundOperand?]
    private let sizes: BoundSizes
    /// The bytes of each operand that begins a constant of the file; nil where only sizes are asked for.
    private let constants: [UnsafeRawBufferPointer?]?

    /// Settles sizes and holds the step to what its kernel declares.
    /// - Throws: where a size is out of range or an operand is not what the kernel takes.
    init(
        _ step: Plan.Step, _ places: PlanSizes.Step, _ sizes: BoundSizes, _ isa: dlc_isa,
        constants: ((Int) -> UnsafeRawBufferPointer)? = nil
    ) throws {
        func bind(_ operands: [Plan.Operand?], _ places: [PlanSizes.Operand?]) throws -> [BoundOperand?] {
            try operands.indices.map { index in
                guard let operand = operands[index], let places = places[index] else { return nil }
                return try BoundOperand(
                    type: operand.type, shape: try sizes.extents(places.shape, operand.shape),
                    strides: try sizes.values(places.strides, operand.strides))
            }
        }
        self.isa = isa
        self.sizes = sizes
        definition = step.definition
        self.constants = constants.map { constants in
            step.operands.map { operand in
                guard case .constant(let index) = operand?.location, operand?.offset == 0 else { return nil }
                return constants(index)
            }
        }
        operands = try bind(step.operands, places.operands)
        results = try bind(step.results, places.results)
        try definition.check(operands: operands, results: results)
    }

    /// The value of a size.
    func value(_ dim: Dim) throws -> Int { try sizes.value(dim) }

    /// An operand or a result by its name.
    func optional(_ name: String) -> BoundOperand? {
        if let index = definition.operands.firstIndex(where: { $0.name == name }) { return index < operands.count ? operands[index] : nil }
        return definition.results.firstIndex { $0.name == name }.flatMap { $0 < results.count ? results[$0] : nil }
    }

    /// An operand or a result that must be there.
    func callAsFunction(_ name: String) throws -> BoundOperand {
        guard let operand = optional(name) else { throw DLCError("\(name) is missing") }
        return operand
    }

    /// Whether the bytes of constants can be looked at.
    var knowsConstants: Bool { constants != nil }

    /// The bytes of an operand that is a constant in row-major order.
    /// - Throws: where it is computed, or longer than its constant.
    func constant(_ name: String) throws -> UnsafeRawBufferPointer {
        guard let index = definition.operands.firstIndex(where: { $0.name == name }), index < operands.count, let operand = operands[index],
            operand.isContiguous, let bytes = constants?[index], operand.count * operand.type.size <= bytes.count
        else { throw DLCError("\(name) is no constant") }
        return UnsafeRawBufferPointer(rebasing: bytes[..<(operand.count * operand.type.size)])
    }

    /// All operands or results under the last name.
    func repeated(_ name: String) -> [BoundOperand] {
        if definition.operands.last?.name == name { return operands.dropFirst(definition.operands.count - 1).compactMap { $0 } }
        return definition.results.last?.name == name ? results.dropFirst(definition.results.count - 1).compactMap { $0 } : []
    }

    /// Where a kernel's table of buffers points when it is all operands, then all results, then the status of those that report.
    var slots: [PreparedKernel.Slot] {
        var slots: [PreparedKernel.Slot] = []
        for index in operands.indices { slots.append(operands[index] == nil ? .none : .operand(index)) }
        for index in results.indices { slots.append(results[index] == nil ? .none : .result(index)) }
        return definition.reportsStatus ? slots + [.status] : slots
    }

    /// Where it points when it has an order of its own; nothing is there for nil and for what is missing.
    func slots(_ names: String?...) -> [PreparedKernel.Slot] {
        names.map { name in
            guard let name, optional(name) != nil else { return .none }
            if let index = definition.operands.firstIndex(where: { $0.name == name }) { return .operand(index) }
            return definition.results.firstIndex { $0.name == name }.map { .result($0) } ?? .none
        }
    }

    /// Threads that are worth starting in each of `phases` phases. A phase takes less than a microsecond to begin and end; what another
    /// processor has written arrives late, so that a step of one thread between steps of two, which share out their rows alike, takes
    /// longer than its work: on two processors without a cache in common, copies of 5 µs then took 17. So two share nearly everything,
    /// and more have some microseconds of work each.
    func worthwhileThreads(operations: Int, phases: Int) -> Int {
        let (operationsPerMicrosecond, bytesPerMicrosecond, microsecondsOfTwo, microsecondsEach) = (60_000.0, 30_000.0, 2.0, 3.0)
        let bytes = (operands + results).reduce(0.0) { sum, operand in
            operand.map { Double($0.count) * Double($0.type.size) + sum } ?? sum
        }
        let time = (Double(operations) / operationsPerMicrosecond + bytes / bytesPerMicrosecond) / Double(max(1, phases))
        return Int(min(256, max(time < microsecondsOfTwo ? 1 : 2, time / microsecondsEach)))
    }
}
