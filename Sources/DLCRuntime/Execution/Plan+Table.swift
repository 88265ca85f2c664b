/// A plan's table and its memory, for tools that try changed plans.
extension Plan {
    /// The bytes that a file would hold.
    package func table() throws -> [UInt8] { try encoded() }

    /// Reads what `table` gave, or anything else.
    /// - Throws: where it is malformed or refers to what it does not hold.
    package init(table: [UInt8], target: Target, constantBytes: Int) throws {
        self = try table.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try Plan(decoding: &reader, target: target, constantBytes: constantBytes)
        }
    }
}

extension CompiledModel {
    /// A plan over constants that outlive it.
    package init(_ plan: Plan, constants: [UnsafeRawPointer]) throws {
        self.plan = plan
        constantAddresses = ConstantAddresses(constants, owner: 0, isMapped: false)
        sizes = try PlanSizes(plan)
        packedConstants = try PackedConstants(plan, constantAddresses)
        byteCount = 0
    }
}

extension Session {
    /// Runs step by step, the programs of a schedule too. `before` is told the arena and those parts of it that the step may touch;
    /// `after` the arena again.
    package func run(
        before: @escaping (UnsafeRawBufferPointer, [UnsafeRawBufferPointer]) -> Void, after: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws {
        if let runner {
            runner.runsPiece = { try $0.run(before: before, after: after) }
            defer { runner.runsPiece = nil }
            return try run()
        }
        let bound = try prepare()
        defer { after(bound.arenaBytes) }
        for step in model.plan.steps.indices {
            before(bound.arenaBytes, bound.memory(of: step))
            bound.run(step: step)
        }
        hasOutputs = true
    }
}
