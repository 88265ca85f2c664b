import CKernels
import DLCTensor

/// Runs the programs of a plan in the order of its schedule.
///
/// Every program has a session of its own over the same threads: its outputs stay in its arena, where the programs after it
/// read them. Sizes are settled once for each set of extents, so that loops over fixed shapes settle nothing after the first time.
final class ScheduleRunner {
    let schedule: Schedule
    /// The most times that a loop goes round.
    var iterationLimit = Int.max
    /// Runs a program's session in the place of `Session.run`, for tools that look on.
    var runsPiece: ((Session) throws -> Void)?
    /// The most tensors that a sequence holds.
    var sequenceLimit = ScheduleRunner.usualSequenceLimit
    static let usualSequenceLimit = 1 << 20
    private let model: CompiledModel
    private var sessions: [Session] = []
    private var threads = 1
    var slots: [Datum?]
    /// The extents that symbols stand for, −1 where nothing has determined one.
    private var symbols: [Int]
    /// The shapes of the run before, whose symbols are bound.
    private var inputShapes: [[Int]]?
    /// What tells each program its symbols.
    private var extents: [Tensor?]
    /// What loops carry from one round to the next and tell their blocks, by block.
    private var rooms: [[Room]]
    private var rows: [[RowBuffer]]
    private let texts = TextCache()
    private let depths: [Int]

    /// Nil where the plan has no schedule.
    init?(_ model: CompiledModel, _ pool: ThreadPool, threads: Int) throws {
        guard let schedule = model.plan.schedule else { return nil }
        (self.model, self.schedule) = (model, schedule)
        slots = [Datum?](repeating: nil, count: schedule.slots)
        symbols = [Int](repeating: -1, count: schedule.symbols.count)
        extents = [Tensor?](repeating: nil, count: model.plan.programs.count)
        var depths = [Int](repeating: 0, count: schedule.blocks.count)
        var places = [Int](repeating: 0, count: model.plan.programs.count)
        for (index, block) in schedule.blocks.enumerated() {
            for item in block.items {
                for child in item.blocks { depths[child] = depths[index] + 1 }
                if item.kind == .piece { places[item.parameters[0]] = depths[index] }
            }
        }
        self.depths = depths
        rooms = schedule.blocks.map { [Room](repeating: Room(), count: $0.entries.count) }
        rows = schedule.blocks.map { _ in [] }
        for (program, depth) in zip(model.plan.programs, places) {
            sessions.append(try Session(piece: model.program(program.name), pool, threads: threads, depth: depth))
        }
    }

    /// Runs everything once.
    /// - Parameter held: the inputs that hold tensors, by index.
    /// - Throws: what a program throws, with the item in front.
    func run(_ inputs: [Tensor?], _ held: [Int: Datum], _ binding: ShapeBinding, threads: Int) throws {
        self.threads = threads
        let isKnown = inputShapes.map { known in zip(inputs, known).allSatisfy { $0?.shape ?? [] == $1 } } ?? false
        if !isKnown {
            // What holds tensors has no symbols in its type.
            let shapes = inputs.map { $0?.shape ?? [] }
            let values = try binding.values(shapes)
            for (index, name) in schedule.symbols.enumerated() { symbols[index] = values[name] ?? -1 }
            inputShapes = shapes
        }
        for (index, input) in inputs.enumerated() { slots[index] = input.map { .tensor($0) } ?? held[index] }
        try run(block: 0)
    }

    /// A copy of an output where programs may write over it.
    func output(_ index: Int) throws -> Datum {
        let value = try value(schedule.blocks[0].results[index]), port = model.outputs[index]
        if port.container == nil {
            let tensor = try value.tensor
            guard tensor.type == port.type, tensor.rank == port.shape.count,
                zip(port.shape, tensor.shape).allSatisfy({ $0.constant == nil || $0.constant == $1 })
            else { throw DLCError("output \(port.name) is \(tensor.type)\(tensor.shape), which the plan does not say") }
        }
        try located("output \(port.name)") { try port.container?.check(value, port.type) }
        return try value.map { try $0.owner == nil ? $0 : $0.copied() }
    }

    func value(_ slot: Int) throws -> Datum {
        guard slot >= 0, let value = slots[slot] else { throw DLCError("a value is read before it is computed") }
        return value
    }

    private func tensor(_ slot: Int) throws -> Tensor { try value(slot).tensor }

    private func run(block index: Int) throws {
        let block = schedule.blocks[index]
        try bind(block.bindings)
        for item in block.items {
            try located(schedule.names[item.name]) {
                switch item.kind {
                case .piece: try runPiece(item)
                case .branch: try runBranch(item)
                case .loop: try runLoop(item)
                case .text:
                    let results = try TextCall(item, names: schedule.names).run(item.operands.map(tensor), texts)
                    for (slot, result) in zip(item.results, results) where slot >= 0 { slots[slot] = .tensor(result) }
                case _ where item.kind.isOfSequences:
                    let operands = try item.operands.map { $0 < 0 ? nil : try value($0) }
                    let result = try SequenceOperation.run(item, operands, limit: sequenceLimit)
                    if let slot = item.results.first, slot >= 0 { slots[slot] = result }
                default:
                    let results = try ScheduleOperation.run(item, item.operands.map { $0 < 0 ? nil : try tensor($0) })
                    for (slot, result) in zip(item.results, results) where slot >= 0 { slots[slot] = .tensor(result) }
                }
                try bind(item.bindings)
            }
        }
    }

    private func bind(_ bindings: [Schedule.Binding]) throws {
        for binding in bindings {
            let shape = try tensor(binding.slot).shape
            guard binding.axis < shape.count else { throw DLCError("a value has \(shape.count) dimensions, too few") }
            symbols[binding.symbol] = shape[binding.axis]
        }
    }

    private func runPiece(_ item: Schedule.Item) throws {
        let program = item.parameters[0]
        let session = sessions[program]
        for (index, slot) in item.operands.enumerated() {
            let operand = try tensor(slot)
            guard !session.holds(operand) else { throw DLCError("reads what it has computed itself, in the run before") }
            try session.setInput(index, operand)
        }
        if !item.symbols.isEmpty {
            let known =
                extents[program].map { tensor in
                    zip(item.symbols, tensor.shape.dropFirst()).allSatisfy { symbols[$0] == $1 }
                } ?? false
            if !known {
                if let symbol = item.symbols.first(where: { symbols[$0] < 0 }) {
                    throw DLCError("a size depends on \(schedule.symbols[symbol]), which no input determines")
                }
                extents[program] = try Tensor(extents: item.symbols.map { symbols[$0] })
            }
            if let tensor = extents[program] { try session.setInput(item.operands.count, tensor) }
        }
        if let runsPiece { try runsPiece(session) } else { try session.run(threads: threads) }
        for (index, slot) in item.results.enumerated() where slot >= 0 { slots[slot] = .tensor(try session.outputView(index)) }
    }

    private func runBranch(_ item: Schedule.Item) throws {
        let block = try item.blocks[truth(item.operands[0]) ? 0 : 1]
        try run(block: block)
        for (slot, result) in zip(item.results, schedule.blocks[block].results) where slot >= 0 { slots[slot] = try value(result) }
    }

    private func runLoop(_ item: Schedule.Item) throws {
        let index = item.blocks[0]
        let block = schedule.blocks[index]
        let carried = item.parameters[0]
        let limit = try item.operands[0] < 0 ? Int.max : integer(item.operands[0])
        var goesOn = try item.operands[1] < 0 ? true : truth(item.operands[1])
        for position in 0..<carried { slots[item.results[position]] = try value(item.operands[2 + position]) }
        let stacked = item.results.count - carried
        while rows[index].count < stacked { rows[index].append(RowBuffer()) }
        for position in 0..<stacked {
            if !isKnownUniquelyReferenced(&rows[index][position]) { rows[index][position] = RowBuffer() }
            rows[index][position].clear()
        }
        var iteration = 0
        while goesOn, iteration < limit {
            guard iteration < iterationLimit else {
                throw DLCError("the loop has gone round \(iteration) times, which is the limit that was set")
            }
            slots[block.entries[0]] = .tensor(try rooms[index][0].scalar(Int64(iteration)))
            slots[block.entries[1]] = .tensor(try rooms[index][1].scalar(goesOn))
            for position in 0..<carried { slots[block.entries[2 + position]] = slots[item.results[position]] }
            try located("round \(iteration)") {
                try run(block: index)
                goesOn = try truth(block.results[0])
                for position in 0..<carried {
                    slots[item.results[position]] = try kept(
                        value(block.results[1 + position]), &rooms[index][2 + position], depth: depths[index])
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

    /// A value that the next round of a loop may read while its block runs: copied where a program in the block has computed it.
    private func kept(_ value: Datum, _ room: inout Room, depth: Int) throws -> Datum {
        func isPassing(_ tensor: Tensor) -> Bool { tensor.owner.map { ($0 as? Arena.Memory).map { $0.depth >= depth } ?? false } ?? false }
        switch value {
        case .absent: return value
        case .tensor(let tensor): return isPassing(tensor) ? .tensor(try room.copy(of: tensor)) : value
        case .sequence(let tensors):
            return tensors.contains(where: isPassing) ? .sequence(try tensors.map { try isPassing($0) ? $0.copied() : $0 }) : value
        }
    }

    private func truth(_ slot: Int) throws -> Bool {
        let value = try tensor(slot)
        guard value.type == .bool, value.count == 1 else {
            throw DLCError("the condition is \(value.type)\(value.shape); expected one bool")
        }
        return value.withUnsafeBytes { $0[0] != 0 }
    }

    private func integer(_ slot: Int) throws -> Int {
        let value = try tensor(slot)
        guard value.type == .int64, value.count == 1 else {
            throw DLCError("the number of rounds is \(value.type)\(value.shape); expected one i64")
        }
        return Int(value.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
    }
}

/// Memory for one value from round to round of a loop: two copies that take turns, and more where others hold them.
struct Room {
    private var copies: [Tensor] = []

    mutating func copy(of value: Tensor) throws -> Tensor {
        for index in copies.indices where copies[index].refill(from: value) { return copies[index] }
        let copy = try Tensor(type: value.type, shape: value.shape) { target in value.withUnsafeBytes { target.copyMemory(from: $0) } }
        // Of other shapes none is worth keeping.
        if copies.count >= 4 { copies.removeFirst() }
        copies.append(copy)
        return copy
    }

    mutating func scalar<T: TensorElement>(_ number: T) throws -> Tensor {
        for index in copies.indices where copies[index].set(number) { return copies[index] }
        let tensor = try Tensor([number], shape: [])
        // Those that sequences hold never come back.
        if copies.count >= 4 { copies.removeFirst() }
        copies.append(tensor)
        return tensor
    }
}
