/// The memory that a session of a plan needs while it runs, in bytes: what the process has resident beyond a program that runs
/// nothing. The model is a mapped file, of which only what steps read counts: initial values are let go when they are copied.
public struct SessionMemory: Sendable {
    /// States, which the session keeps between runs.
    public var states: Int
    /// Constants that steps read, in the mapped file.
    public var constants: Int
    /// Constants that are packed when the model is loaded.
    public var packed: Int
    /// Inputs, in the caller's memory.
    public var inputs: Int
    /// Intermediate results and what kernels work in, with that of all threads.
    public var arena: Int
    /// The plan itself, its steps prepared to run.
    public var tables: Int

    public var total: Int { states + constants + packed + inputs + arena + tables }

    /// What a step takes in `tables`, on average over ten trainings of 33 to 1062 steps.
    static let bytesPerStep = 6 << 10
}

extension Plan {
    /// What a session needs.
    /// - Parameters:
    ///   - arena: bytes of its arena, as `arena` finds them.
    ///   - bindings: extents of the symbols.
    /// - Throws: where a size depends on a symbol that has no value, or overflows.
    public func memory(arena: Int, _ bindings: [String: Int]) throws -> SessionMemory {
        var read: Set<Int> = []
        for step in packings + steps {
            for case .constant(let index)? in step.operands.map({ $0?.location }) { read.insert(index) }
        }
        func page(_ bytes: Int) -> Int { PlanFile.roundUp(bytes, PlanFile.pageBytes) }
        return SessionMemory(
            states: page(try states.reduce(0) { try Checked.add($0, PlanFile.roundUp($1.byteCount, 64)) }),
            constants: page(read.reduce(0) { $0 + constants[$1].bytes }),
            packed: page(packings.indices.reduce(0) { $0 + PlanFile.roundUp(packedBytes($1), 64) }),
            inputs: try inputs.reduce(0) { try Checked.add($0, Checked.multiply($1.shape.product().evaluate(bindings), $1.type.size)) },
            arena: page(arena), tables: steps.count * SessionMemory.bytesPerStep)
    }

    /// Extents of all symbols where those of the inputs' shapes are `extents`.
    /// - Throws: naming a symbol that has no value, or the constraint that does not hold.
    public func bindings(_ extents: [String: Int]) throws -> [String: Int] {
        if let open = symbols.first(where: { extents[$0] == nil }) { throw DLCError("extent \(open) is open") }
        return try binding.values(inputs.map { try $0.shape.map { try $0.evaluate(extents) } })
    }

    /// The arena of a session of some threads, arranged as the session does it.
    /// - Throws: what making the session throws.
    public func arena(_ bindings: [String: Int], threads: Int) throws -> ArenaLayout {
        let places = try PlanSizes(self)
        let sizes = BoundSizes(places.table, bindings)
        let kernels = try prepared(places, sizes)
        var planner = MemoryPlanner()
        return try planner.assign(lifetimes(kernels, places, sizes, threads: threads))
    }

    /// Bytes that each step works in beside its operands and results.
    package func workspaces(_ bindings: [String: Int], threads: Int) throws -> [Int] {
        let places = try PlanSizes(self)
        return try prepared(places, BoundSizes(places.table, bindings)).map { kernel in
            try Self.workspace(kernel, threads).reduce(0) { PlanFile.roundUp($1, MemoryPlanner.alignment) + $0 }
        }
    }

    private func prepared(_ places: PlanSizes, _ sizes: BoundSizes) throws -> [PreparedKernel] {
        try zip(steps, places.steps).map { step, places in
            try located("\(step.summary) \(step.name)") { try step.kernel.prepare(BoundStep(step, places, sizes, target.isa)) }
        }
    }

    private static func workspace(_ kernel: PreparedKernel, _ threads: Int) throws -> [Int] {
        let perThread = try Checked.add(Int(kernel.launch.scratch_bytes), 63) / 64 * 64
        return [Int(kernel.launch.shared_bytes), try Checked.multiply(perThread, threads)]
    }

    /// The buffers of the plan, then two for each step: what its threads share and what each has to itself.
    func lifetimes(_ kernels: [PreparedKernel], _ places: PlanSizes, _ sizes: BoundSizes, threads: Int) throws -> [Lifetime] {
        var lifetimes: [Lifetime] = []
        lifetimes.reserveCapacity(buffers.count + 2 * kernels.count)
        for (buffer, bytes) in zip(buffers, places.buffers) {
            lifetimes.append(
                Lifetime(bytes: try sizes.extent(bytes, buffer.bytes), firstStep: buffer.firstStep, lastStep: buffer.lastStep))
        }
        for (index, kernel) in kernels.enumerated() {
            for bytes in try Self.workspace(kernel, threads) { lifetimes.append(Lifetime(bytes: bytes, firstStep: index, lastStep: index)) }
        }
        return lifetimes
    }
}
