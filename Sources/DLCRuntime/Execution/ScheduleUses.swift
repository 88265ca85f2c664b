/// Who reads what of a schedule last: what a sequence may grow in place of, and what may go straight into memory that outlives a round.
struct ScheduleUses {
    /// By block and item: whether the first operand is the block's own and nobody reads it afterwards.
    private(set) var takesFirst: [[Bool]]
    /// By block and result: whether the slot is the block's own and no further result.
    private(set) var givesAway: [[Bool]]
    /// By program: the outputs that a loop carries on, or a sequence inside one keeps.
    private(set) var kept: [Set<Int>]

    /// - Parameter depths: how many blocks lie around each.
    init(_ schedule: Schedule, programs: [Plan], depths: [Int]) {
        let blocks = schedule.blocks
        kept = programs.map { _ in [] }
        takesFirst = blocks.map { $0.items.map { _ in false } }
        givesAway = blocks.map { $0.results.map { _ in false } }
        // Blocks come after those that run them, so what a block reads is known from the last on, and what it may take from the first on.
        var readsOf = [Set<Int>](repeating: [], count: blocks.count)
        func reads(_ item: Schedule.Item) -> Set<Int> {
            item.blocks.reduce(into: Set(item.operands + item.bindings.map(\.slot))) { $0.formUnion(readsOf[$1]) }
        }
        for (index, block) in blocks.enumerated().reversed() {
            readsOf[index] = Set(block.results + block.bindings.map(\.slot))
            for item in block.items { readsOf[index].formUnion(reads(item)) }
        }
        // What lies around a branch that nobody reads after it.
        var lent = [Set<Int>](repeating: [], count: blocks.count)
        for (index, block) in blocks.enumerated() {
            let own = Set(block.entries + block.items.flatMap(\.results))
            let free = own.union(lent[index])
            var later = Set(block.results)
            for (position, item) in block.items.enumerated().reversed() {
                if let first = item.operands.first {
                    let isReadAgain = later.contains(first) || item.operands.dropFirst().contains(first)
                    takesFirst[index][position] = free.contains(first) && !isReadAgain
                }
                if item.kind == .branch { for child in item.blocks { lent[child] = free.subtracting(later) } }
                later.formUnion(reads(item))
            }
            givesAway[index] = block.results.enumerated().map { own.contains($1) && !block.results.dropFirst($0 + 1).contains($1) }
        }
        for (index, block) in blocks.enumerated() {
            for item in block.items {
                if item.kind == .loop, let body = item.blocks.first {
                    for slot in blocks[body].results.dropFirst().prefix(item.parameters[0]) { keep(slot, of: body, blocks, programs) }
                }
                if item.kind == .sequenceInsert, depths[index] > 0 { keep(item.operands[1], of: index, blocks, programs) }
            }
        }
    }

    /// Notes which program's output a slot of a block is, through branches.
    private mutating func keep(_ slot: Int, of block: Int, _ blocks: [Schedule.Block], _ programs: [Plan]) {
        for item in blocks[block].items {
            guard let position = item.results.firstIndex(of: slot) else { continue }
            if item.kind == .piece {
                let program = item.parameters[0]
                // What shares its buffer with another output stays in the arena; so do strings, which somebody must hold.
                guard case .buffer(let buffer) = programs[program].outputs[position].location,
                    programs[program].outputs[position].type != .string,
                    programs[program].outputs.count(where: { if case .buffer(buffer) = $0.location { true } else { false } }) == 1
                else { return }
                kept[program].insert(position)
            } else if item.kind == .branch {
                for child in item.blocks { keep(blocks[child].results[position], of: child, blocks, programs) }
            }
            return
        }
    }
}
