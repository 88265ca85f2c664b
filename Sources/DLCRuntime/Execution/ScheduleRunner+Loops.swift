import DLCTensor

extension ScheduleRunner {
    /// Runs a block again and again. What it carries lies in memory of its own, of which two take turns (`Room`), and goes from round to
    /// round without a copy where a program of the block computes it.
    func runLoop(_ item: Schedule.Item) throws {
        let index = item.blocks[0]
        let block = schedule.blocks[index]
        let carried = item.parameters[0]
        let limit = try item.operands[0] < 0 ? Int.max : integer(item.operands[0])
        var goesOn = try item.operands[1] < 0 ? true : truth(item.operands[1])
        for position in 0..<carried { slots[item.results[position]] = try value(item.operands[2 + position]) }
        // What a block does not hand on is its own; so is what it was given, which it may grow in place.
        let givesAway = uses.givesAway[index]
        let stacked = item.results.count - carried
        while rows[index].count < stacked { rows[index].append(Rows()) }
        for position in 0..<stacked {
            slots[item.results[carried + position]] = nil
            rows[index][position].begin()
        }
        var iteration = 0
        while goesOn, iteration < limit {
            guard iteration < iterationLimit else {
                throw DLCError("the loop has gone round \(iteration) times, which is the limit that was set")
            }
            slots[block.entries[0]] = .tensor(try rooms[index][0].scalar(Int64(iteration)))
            slots[block.entries[1]] = .tensor(try rooms[index][1].scalar(goesOn))
            for position in 0..<carried {
                slots[block.entries[2 + position]] = slots[item.results[position]]
                slots[item.results[position]] = nil
            }
            try located("round \(iteration)") {
                try run(block: index)
                goesOn = try truth(block.results[0])
                for position in 0..<carried {
                    let slot = block.results[1 + position]
                    slots[item.results[position]] = try kept(value(slot), &rooms[index][2 + position], depth: depths[index])
                    if givesAway[1 + position] { slots[slot] = nil }
                }
                for position in 0..<stacked {
                    try rows[index][position].append(tensor(block.results[1 + carried + position]), of: limit)
                }
            }
            iteration += 1
        }
        for position in 0..<stacked {
            let type = ElementType(rawValue: UInt8(truncatingIfNeeded: item.parameters[1 + position])) ?? .float32
            let stacked = try rows[index][position].stacked(type) {
                let values = Dictionary(zip(schedule.symbols, symbols)) { first, _ in first }
                return try item.shapes[position].map { max(0, try $0.evaluate(values)) }
            }
            slots[item.results[carried + position]] = .tensor(stacked)
        }
    }

    /// A value that the next round of a loop may read while its block runs: copied where a program in the block has computed it into
    /// its arena. A sequence holds nothing of that kind.
    private func kept(_ value: Datum, _ room: inout Room, depth: Int) throws -> Datum {
        guard case .tensor(let tensor) = value, let memory = tensor.owner as? Arena.Memory, memory.depth >= depth else { return value }
        return .tensor(try room.copy(of: tensor))
    }
}
