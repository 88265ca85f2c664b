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
    /// Is told what items take that run neither programs nor blocks: block, place in it, nanoseconds.
    var timesItem: ((Int, Int, Int64) -> Void)?
    /// The most tensors that a sequence holds.
    var sequenceLimit = ScheduleRunner.usualSequenceLimit
    static let usualSequenceLimit = 1 << 20
    private let model: CompiledModel
    private let states: StateMemory
    private(set) var sessions: [Session] = []
    private var threads = 1
    var slots: [Datum?]
    /// The extents that symbols stand for, −1 where nothing has determined one.
    var symbols: [Int]
    /// The shapes of the run before, whose symbols are bound.
    private var inputShapes: [[Int]]?
    /// What tells each program its symbols.
    private var extents: [Tensor?]
    /// What loops carry from one round to the next and tell their blocks, by block.
    var rooms: [[Room]]
    var rows: [[Rows]]
    private let texts = TextCache()
    let depths: [Int]
    let uses: ScheduleUses

    /// Nil where the plan has no schedule.
    init?(_ model: CompiledModel, _ pool: ThreadPool, _ states: StateMemory, threads: Int) throws {
        guard let schedule = model.plan.schedule else { return nil }
        (self.model, self.schedule, self.states) = (model, schedule, states)
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
        uses = ScheduleUses(schedule, programs: model.plan.programs, depths: depths)
        rooms = schedule.blocks.map { [Room](repeating: Room(), count: $0.entries.count) }
        rows = schedule.blocks.map { _ in [] }
        for (index, program) in model.plan.programs.enumerated() {
            sessions.append(
                try Session(piece: model.program(program.name), pool, threads: threads, depth: places[index], keeping: uses.kept[index]))
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
        for (index, state) in try states.tensors().enumerated() { slots[inputs.count + index] = .tensor(state) }
        try run(block: 0)
        try takeStates()
    }

    /// Lets states be what the main block says behind the outputs. Nothing can fail any more when the first is written.
    private func takeStates() throws {
        if model.states.isEmpty { return }
        let results = schedule.blocks[0].results
        func apart(_ tensor: Tensor) throws -> Tensor { tensor.owner is StateMemory.Region ? try tensor.copied() : tensor }
        for slot in results.prefix(model.outputs.count) { slots[slot] = try value(slot).map(apart) }
        let next = try results.dropFirst(model.outputs.count).enumerated().map { index, slot in
            let (tensor, state) = (try self.tensor(slot), model.states[index])
            guard tensor.type == state.type, tensor.shape == state.shape else {
                throw DLCError("state \(state.name) is \(state.type)\(state.shape), its next value \(tensor.type)\(tensor.shape)")
            }
            return tensor.isIdentical(to: try states.tensors()[index]) ? tensor : try apart(tensor)
        }
        for (index, tensor) in next.enumerated() {
            tensor.withUnsafeBytes { bytes in
                if bytes.baseAddress != UnsafeRawPointer(states[index].baseAddress) { states[index].copyMemory(from: bytes) }
            }
        }
        try states.holdStrings()
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
        return try value.map { try $0.owner == nil || $0.owner is RoomMemory ? $0 : $0.copied() }
    }

    func value(_ slot: Int) throws -> Datum {
        guard slot >= 0, let value = slots[slot] else { throw DLCError("a value is read before it is computed") }
        return value
    }

    func tensor(_ slot: Int) throws -> Tensor { try value(slot).tensor }

    func run(block index: Int) throws {
        let block = schedule.blocks[index]
        try bind(block.bindings)
        for (position, item) in block.items.enumerated() {
            let start = timesItem == nil ? 0 : dlc_nanoseconds()
            try located(schedule.names[item.name]) {
                switch item.kind {
                case .piece: try runPiece(item)
                case .branch: try runBranch(item)
                case .loop: try runLoop(item)
                case .text:
                    let results = try TextCall(item, names: schedule.names).run(item.operands.map(tensor), texts)
                    for (slot, result) in zip(item.results, results) where slot >= 0 { slots[slot] = .tensor(result) }
                case _ where item.kind.isOfSequences: try runSequence(item, takesFirst: uses.takesFirst[index][position], depths[index])
                default:
                    let results = try ScheduleOperation.run(item, item.operands.map { $0 < 0 ? nil : try tensor($0) })
                    for (slot, result) in zip(item.results, results) where slot >= 0 { slots[slot] = .tensor(result) }
                }
                try bind(item.bindings)
            }
            if let timesItem, item.blocks.isEmpty, item.kind != .piece { timesItem(index, position, dlc_nanoseconds() - start) }
        }
    }

    /// - Parameters:
    ///   - takesFirst: whether nobody reads the first operand afterwards, so that a sequence grows in place.
    ///   - depth: how many blocks lie around the item. Inside of any, what a program has computed is copied where a sequence holds it,
    ///     since the next round writes over it.
    private func runSequence(_ item: Schedule.Item, takesFirst: Bool, _ depth: Int) throws {
        var operands = try item.operands.map { $0 < 0 ? nil : try value($0) }
        if depth > 0, item.kind == .sequence || item.kind == .sequenceInsert {
            for index in operands.indices {
                guard case .tensor(let tensor)? = operands[index], let memory = tensor.owner as? Arena.Memory, memory.depth > 0
                else { continue }
                operands[index] = .tensor(try tensor.copied())
            }
        }
        if takesFirst, item.kind == .sequenceInsert || item.kind == .sequenceErase { slots[item.operands[0]] = nil }
        let result = try SequenceOperation.run(item, &operands, limit: sequenceLimit)
        if let slot = item.results.first, slot >= 0 { slots[slot] = result }
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
        for (position, (slot, result)) in zip(item.results, schedule.blocks[block].results).enumerated() where slot >= 0 {
            slots[slot] = try value(result)
            if uses.givesAway[block][position] { slots[result] = nil }
        }
    }

    func truth(_ slot: Int) throws -> Bool {
        let value = try tensor(slot)
        guard value.type == .bool, value.count == 1 else {
            throw DLCError("the condition is \(value.type)\(value.shape); expected one bool")
        }
        return value.withUnsafeBytes { $0[0] != 0 }
    }

    func integer(_ slot: Int) throws -> Int {
        let value = try tensor(slot)
        guard value.type == .int64, value.count == 1 else {
            throw DLCError("the number of rounds is \(value.type)\(value.shape); expected one i64")
        }
        return Int(value.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
    }
}
