import CKernels

/// How the weights of products and convolutions lie for their kernels (`dlc_pack`). Extents and distances are those of the
/// step's operand, so a layout depends on the weights alone, never on what they are multiplied with.
///
/// Operand: weights in f32 as `[groups, outputs, inputs, taps]` at any strides; result: their bytes. Integers: the layout,
/// then kernel, strides and dilations (the latter two of transposed convolutions), three each.
public struct WeightPacking: Hashable, Sendable {
    public var form: dlc_pack_form
    /// Depth, height, width.
    public var kernel: [Int]
    public var strides: [Int]
    public var dilations: [Int]

    public init(_ form: dlc_pack_form, kernel: [Int] = [1, 1, 1], strides: [Int] = [1, 1, 1], dilations: [Int] = [1, 1, 1]) {
        (self.form, self.kernel, self.strides, self.dilations) = (form, kernel, strides, dilations)
    }

    public var integers: [Int] { [Int(form.rawValue)] + kernel + strides + dilations }

    /// - Throws: where a step's integers are none of a packing.
    init(_ integers: [Int]) throws {
        guard integers.count == 10, let form = UInt8(exactly: integers[0]), form <= DLC_PACK_PHASES.rawValue else { throw DLCError("malformed packing") }
        self.init(
            dlc_pack_form(rawValue: form), kernel: Array(integers[1..<4]), strides: Array(integers[4..<7]), dilations: Array(integers[7..<10]))
    }

    /// The kernel's struct for weights of the given extents, `[groups, outputs, inputs]`.
    func parameters(_ extents: [Int]) throws -> dlc_pack {
        guard extents.count == 3, kernel.count == 3, strides.count == 3, dilations.count == 3 else { throw DLCError("malformed packing") }
        var pack = dlc_pack()
        pack.form = form
        (pack.groups, pack.outputs, pack.inputs) = (Int64(extents[0]), Int64(extents[1]), Int64(extents[2]))
        try fill(&pack.kernel, kernel.map(Int64.init))
        try fill(&pack.stride, strides.map(Int64.init))
        try fill(&pack.dilation, dilations.map(Int64.init))
        return pack
    }

    /// The size of packed weights of shape `[groups, outputs, inputs, …]`, an expression where extents are.
    /// - Throws: where the layout makes no sense for them.
    public func bytes(_ shape: Shape, isa: dlc_isa) throws -> Dim {
        guard shape.count >= 3 else { throw DLCError("malformed packing") }
        if let extents = Shape(shape.prefix(3)).constants {
            var pack = try parameters(extents)
            let bytes = Int(dlc_pack_bytes(isa, &pack))
            guard bytes >= 0 else { throw DLCError("has no packing for weights of extents \(extents)") }
            return Dim(bytes)
        }
        let taps = try Checked.count(kernel), lanes = Dim(Int(dlc_lanes(isa)))
        let channels = try shape[0].times(shape[2]).times(shape[1].ceilingQuotient(lanes).times(lanes))
        switch form {
        case DLC_PACK_PANELS, DLC_PACK_PHASES: return try channels.times(Dim(4 * taps))
        case DLC_PACK_WINOGRAD_2: return try channels.times(Dim(4 * 16))
        case DLC_PACK_WINOGRAD_4: return try channels.times(Dim(4 * 36))
        case DLC_PACK_WINOGRAD_STRIDED: return try channels.times(Dim(4 * 25))
        case DLC_PACK_CHANNELS: return try shape[0].times(shape[1]).times(Dim(4 * taps))
        default: throw DLCError("has no packing for weights of open extents")
        }
    }

    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (weights, result) = (try step.operand(0), try step.contiguousResult(0))
        let packing = try WeightPacking(step.integers)
        guard weights.rank == 4, weights.type == .float32, step.operands.count == 1, step.results.count == 1,
            try weights.shape[3] == Checked.count(packing.kernel)
        else { throw DLCError("malformed packing") }
        var pack = try packing.parameters(Array(weights.shape.prefix(3)))
        (pack.group_step, pack.output_step) = (Int64(weights.strides[0]), Int64(weights.strides[1]))
        (pack.input_step, pack.tap_step) = (Int64(weights.strides[2]), Int64(weights.strides[3]))
        let needed = Int(dlc_pack_bytes(step.isa, &pack))
        guard needed >= 0, needed <= (try Checked.multiply(result.count, result.type.size)) else {
            throw DLCError("packed weights do not fit: \(needed) bytes into \(result.count)")
        }
        return try PreparedKernel(pack, slots: PreparedKernel.slots(step)) { dlc_pack_prepare(step.isa, $0, $1) }
    }
}

extension Plan.Step {
    /// The step without symbols, ready to run.
    /// - Throws: where it has symbols, or what preparing the kernel throws.
    func prepared(_ target: Target) throws -> PreparedKernel {
        func bind(_ operand: Plan.Operand) throws -> BoundOperand {
            BoundOperand(
                type: operand.type, shape: try operand.shape.map { try $0.evaluate([:]) }, strides: try operand.strides.map { try $0.evaluate([:]) })
        }
        return try kernel.prepare(
            BoundStep(
                isa: target.isa, operands: try operands.map { try $0.map(bind) }, results: try results.map { try $0.map(bind) },
                integers: try integers.map { try $0.evaluate([:]) }, numbers: numbers))
    }

    /// The bytes of the only result of a packing, computed at build from dense constants, whatever memory the operands name.
    /// It runs on this processor for the layout of any target.
    /// - Throws: where an operand is larger than its source, or what preparing the kernel throws.
    public func packed(for target: Target, from sources: [Tensor?]) throws -> Tensor {
        guard results.count == 1, let bytes = results[0]?.shape.constants, sources.count == operands.count else {
            throw DLCError("a packing has one result of bytes")
        }
        for case let (operand?, tensor) in zip(operands, sources) {
            guard let tensor, operand.offset == 0, try Checked.count(operand.shape.map { try $0.evaluate([:]) }) == tensor.count else {
                throw DLCError("a packing reads outside its constant")
            }
        }
        let kernel = try prepared(target)
        return try Tensor(type: .uint8, shape: bytes) { result in
            var pointers = sources.map { $0.flatMap { $0.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) } } }
            pointers.append(result.baseAddress)
            try kernel.run(&pointers, nil)
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
