import CKernels
import Synchronization

/// Constants that are packed once for a loaded model and shared by its sessions. Their memory is there from the start, its
/// contents after `pack`.
final class PackedConstants: @unchecked Sendable {
    let addresses: [UnsafeRawPointer]
    private let memory: UnsafeMutableRawPointer
    private let plan: Plan
    private let constants: ConstantAddresses
    private let isPacked: Mutex<Bool>

    /// - Throws: where a packing reads outside of its constant, makes no sense to its kernel, or asks for more memory than
    ///   there is.
    init(_ plan: Plan, _ constants: ConstantAddresses) throws {
        (self.plan, self.constants) = (plan, constants)
        isPacked = Mutex(plan.packings.isEmpty)
        var offsets: [Int] = []
        var total = 0
        for (index, step) in plan.packings.enumerated() {
            try located("\(step.summary) \(step.name)") {
                for case let operand? in step.operands { try Self.check(operand, plan) }
                _ = try step.prepared(plan.target)
            }
            offsets.append(total)
            total = PlanFile.roundUp(try Checked.add(total, plan.packedBytes(index)), 64)
        }
        guard let memory = dlc_allocate_arena(Int64(total)) else { throw DLCError("out of memory: packed constants need \(total) bytes") }
        self.memory = memory
        addresses = offsets.map { UnsafeRawPointer(memory + $0) }
    }

    deinit { dlc_free(memory) }

    /// Packs all of them where that has not happened yet; returns when it has.
    func pack(_ pool: OpaquePointer?) throws {
        try isPacked.withLock { isPacked in
            guard !isPacked else { return }
            for (step, address) in zip(plan.packings, addresses) {
                var pointers = try step.operands.map { operand -> UnsafeMutableRawPointer? in
                    guard let operand, case .constant(let index) = operand.location else { return nil }
                    return try UnsafeMutableRawPointer(
                        mutating: constants.addresses[index] + Checked.multiply(operand.offset.evaluate([:]), operand.type.size))
                }
                pointers.append(UnsafeMutableRawPointer(mutating: address))
                try step.prepared(plan.target).run(&pointers, pool)
            }
            isPacked = true
        }
    }

    /// Checks that a constant operand stays inside its constant.
    private static func check(_ operand: Plan.Operand, _ plan: Plan) throws {
        guard case .constant(let index) = operand.location else { throw DLCError("reads what is no constant") }
        var (lowest, highest) = (try operand.offset.evaluate([:]), try operand.offset.evaluate([:]))
        for (extent, stride) in zip(operand.shape, operand.strides) {
            let count = try extent.evaluate([:])
            guard count >= 0 else { throw DLCError("size \(extent) is negative") }
            if count == 0 { return }
            let reach = try Checked.multiply(count - 1, stride.evaluate([:]))
            if reach < 0 { lowest = try Checked.add(lowest, reach) } else { highest = try Checked.add(highest, reach) }
        }
        guard lowest >= 0, try Checked.multiply(Checked.add(highest, 1), operand.type.size) <= plan.constants[index].bytes else {
            throw DLCError("reads outside of constant \(index)")
        }
    }
}
