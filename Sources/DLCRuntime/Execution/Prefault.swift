import CKernels

/// Maps what a run will touch ahead of it, by a thread that ends when it is done: the arena, then the weights in the order
/// of the steps. The first run would otherwise stop at every page (1.1 to 1.8 times the time of later ones, not 1.0 to 1.1).
final class Prefault {
    private let work: OpaquePointer?

    /// - Parameters:
    ///   - constants: nil where an earlier plan of the session has seen to them.
    ///   - arena: the memory of the intermediate results.
    init(_ plan: Plan, _ constants: ConstantAddresses?, arena: UnsafeRawBufferPointer) {
        var extents: [dlc_extent] = []
        if let start = arena.baseAddress {
            extents.append(dlc_extent(start: start, bytes: Int64(arena.count), written: true))
        }
        var seen = [Bool](repeating: false, count: plan.constants.count)
        for step in plan.packings + plan.steps {
            for (place, operand) in step.operands.enumerated() {
                // A gather reads a few rows of a table that may be the largest of all constants.
                if place < step.definition.operands.count, step.definition.operands[place].isSampled { continue }
                guard let constants, let operand, case .constant(let index) = operand.location, !seen[index] else { continue }
                seen[index] = true
                let bytes = Int64(plan.constants[index].bytes)
                extents.append(dlc_extent(start: constants.addresses[index], bytes: bytes, written: false))
            }
        }
        work = dlc_prefault_start(extents, Int64(extents.count))
    }

    /// Ends it before it is done. What it maps must live until then.
    func finish() { dlc_prefault_finish(work) }
}
