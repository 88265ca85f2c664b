import CKernels

/// Maps what a run will touch ahead of it, by a thread that ends when it is done: the arena, then the weights in the order
/// of the steps. The first run would otherwise stop at every page; measured, a third to a half of what it takes longer.
final class Prefault {
    private let work: OpaquePointer?

    /// - Parameter arena: the memory of the intermediate results.
    init(_ plan: Plan, _ constants: ConstantAddresses, arena: UnsafeRawBufferPointer) {
        var extents: [dlc_extent] = []
        if let start = arena.baseAddress { extents.append(dlc_extent(start: start, bytes: Int64(arena.count), written: true)) }
        var seen = [Bool](repeating: false, count: plan.constants.count)
        // A gather reads a few rows of a table that may be the largest of all constants.
        for step in plan.steps where step.kernel != .gather {
            for case let operand? in step.operands {
                guard case .constant(let index) = operand.location, !seen[index] else { continue }
                seen[index] = true
                extents.append(dlc_extent(start: constants.addresses[index], bytes: Int64(plan.constants[index].bytes), written: false))
            }
        }
        work = dlc_prefault_start(extents, Int64(extents.count))
    }

    /// Ends it before it is done. What it maps must live until then.
    func finish() { dlc_prefault_finish(work) }
}
