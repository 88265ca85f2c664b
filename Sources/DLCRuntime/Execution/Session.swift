import CKernels

/// Runs a model: owns the memory of its intermediate results, its states and the threads.
///
/// A session is used by one task at a time; several sessions share one `CompiledModel`. States are the model's initial
/// values at first, and every run that succeeds takes them on; one that throws leaves them as they were. The first run at a
/// set of input shapes settles sizes and memory; later runs at the same shapes allocate nothing. As many sets of shapes are
/// remembered, those used last, as fit `shapesLimit`; one arena serves them all and grows to what the largest needs.
public final class Session {
    public let model: CompiledModel
    public let threads: Int
    private let pool: ThreadPool
    private let arenaMemory = Arena()
    /// Runs the programs in the place of steps where the data decide what runs.
    let runner: ScheduleRunner?
    /// Outputs as views of the arena, as the last that asked for them got them.
    private var views: [Tensor?] = []
    private var planner = MemoryPlanner()
    /// Plans bound to the shapes of earlier runs, the latest last.
    private var bound: [BoundPlan] = []
    /// Bytes that plans bound to earlier shapes may take, beyond the fewest that are remembered whatever they take.
    var shapesLimit = 32 << 20
    private static let fewestRemembered = 16
    /// What those take.
    private var boundBytes = 0
    /// How often shapes had to be settled anew.
    private(set) var bindings = 0
    private var current: BoundPlan? { bound.last }
    /// Whether the arena holds what the last run has computed.
    var hasOutputs = false
    private var inputs: [Tensor?]
    /// Inputs that hold tensors, by index.
    private var held: [Int: Datum] = [:]
    /// Whether the model's constants that are packed at load are so.
    private var isPacked = false
    let states: StateMemory
    private let binding: ShapeBinding
    /// Outputs that whoever runs the session keeps beyond its next run, each in memory of its own.
    private var kept: [(output: Int, room: Room)] = []
    /// The buffers that they are.
    private let apart: [Int: Int]
    /// Outputs of strings as the last run has left them, by index: what the arena holds are handles, good only while somebody keeps
    /// the texts, as the inputs did.
    private var stringOutputs: [Int: Tensor] = [:]
    private let keepsStrings: Bool

    /// - Parameters:
    ///   - threads: threads to compute with, the caller among them; nil takes the processors available.
    ///   - other: a session of another program of the same file, whose states of the same names this one reads and writes. The
    ///     two are then used by one task at a time.
    /// - Throws: where the threads cannot be started, or a state is another there.
    public init(_ model: CompiledModel, threads: Int? = nil, sharing other: Session? = nil) throws {
        self.model = model
        apart = [:]
        let count = threads ?? Int(dlc_available_processors())
        guard count >= 1, count <= 256 else { throw DLCError("\(count) threads: expected 1 to 256") }
        self.threads = count
        binding = model.plan.binding
        states = try StateMemory(model, sharing: other?.states)
        pool = try ThreadPool(count)
        keepsStrings = (model.outputs.map(\.type) + model.states.map(\.type)).contains(.string)
        inputs = [Tensor?](repeating: nil, count: model.inputs.count)
        runner = try ScheduleRunner(model, pool, states, threads: count)
        if runner == nil, model.plan.symbols.isEmpty { try bind(model.inputs.map { $0.shape.constants ?? [] }) }
    }

    /// A session of a program that a schedule runs.
    /// - Parameters:
    ///   - depth: how many blocks lie around it.
    ///   - kept: outputs that lie in a buffer of their own and are read beyond the next run.
    init(piece model: CompiledModel, _ pool: ThreadPool, threads: Int, depth: Int, keeping kept: Set<Int>) throws {
        // Whoever runs it keeps its inputs as long as it reads its outputs.
        (self.model, self.threads, self.pool, runner, keepsStrings) = (model, threads, pool, nil, false)
        self.kept = kept.sorted().map { ($0, Room()) }
        apart = Dictionary(
            kept.compactMap { output -> (Int, Int)? in
                guard case .buffer(let buffer) = model.outputs[output].location else { return nil }
                return (buffer, output)
            }) { first, _ in first }
        binding = model.plan.binding
        states = try StateMemory(model)
        inputs = [Tensor?](repeating: nil, count: model.inputs.count)
        arenaMemory.depth = depth
    }

    /// The most times that a loop may go round whose end the data decide; a run that would go on is an error.
    public var iterationLimit: Int {
        get { runner?.iterationLimit ?? .max }
        set { runner?.iterationLimit = newValue }
    }

    /// The most tensors that a sequence may hold whose length the data decide; a run that would make a longer one is an error.
    public var sequenceLimit: Int {
        get { runner?.sequenceLimit ?? ScheduleRunner.usualSequenceLimit }
        set { runner?.sequenceLimit = newValue }
    }

    /// Runs the model and copies its outputs.
    /// - Parameters:
    ///   - inputs: a tensor per input, by name.
    ///   - threads: the most threads to use for this run, at most those of the session; all of them where left out.
    ///     Results do not depend on it.
    /// - Throws: a `DLCError` naming the input: where one is missing, unknown, or of the wrong type or shape.
    public func run(_ inputs: [String: Tensor], threads: Int? = nil) throws -> [String: Tensor] {
        if model.inputs.contains(where: { $0.container != nil }) {
            return try run(values: inputs.mapValues { .tensor($0) }, threads: threads).mapValues { try $0.tensor }
        }
        try checkNames(Array(inputs.keys))
        for (index, port) in model.inputs.enumerated() {
            guard let tensor = inputs[port.name] else {
                throw DLCError("input \(port.name) is missing; expected \(port.typeText)")
            }
            try setInput(index, tensor)
        }
        try run(threads: threads)
        var outputs: [String: Tensor] = [:]
        for (index, port) in model.outputs.enumerated() { outputs[port.name] = try output(index) }
        return outputs
    }

    /// Throws where a name is that of no input.
    func checkNames(_ names: [String]) throws {
        for name in names.sorted() where !model.inputs.contains(where: { $0.name == name }) {
            let known = model.inputs.map { "\($0.name): \($0.typeText)" }.joined(separator: ", ")
            throw DLCError("there is no input \(name); the model has \(known)")
        }
    }

    /// Sets an input for the runs to come. The tensor is read in place and kept. For a scalar goes any tensor of one element.
    /// - Throws: where its type or shape does not fit.
    public func setInput(_ index: Int, _ tensor: Tensor) throws {
        guard model.inputs.indices.contains(index) else { throw DLCError("there is no input \(index)") }
        let port = model.inputs[index]
        guard port.container == nil else { return try setValue(index, .tensor(tensor)) }
        let tensor = port.shape.isEmpty && tensor.count == 1 ? try tensor.reshaped([]) : tensor
        let fits =
            tensor.type == port.type && tensor.rank == port.shape.count
            && zip(port.shape, tensor.shape).allSatisfy { $0.constant == nil || $0.constant == $1 }
        guard fits else {
            if tensor.type == port.type, let error = binding.contradiction(index, tensor.shape) { throw error }
            throw DLCError("input \(port.name) expects \(port.typeText), found \(tensor.type)\(tensor.shape)")
        }
        inputs[index] = tensor
    }

    /// Runs the model on the inputs that are set. After the first run at a shape nothing is allocated.
    /// - Parameter threads: the most threads to use for this run, at most those of the session; all of them where left
    ///   out. Results do not depend on it.
    /// - Throws: where an input is not set, shapes contradict each other, or the data asks for the impossible.
    public func run(threads: Int? = nil) throws {
        let limit = threads ?? self.threads
        guard limit >= 1, limit <= self.threads else {
            throw DLCError("\(limit) threads for a run: the session has \(self.threads)")
        }
        if let runner {
            try requireInputs()
            hasOutputs = false
            try runner.run(inputs, held, binding, threads: limit)
        } else {
            let bound = try prepare()
            dlc_threads_limit(pool.handle, Int32(limit))
            try bound.run(pool.handle)
            if keepsStrings { try holdStrings(bound) }
        }
        hasOutputs = true
    }

    /// A run, states taken on as by any other, that goes step by step and reports each step's nanoseconds.
    /// - Throws: what `run` throws.
    public func profile(_ report: (_ step: Int, _ nanoseconds: Int) -> Void) throws { try stepped { report($1, $2) } }

    /// A run step by step, after each of which `report` may look at what the plan has computed.
    func stepped(_ report: (_ plan: BoundPlan, _ step: Int, _ nanoseconds: Int) -> Void) throws {
        if runner != nil { return try run() }
        let bound = try prepare()
        dlc_threads_limit(pool.handle, Int32(threads))
        try bound.run(pool.handle) { report(bound, $0, $1) }
        if keepsStrings { try holdStrings(bound) }
        hasOutputs = true
    }

    /// A copy of an output of the last run.
    /// - Throws: where there is no such output, or no run has succeeded since the last that was begun.
    public func output(_ index: Int) throws -> Tensor {
        if let runner { return try runner.output(checked(index)).tensor }
        let (bytes, shape) = try outputBytes(index)
        if let strings = stringOutputs[index] { return strings }
        return try Tensor(type: model.outputs[index].type, shape: shape) { $0.copyMemory(from: bytes) }
    }

    /// Whether a tensor is a view of what this session has computed, which its next run writes over.
    func holds(_ tensor: Tensor) -> Bool { arenaMemory.memory.map { tensor.owner === $0 } ?? false }

    /// Calls `body` with the bytes of an output of the last run, in place.
    /// - Throws: what `output` and `body` throw.
    public func withOutput<R>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        if let runner { return try runner.output(checked(index)).tensor.withUnsafeBytes(body) }
        let bytes = try outputBytes(index).bytes
        return try stringOutputs[index].map { try $0.withUnsafeBytes(body) } ?? body(bytes)
    }

    private func holdStrings(_ bound: BoundPlan) throws {
        for (index, port) in model.outputs.enumerated() where port.type == .string {
            stringOutputs[index] = try located("output \(port.name)") {
                try Tensor(type: .string, shape: bound.outputShapes[index]) { $0.copyMemory(from: bound.outputBytes(index)) }
            }
        }
        try states.holdStrings()
    }

    private func checked(_ index: Int) throws -> Int {
        guard model.outputs.indices.contains(index), hasOutputs else { throw DLCError("there is no output \(index) yet") }
        return index
    }

    /// An output of the last run where it lies; the next run writes over it.
    func outputView(_ index: Int) throws -> Tensor {
        let (bytes, shape) = try outputBytes(index)
        if views.isEmpty { views = [Tensor?](repeating: nil, count: model.outputs.count) }
        let owner: any AnyObject & Sendable = arenaMemory.memory ?? model.constantAddresses
        if let place = kept.first(where: { $0.output == index }) { return place.room.tensor }
        switch model.outputs[index].location {
        case .input(let input):
            if let tensor = inputs[input], tensor.type == model.outputs[index].type, try Checked.count(shape) == tensor.count {
                return try tensor.reshaped(shape)
            }
            // A part of it, or its bits as another type, which whoever gave it may change.
            return try Tensor(type: model.outputs[index].type, shape: shape) { $0.copyMemory(from: bytes) }
        case .buffer:
            if let view = views[index], view.identity == UInt(bitPattern: bytes.baseAddress), view.shape == shape, view.owner === owner {
                return view
            }
        default: break
        }
        let isConstant = if case .constant = model.outputs[index].location { true } else { false }
        let view = try Tensor(
            type: model.outputs[index].type, shape: shape, bytes: bytes, owner: isConstant ? model.constantAddresses : owner)
        views[index] = view
        return view
    }

    private func outputBytes(_ index: Int) throws -> (bytes: UnsafeRawBufferPointer, shape: [Int]) {
        guard model.outputs.indices.contains(index), hasOutputs, let current else { throw DLCError("there is no output \(index) yet") }
        return (current.outputBytes(index), current.outputShapes[index])
    }

    /// The arena of the current shapes: its size, the least that any arrangement needs, and what no sharing would take.
    public var arena: ArenaLayout? { current?.layout }

    /// The extents of the inputs of the last run.
    var inputShapes: [[Int]] { current?.inputShapes ?? [] }

    private func requireInputs() throws {
        for (index, input) in inputs.enumerated() where input == nil && held[index] == nil {
            let port = model.inputs[index]
            // An optional that nobody gives holds nothing.
            if port.container?.kind.isOptional == true { held[index] = .absent } else {
                throw DLCError("input \(port.name) is missing; expected \(port.typeText)")
            }
        }
    }

    /// Sets an input that holds tensors for the runs to come; they are read in place and kept.
    /// - Throws: where it does not fit.
    public func setValue(_ index: Int, _ value: Datum) throws {
        guard model.inputs.indices.contains(index) else { throw DLCError("there is no input \(index)") }
        let port = model.inputs[index]
        guard let container = port.container else { return try located("input \(port.name)") { try setInput(index, value.tensor) } }
        try located("input \(port.name)") {
            try container.check(value, port.type)
            if case .sequence(let tensors) = value, tensors.count > sequenceLimit {
                throw DLCError("a sequence holds \(tensors.count) tensors; the limit is \(sequenceLimit)")
            }
        }
        held[index] = value
    }

    /// A copy of an output of the last run, which may hold tensors.
    /// - Throws: where there is no such output, or no run has succeeded since the last that was begun.
    public func value(_ index: Int) throws -> Datum {
        if let runner { return try runner.output(checked(index)) }
        return .tensor(try output(index))
    }

    func prepare() throws -> BoundPlan {
        try requireInputs()
        hasOutputs = false
        if current.map({ fits($0) }) != true {
            if let known = bound.firstIndex(where: { fits($0) }) {
                bound.append(bound.remove(at: known))
            } else {
                try bind(inputs.map { $0?.shape ?? [] })
            }
        }
        guard let current else { throw DLCError("the session is not ready") }
        try settle(current)
        if !isPacked {
            try model.packedConstants.pack(pool.handle)
            isPacked = true
        }
        for index in inputs.indices {
            if let tensor = inputs[index] {
                tensor.withUnsafeBytes { if let base = $0.baseAddress { current.setInput(index, base) } }
            }
        }
        for index in kept.indices {
            let output = kept[index].output
            current.setOutput(output, try kept[index].room.ready(model.outputs[output].type, current.outputShapes[output]))
        }
        states.settle()
        return current
    }

    private func fits(_ bound: BoundPlan) -> Bool {
        for (index, input) in inputs.enumerated() where input?.shape != bound.inputShapes[index] { return false }
        return true
    }

    private func bind(_ shapes: [[Int]]) throws {
        let values = try binding.values(shapes)
        let plan = try BoundPlan(model, states: states, bindings: values, threads: threads, apart: apart, like: current) { lifetimes in
            try planner.assign(lifetimes, within: arenaMemory.capacity)
        }
        try settle(plan)
        boundBytes += plan.byteCount
        bindings += 1
        while bound.count >= Self.fewestRemembered, boundBytes > shapesLimit { boundBytes -= bound.removeFirst().byteCount }
        bound.append(plan)
    }

    /// Makes room for a plan.
    private func settle(_ plan: BoundPlan) throws {
        if let base = arenaMemory.base, plan.layout.peak <= arenaMemory.capacity { return plan.setArena(base) }
        let constants = bound.isEmpty ? model.constantAddresses : nil
        plan.setArena(try arenaMemory.reserve(plan.layout.peak) { Prefault(model.plan, constants, arena: $0) })
    }
}
