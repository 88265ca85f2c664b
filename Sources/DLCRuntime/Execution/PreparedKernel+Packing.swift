import CKernels

extension Plan.Step {
    /// The step without symbols, ready to run.
    /// - Throws: where it has symbols, or what preparing the kernel throws.
    func prepared(_ target: Target) throws -> PreparedKernel {
        var table = DimTable()
        let places = try PlanSizes.Step(self, &table)
        return try kernel.prepare(BoundStep(self, places, BoundSizes(table, [:]), target.isa))
    }

    /// What a packing kernel makes of dense constants, computed at build. It runs on this processor for the layout of any target.
    /// - Parameters:
    ///   - operands: the constants as the kernel reads them, whatever memory they name.
    ///   - bytes: the packed size.
    /// - Throws: where an operand is larger than its source, or what preparing the kernel throws.
    package static func packed(
        _ kernel: some Kernel, _ operands: [Plan.Operand?], bytes: Dim, for target: Target, from sources: [Tensor?]
    ) throws -> Tensor {
        guard let size = bytes.constant, sources.count == operands.count else { throw DLCError("a packing has one result of bytes") }
        for case let (operand?, tensor) in zip(operands, sources) {
            guard let tensor, operand.offset == 0, try Checked.count(operand.shape.map { try $0.evaluate([:]) }) == tensor.count else {
                throw DLCError("a packing reads outside its constant")
            }
        }
        let result = Plan.Operand(location: .buffer(0), type: .uint8, shape: [bytes], strides: [1])
        let step = Plan.Step(kernel: kernel, name: "", summary: "pack", operands: operands, results: [result])
        let prepared = try step.prepared(target)
        return try Tensor(type: .uint8, shape: [size]) { result in
            var pointers = sources.map { $0.flatMap { $0.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) } } }
            pointers.append(result.baseAddress)
            try prepared.run(&pointers, nil)
            withExtendedLifetime(sources) {}
        }
    }
}

extension PreparedKernel {
    /// Runs on its own, with workspace for this time.
    /// - Parameter pointers: operands, then results.
    func run(_ pointers: inout [UnsafeMutableRawPointer?], _ pool: OpaquePointer?) throws {
        let perThread = (Int(launch.scratch_bytes) + 63) / 64 * 64
        let threads = pool == nil ? 1 : Int(dlc_threads_count(pool))
        guard let shared = dlc_allocate_arena(launch.shared_bytes), let scratch = dlc_allocate_arena(Int64(perThread * threads)) else {
            throw DLCError("out of memory")
        }
        defer {
            dlc_free(shared)
            dlc_free(scratch)
        }
        pointers.withUnsafeMutableBufferPointer { buffers in
            var step = dlc_step()
            (step.launch, step.params, step.buffers) = (launch, UnsafeRawPointer(params), buffers.baseAddress)
            (step.shared, step.scratch) = (shared, scratch)
            dlc_run(pool, &step, 1)
        }
    }
}
