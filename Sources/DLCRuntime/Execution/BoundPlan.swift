import CKernels

/// A plan with its symbols bound to one set of input shapes: prepared steps over the session's arena.
final class BoundPlan {
    let layout: ArenaLayout
    private let steps: UnsafeMutableBufferPointer<dlc_step>
    /// Where the arena is that the steps' pointers lead to.
    private var arena: UnsafeMutableRawPointer?
    /// Pointers into the arena, and the places of each step's workspace there.
    private var patches: [(slot: Int, byteOffset: Int)] = []
    private let workspace: [(shared: Int?, scratch: Int?)]
    /// Extents of the inputs and outputs.
    let inputShapes: [[Int]]
    let outputShapes: [[Int]]
    private let outputSizes: [Int]
    private let kernels: [PreparedKernel]
    private let pointers: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
    private let status: UnsafeMutablePointer<Int32>
    private var inputs: [OuterMemory]
    /// Outputs that lie in memory of the caller's, as inputs do, by index.
    private var outputs: [OuterMemory]
    /// The output that a buffer is, of those.
    private let apart: [Int: Int]
    let states: StateMemory
    /// The first step that writes a state.
    private let firstCommit: Int
    let plan: Plan
    private let constants: ConstantAddresses
    private let packed: PackedConstants
    let sizes: BoundSizes
    let places: PlanSizes
    /// About what it takes in memory beside the kernels that it shares with the plan it was made like.
    let byteCount: Int

    /// Memory of the caller's, and the pointers of steps into it.
    private struct OuterMemory {
        var address: UnsafeRawPointer?
        var patches: [(slot: Int, byteOffset: Int)] = []
    }

    /// - Parameters:
    ///   - apart: outputs that lie in memory of the caller's, by the buffer that each is.
    ///   - other: the same model bound to other shapes, of which kernels are taken that are prepared alike.
    ///   - place: settles where buffers lie.
    /// - Throws: where a size is negative or overflows, or a kernel refuses its parameters.
    init(
        _ model: CompiledModel, states: StateMemory, bindings: [String: Int], threads: Int, apart: [Int: Int] = [:],
        like other: BoundPlan? = nil, layout place: ([Lifetime]) throws -> ArenaLayout
    ) throws {
        let (plan, places) = (model.plan, model.sizes)
        self.plan = plan
        self.places = places
        self.constants = model.constantAddresses
        self.packed = model.packedConstants
        self.states = states
        firstCommit = plan.firstCommit
        let sizes = BoundSizes(places.table, bindings)
        inputShapes = try zip(places.inputs, plan.inputs).map { try sizes.extents($0, $1.shape) }
        outputShapes = try zip(places.outputs, plan.outputs).map { try sizes.extents($0, $1.shape) }
        outputSizes = try zip(outputShapes, plan.outputs).map { try Self.byteCount($0, $1.type) }
        self.sizes = sizes
        inputs = [OuterMemory](repeating: OuterMemory(), count: plan.inputs.count)
        outputs = [OuterMemory](repeating: OuterMemory(), count: plan.outputs.count)
        self.apart = apart

        var kernels: [PreparedKernel] = []
        kernels.reserveCapacity(plan.steps.count)
        var mostThreads: [Int] = []
        mostThreads.reserveCapacity(plan.steps.count)
        var newBytes = 0
        for (index, (step, places)) in zip(plan.steps, places.steps).enumerated() {
            if let other, sizes.agree(with: other.sizes, at: places.decisive) {
                kernels.append(other.kernels[index])
                mostThreads.append(Int(other.steps[index].most_threads))
                continue
            }
            let operations = (try? sizes.value(places.operations, step.operations)) ?? 0
            try located("\(step.summary) \(step.name)") {
                let bound = try BoundStep(step, places, sizes, plan.target.isa) {
                    UnsafeRawBufferPointer(start: model.constantAddresses.addresses[$0], count: plan.constants[$0].bytes)
                }
                let kernel = try step.kernel.prepare(bound)
                kernels.append(kernel)
                newBytes += kernel.byteCount
                mostThreads.append(bound.worthwhileThreads(operations: operations, phases: Int(kernel.launch.phases)))
            }
        }
        self.kernels = kernels

        var lifetimes = try plan.lifetimes(kernels, places, sizes, threads: threads)
        try Self.checkViews(plan, places, sizes, lifetimes)
        try Self.checkTotal(lifetimes)
        for buffer in apart.keys { lifetimes[buffer].bytes = 0 }
        let layout = try place(lifetimes)
        self.layout = layout
        workspace = kernels.enumerated().map { index, kernel in
            let first = plan.buffers.count + 2 * index
            return (
                kernel.launch.shared_bytes > 0 ? layout.offsets[first] : nil,
                kernel.launch.scratch_bytes > 0 ? layout.offsets[first + 1] : nil
            )
        }

        let slots = kernels.reduce(0) { $0 + $1.slots.count }
        let tables = kernels.count * (MemoryLayout<dlc_step>.stride + 64) + slots * 32 + layout.offsets.count * 8
        byteCount = newBytes + tables + sizes.byteCount
        pointers = .allocate(capacity: max(1, slots))
        pointers.initialize(repeating: nil)
        status = .allocate(capacity: 1)
        status.initialize(to: 0)
        steps = .allocate(capacity: max(1, kernels.count))
        steps.initialize(repeating: dlc_step())
        let flushes = plan.flushesDenormals
        var next = 0
        for (index, kernel) in kernels.enumerated() {
            steps[index].launch = kernel.launch
            steps[index].most_threads = Int32(mostThreads[index])
            steps[index].flushes = flushes
            steps[index].params = UnsafeRawPointer(kernel.params)
            steps[index].buffers = pointers.baseAddress.map { $0 + next }
            let (step, places) = (plan.steps[index], places.steps[index])
            for slot in kernel.slots {
                switch slot {
                case .operand(let i): try resolve(step.operands[i], places.operands[i], sizes, slot: next)
                case .result(let i): try resolve(step.results[i], places.results[i], sizes, slot: next)
                case .status: pointers[next] = UnsafeMutableRawPointer(status)
                case .owned(let pointer): pointers[next] = pointer
                case .none: pointers[next] = nil
                }
                next += 1
            }
        }
    }

    deinit {
        pointers.deallocate()
        status.deallocate()
        steps.deallocate()
    }

    /// Lets the steps work in the memory that the arena is now.
    func setArena(_ base: UnsafeMutableRawPointer) {
        guard arena != base else { return }
        arena = base
        for patch in patches { pointers[patch.slot] = base + patch.byteOffset }
        for index in kernels.indices {
            steps[index].shared = workspace[index].shared.map { base + $0 }
            steps[index].scratch = workspace[index].scratch.map { base + $0 }
        }
    }

    /// Lets the steps read an input from the caller's memory.
    func setInput(_ index: Int, _ address: UnsafeRawPointer) { point(&inputs[index], to: address) }

    /// Lets the steps write an output that lies apart into the caller's memory, which holds it.
    func setOutput(_ index: Int, _ address: UnsafeMutableRawPointer) { point(&outputs[index], to: address) }

    /// Where a buffer begins.
    func address(ofBuffer buffer: Int) -> UnsafeRawPointer? {
        if let output = apart[buffer] { return outputs[output].address }
        return arena.map { UnsafeRawPointer($0 + layout.offsets[buffer]) }
    }

    private func point(_ memory: inout OuterMemory, to address: UnsafeRawPointer) {
        guard memory.address != address else { return }
        memory.address = address
        for patch in memory.patches { pointers[patch.slot] = UnsafeMutableRawPointer(mutating: address + patch.byteOffset) }
    }

    /// Runs every step.
    /// - Throws: where a kernel met data that it cannot handle, such as an index outside its tensor; states are then as
    ///   they were.
    func run(_ pool: OpaquePointer?) throws {
        status.pointee = 0
        run(0..<firstCommit, pool)
        if status.pointee != 0 { throw dataError() }
        run(firstCommit..<kernels.count, pool)
        if status.pointee != 0 { throw dataError() }
    }

    /// Runs every step alone, for profiles.
    /// - Throws: as `run` does.
    func run(_ pool: OpaquePointer?, each body: (_ step: Int, _ nanoseconds: Int) -> Void) throws {
        status.pointee = 0
        for step in kernels.indices {
            if step == firstCommit, status.pointee != 0 { break }
            let start = dlc_nanoseconds()
            run(step..<step + 1, pool)
            body(step, Int(dlc_nanoseconds() - start))
        }
        if status.pointee != 0 { throw dataError() }
    }

    private func run(_ range: Range<Int>, _ pool: OpaquePointer?) {
        if range.isEmpty { return }
        dlc_run(pool, UnsafePointer(steps.baseAddress.unsafelyUnwrapped) + range.lowerBound, Int64(range.count))
    }

    /// The bytes of an output after a run.
    func outputBytes(_ index: Int) -> UnsafeRawBufferPointer {
        let port = plan.outputs[index]
        return bytes(at: port.location, count: outputSizes[index])
    }

    private func bytes(at location: Plan.Location, count: Int) -> UnsafeRawBufferPointer {
        switch location {
        case .buffer(let buffer): return UnsafeRawBufferPointer(start: address(ofBuffer: buffer), count: count)
        case .constant(let constant): return UnsafeRawBufferPointer(start: constants.addresses[constant], count: count)
        case .input(let input): return UnsafeRawBufferPointer(start: inputs[input].address, count: count)
        case .state(let state): return UnsafeRawBufferPointer(start: states[state].baseAddress, count: count)
        case .packed(let index): return UnsafeRawBufferPointer(start: packed.addresses[index], count: count)
        }
    }

    /// What a step may touch of the arena: its workspace, and from the first to the last element of each operand and result.
    func memory(of index: Int) -> [UnsafeRawBufferPointer] {
        guard let arena else { return [] }
        let step = steps[index]
        var regions = [
            UnsafeRawBufferPointer(start: step.shared, count: step.shared == nil ? 0 : Int(step.launch.shared_bytes)),
            UnsafeRawBufferPointer(start: step.scratch, count: step.scratch == nil ? 0 : Int(step.launch.scratch_bytes)),
        ]
        let places = places.steps[index]
        let views = zip(plan.steps[index].operands + plan.steps[index].results, places.operands + places.results)
        for case let (operand?, places?) in views {
            guard case .buffer(let buffer) = operand.location, apart[buffer] == nil,
                let reach = try? Self.reach(operand, places, sizes)
            else { continue }
            let start = arena + layout.offsets[buffer] + reach.lowest * operand.type.size
            regions.append(UnsafeRawBufferPointer(start: start, count: (reach.highest + 1 - reach.lowest) * operand.type.size))
        }
        return regions
    }

    /// Runs one step alone.
    func run(step: Int) { dlc_run(nil, UnsafePointer(steps.baseAddress.unsafelyUnwrapped) + step, 1) }

    /// The arena, whatever is in it.
    var arenaBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: arena, count: arena == nil ? 0 : layout.peak) }

    /// Names the step that met data which it cannot handle: they run once more, one at a time, up to the first that writes a state.
    private func dataError() -> DLCError {
        let found = (0..<firstCommit).first { step in
            status.pointee = 0
            run(step: step)
            return status.pointee != 0
        }
        guard let step = found.map({ plan.steps[$0] }) else { return DLCError("an index or a length lies outside its tensor") }
        return DLCError("\(step.definition.complaint), in \(step.summary) \(step.name)")
    }

    private func resolve(_ operand: Plan.Operand?, _ places: PlanSizes.Operand?, _ sizes: BoundSizes, slot: Int) throws {
        guard let operand, let places else { return }
        let byteOffset = try Checked.multiply(try sizes.value(places.offset, operand.offset), operand.type.size)
        switch operand.location {
        case .buffer(let index):
            if let output = apart[index] {
                outputs[output].patches.append((slot, byteOffset))
            } else {
                patches.append((slot, layout.offsets[index] + byteOffset))
            }
        case .constant(let index): pointers[slot] = UnsafeMutableRawPointer(mutating: constants.addresses[index] + byteOffset)
        case .input(let index): inputs[index].patches.append((slot, byteOffset))
        case .state(let index): pointers[slot] = states[index].baseAddress.map { $0 + byteOffset }
        case .packed(let index): pointers[slot] = UnsafeMutableRawPointer(mutating: packed.addresses[index] + byteOffset)
        }
    }

    /// The first and the last element of a view in its memory; nil where it has none.
    private static func reach(_ operand: Plan.Operand, _ places: PlanSizes.Operand, _ sizes: BoundSizes) throws -> (
        lowest: Int, highest: Int
    )? {
        var lowest = try sizes.value(places.offset, operand.offset)
        var highest = lowest
        for axis in places.shape.indices {
            let extent = try sizes.extent(places.shape[axis], operand.shape[axis])
            if extent == 0 { return nil }
            let reach = try Checked.multiply(extent - 1, sizes.value(places.strides[axis], operand.strides[axis]))
            if reach < 0 { lowest = try Checked.add(lowest, reach) } else { highest = try Checked.add(highest, reach) }
        }
        return (lowest, highest)
    }

    /// The bytes of an input or output; extents behind a first one of 0 may be any numbers (`Tensor.init(extents:)`).
    private static func byteCount(_ shape: [Int], _ type: ElementType) throws -> Int {
        shape.first == 0 ? 0 : try Checked.multiply(Checked.count(shape), type.size)
    }

    /// Checks that sums of sizes cannot overflow.
    private static func checkTotal(_ lifetimes: [Lifetime]) throws {
        let most = 1 << 56
        var total = 0
        for lifetime in lifetimes {
            guard lifetime.bytes >= 0, lifetime.bytes <= most - total else {
                throw DLCError("out of memory: a buffer of \(lifetime.bytes) bytes")
            }
            total += lifetime.bytes + MemoryPlanner.alignment
        }
    }

    /// Checks that a result lies apart from what the step reads and from other results, or where an operand lies that it may replace.
    private static func checkOverlays(_ step: Plan.Step, _ places: PlanSizes.Step, _ sizes: BoundSizes) throws {
        if places.overlaying.isEmpty { return }
        let views = try zip(step.operands + step.results, places.operands + places.results).map { operand, places -> ByteView? in
            guard let operand, let places else { return nil }
            return ByteView(
                shape: try sizes.extents(places.shape, operand.shape), strides: try sizes.values(places.strides, operand.strides),
                offset: try sizes.value(places.offset, operand.offset), elementBytes: operand.type.size)
        }
        for overlay in places.overlaying {
            guard let result = views[step.operands.count + overlay.result], let other = views[overlay.other], result.overlaps(other)
            else { continue }
            throw DLCError("\(step.summary) \(step.name): a result lies on what the step reads or writes beside it")
        }
    }

    /// Checks that every view stays inside its memory, so that a damaged file cannot make a kernel leave it.
    private static func checkViews(_ plan: Plan, _ places: PlanSizes, _ sizes: BoundSizes, _ lifetimes: [Lifetime]) throws {
        let inputBytes = try zip(plan.inputs, places.inputs).map { port, places in
            try byteCount(sizes.extents(places, port.shape), port.type)
        }
        func available(_ location: Plan.Location) throws -> Int {
            switch location {
            case .buffer(let index): lifetimes[index].bytes
            case .constant(let index): plan.constants[index].bytes
            case .input(let index): inputBytes[index]
            case .state(let index): try plan.states[index].byteCount
            case .packed(let index): plan.packedBytes(index)
            }
        }
        func check(_ operand: Plan.Operand, _ places: PlanSizes.Operand) throws {
            guard let (lowest, highest) = try reach(operand, places, sizes) else { return }
            guard lowest >= 0, try Checked.multiply(Checked.add(highest, 1), operand.type.size) <= available(operand.location) else {
                let shape = operand.shape.map(\.description).joined(separator: ", ")
                throw DLCError("the shapes do not fit together: \(operand.type) of extents [\(shape)] reaches outside its memory")
            }
        }
        for index in plan.steps.indices {
            for place in plan.steps[index].operands.indices {
                if let operand = plan.steps[index].operands[place], let places = places.steps[index].operands[place] {
                    try check(operand, places)
                }
            }
            for place in plan.steps[index].results.indices {
                if let result = plan.steps[index].results[place], let places = places.steps[index].results[place] {
                    try check(result, places)
                }
            }
            try checkOverlays(plan.steps[index], places.steps[index], sizes)
        }
        for (port, places) in zip(plan.outputs, places.outputs) {
            try located("output \(port.name)") {
                let bytes = try byteCount(sizes.extents(places, port.shape), port.type)
                guard try bytes <= available(port.location) else {
                    throw DLCError("the shapes do not fit together: it reaches outside its memory")
                }
            }
        }
    }
}
