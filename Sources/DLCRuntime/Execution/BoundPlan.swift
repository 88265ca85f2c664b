import CKernels

/// A plan with its symbols bound to one set of input shapes: prepared steps over an arena of their own.
final class BoundPlan {
    let steps: UnsafeMutableBufferPointer<dlc_step>
    let layout: ArenaLayout
    let arena: UnsafeMutableRawPointer
    /// Extents of the inputs and outputs.
    let inputShapes: [[Int]]
    let outputShapes: [[Int]]
    private let kernels: [PreparedKernel]
    private let pointers: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
    private let status: UnsafeMutablePointer<Int32>
    private var inputs: [OuterMemory]
    private var states: [OuterMemory]
    private let plan: Plan
    private let constants: ConstantAddresses
    private let packed: PackedConstants
    private let prefault: Prefault

    /// Memory of the caller's or the session's, and the pointers of steps into it.
    private struct OuterMemory {
        var address: UnsafeRawPointer?
        var patches: [(slot: Int, byteOffset: Int)] = []
    }

    /// - Parameter isFirst: whether it is the session's first, which has the constants mapped.
    /// - Throws: where a size is negative or overflows, or a kernel refuses its parameters.
    init(_ plan: Plan, constants: ConstantAddresses, packed: PackedConstants, bindings: [String: Int], threads: Int, isFirst: Bool) throws {
        self.plan = plan
        self.constants = constants
        self.packed = packed
        inputShapes = try plan.inputs.map { try $0.shape.map { try Self.extent($0, bindings) } }
        outputShapes = try plan.outputs.map { try $0.shape.map { try Self.extent($0, bindings) } }
        inputs = [OuterMemory](repeating: OuterMemory(), count: plan.inputs.count)
        states = [OuterMemory](repeating: OuterMemory(), count: plan.states.count)

        var kernels: [PreparedKernel] = []
        kernels.reserveCapacity(plan.steps.count)
        var mostThreads: [Int] = []
        for step in plan.steps {
            kernels.append(
                try located("\(step.summary) \(step.name)") {
                    let bound = BoundStep(
                        isa: plan.target.isa,
                        operands: try step.operands.map { try $0.map { try Self.bind($0, bindings) } },
                        results: try step.results.map { try $0.map { try Self.bind($0, bindings) } },
                        integers: try step.integers.map { try $0.evaluate(bindings) }, numbers: step.numbers)
                    let kernel = try step.kernel.prepare(bound)
                    let operations = (try? step.operations.evaluate(bindings)) ?? 0
                    mostThreads.append(bound.worthwhileThreads(operations: operations, phases: Int(kernel.launch.phases)))
                    return kernel
                })
        }
        self.kernels = kernels

        var lifetimes: [Lifetime] = []
        for buffer in plan.buffers {
            lifetimes.append(
                Lifetime(bytes: try Self.extent(buffer.bytes, bindings), firstStep: buffer.firstStep, lastStep: buffer.lastStep))
        }
        var workspace: [(shared: Int, scratch: Int)] = []
        for (index, kernel) in kernels.enumerated() {
            lifetimes.append(Lifetime(bytes: Int(kernel.launch.shared_bytes), firstStep: index, lastStep: index))
            let perThread = (Int(kernel.launch.scratch_bytes) + 63) / 64 * 64
            lifetimes.append(Lifetime(bytes: perThread * threads, firstStep: index, lastStep: index))
            workspace.append((lifetimes.count - 2, lifetimes.count - 1))
        }
        layout = MemoryPlanner.assign(lifetimes)
        try Self.checkViews(plan, bindings, lifetimes)
        guard let arena = dlc_allocate_arena(Int64(layout.peak)) else {
            throw DLCError("out of memory: the arena needs \(layout.peak) bytes")
        }
        self.arena = arena
        prefault = Prefault(plan, isFirst ? constants : nil, arena: UnsafeRawBufferPointer(start: arena, count: layout.peak))

        pointers = .allocate(capacity: max(1, kernels.reduce(0) { $0 + $1.slots.count }))
        pointers.initialize(repeating: nil)
        status = .allocate(capacity: 1)
        status.initialize(to: 0)
        steps = .allocate(capacity: max(1, kernels.count))
        steps.initialize(repeating: dlc_step())
        var next = 0
        for (index, kernel) in kernels.enumerated() {
            let step = plan.steps[index]
            steps[index].launch = kernel.launch
            steps[index].most_threads = Int32(mostThreads[index])
            steps[index].params = UnsafeRawPointer(kernel.params)
            steps[index].buffers = pointers.baseAddress.map { $0 + next }
            let (shared, scratch) = workspace[index]
            steps[index].shared = kernel.launch.shared_bytes > 0 ? arena + layout.offsets[shared] : nil
            steps[index].scratch = kernel.launch.scratch_bytes > 0 ? arena + layout.offsets[scratch] : nil
            for slot in kernel.slots {
                switch slot {
                case .operand(let i): try resolve(step.operands[i], slot: next, bindings)
                case .result(let i): try resolve(step.results[i], slot: next, bindings)
                case .status: pointers[next] = UnsafeMutableRawPointer(status)
                case .owned(let pointer): pointers[next] = pointer
                case .none: pointers[next] = nil
                }
                next += 1
            }
        }
    }

    deinit {
        prefault.finish()
        dlc_free(arena)
        pointers.deallocate()
        status.deallocate()
        steps.deallocate()
    }

    /// Lets the steps read an input from the caller's memory.
    func setInput(_ index: Int, _ address: UnsafeRawPointer) { point(&inputs[index], to: address) }

    /// Lets the steps read a state from the session's memory.
    func setState(_ index: Int, _ address: UnsafeRawPointer) { point(&states[index], to: address) }

    private func point(_ memory: inout OuterMemory, to address: UnsafeRawPointer) {
        guard memory.address != address else { return }
        memory.address = address
        for patch in memory.patches { pointers[patch.slot] = UnsafeMutableRawPointer(mutating: address + patch.byteOffset) }
    }

    /// Runs every step.
    /// - Throws: where a kernel met data that it cannot handle, such as an index outside its tensor.
    func run(_ pool: OpaquePointer?) throws {
        status.pointee = 0
        dlc_run(pool, UnsafePointer(steps.baseAddress.unsafelyUnwrapped), Int64(kernels.count))
        if status.pointee != 0 { throw dataError() }
    }

    /// Runs one step alone, for profiles.
    func run(step: Int, _ pool: OpaquePointer?) {
        dlc_run(pool, UnsafePointer(steps.baseAddress.unsafelyUnwrapped) + step, 1)
    }

    /// The bytes of an output after a run.
    func outputBytes(_ index: Int) -> UnsafeRawBufferPointer {
        let port = plan.outputs[index]
        return bytes(at: port.location, count: outputShapes[index].reduce(1, *) * port.type.size)
    }

    /// The bytes of a state's next value after a run.
    func nextBytes(_ index: Int, count: Int) -> UnsafeRawBufferPointer { bytes(at: plan.states[index].next, count: count) }

    private func bytes(at location: Plan.Location, count: Int) -> UnsafeRawBufferPointer {
        switch location {
        case .buffer(let buffer): return UnsafeRawBufferPointer(start: arena + layout.offsets[buffer], count: count)
        case .constant(let constant): return UnsafeRawBufferPointer(start: constants.addresses[constant], count: count)
        case .input(let input): return UnsafeRawBufferPointer(start: inputs[input].address, count: count)
        case .state(let state): return UnsafeRawBufferPointer(start: states[state].address, count: count)
        case .packed(let index): return UnsafeRawBufferPointer(start: packed.addresses[index], count: count)
        }
    }

    private func dataError() -> DLCError {
        let names = plan.steps.filter { $0.kernel.reportsStatus }.map { "\($0.summary) \($0.name)" }
        return DLCError("an index lies outside its tensor, in one of: \(names.joined(separator: ", "))")
    }

    private func resolve(_ operand: Plan.Operand?, slot: Int, _ bindings: [String: Int]) throws {
        guard let operand else { return }
        let byteOffset = try Checked.multiply(try operand.offset.evaluate(bindings), operand.type.size)
        switch operand.location {
        case .buffer(let index): pointers[slot] = arena + layout.offsets[index] + byteOffset
        case .constant(let index): pointers[slot] = UnsafeMutableRawPointer(mutating: constants.addresses[index] + byteOffset)
        case .input(let index): inputs[index].patches.append((slot, byteOffset))
        case .state(let index): states[index].patches.append((slot, byteOffset))
        case .packed(let index): pointers[slot] = UnsafeMutableRawPointer(mutating: packed.addresses[index] + byteOffset)
        }
    }

    private static func extent(_ dim: Dim, _ bindings: [String: Int]) throws -> Int {
        let value = try dim.evaluate(bindings)
        guard value >= 0 else { throw DLCError("size \(dim) is \(value) for these inputs") }
        return value
    }

    private static func bind(_ operand: Plan.Operand, _ bindings: [String: Int]) throws -> BoundOperand {
        BoundOperand(
            type: operand.type, shape: try operand.shape.map { try extent($0, bindings) },
            strides: try operand.strides.map { try $0.evaluate(bindings) })
    }

    /// Checks that every view stays inside its memory, so that a damaged file cannot make a kernel leave it.
    private static func checkViews(_ plan: Plan, _ bindings: [String: Int], _ lifetimes: [Lifetime]) throws {
        func check(_ operand: Plan.Operand) throws {
            var lowest = try operand.offset.evaluate(bindings)
            var highest = lowest
            for (dim, strideDim) in zip(operand.shape, operand.strides) {
                let extent = try extent(dim, bindings)
                if extent == 0 { return }
                let reach = try Checked.multiply(extent - 1, strideDim.evaluate(bindings))
                if reach < 0 { lowest = try Checked.add(lowest, reach) } else { highest = try Checked.add(highest, reach) }
            }
            let available: Int
            switch operand.location {
            case .buffer(let index): available = lifetimes[index].bytes
            case .constant(let index): available = plan.constants[index].bytes
            case .input(let index):
                available = try Checked.multiply(
                    Checked.count(plan.inputs[index].shape.map { try extent($0, bindings) }), plan.inputs[index].type.size)
            case .state(let index):
                available = try Checked.multiply(Checked.count(plan.states[index].shape), plan.states[index].type.size)
            case .packed(let index): available = plan.packedBytes(index)
            }
            guard lowest >= 0, try Checked.multiply(Checked.add(highest, 1), operand.type.size) <= available else {
                throw DLCError("the shapes do not fit together: \(operand.type) of extents [\(operand.shape.map(\.description).joined(separator: ", "))] reaches outside its memory")
            }
        }
        for step in plan.steps {
            for case let operand? in step.operands + step.results { try check(operand) }
        }
        func check(_ location: Plan.Location, _ type: ElementType, _ shape: Shape, _ name: String) throws {
            try located(name) {
                try check(Plan.Operand(location: location, type: type, shape: shape, strides: Plan.Operand.rowMajor(shape)))
            }
        }
        for port in plan.outputs { try check(port.location, port.type, port.shape, "output \(port.name)") }
        for state in plan.states { try check(state.next, state.type, Shape(constants: state.shape), "state \(state.name)") }
    }
}
