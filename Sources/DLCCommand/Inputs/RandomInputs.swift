import DLC

/// Extents that a person chose for inputs with symbols.
struct ChosenExtents {
    var shapes: [String: [Int]] = [:]
    var dims: [String: Int] = [:]
    var likely: [String: Int] = [:]
    /// Whether the model was compiled with them, so that the symbols may be gone.
    var isSettled = false

    init() {}

    /// - Throws: where something is given twice.
    init(_ shapes: ShapeOptions, _ flags: CompileFlags? = nil, isSettled: Bool = false) throws {
        self.shapes = try shapes.byName()
        dims = try shapes.bySymbol()
        likely = try NamedExtent.table(flags?.likely ?? [], option: "--likely")
        self.isSettled = isSettled
    }
}

/// Values for inputs that nobody gives, the same for the same seed.
struct RandomInputs {
    private let ports: [Plan.Port]
    private let metadata: [String: String]
    /// Extents of the symbols.
    let bindings: [String: Int]

    /// - Parameter extents: of symbols that they leave open the likely one is taken, else 1 or what the model needs at least.
    /// - Throws: where a shape does not fit its input, or there is no such input or symbol.
    init(_ model: CompiledModel, _ extents: ChosenExtents = ChosenExtents()) throws {
        ports = model.inputs
        metadata = model.metadata
        var bindings: [String: Int] = [:]
        let symbols = Set(ports.flatMap { $0.shape.flatMap(\.symbols) })
        for (symbol, extent) in extents.dims.sorted(by: { $0.key < $1.key }) {
            guard symbols.contains(symbol) || extents.isSettled else {
                throw DLCError("there is no dimension \(symbol); the model has \(Describe.ports(ports))")
            }
            bindings[symbol] = extent
        }
        for (name, shape) in extents.shapes.sorted(by: { $0.key < $1.key }) {
            guard let port = ports.first(where: { $0.name == name }) else {
                throw DLCError("there is no input \(name) to give a shape; the model has \(Describe.ports(ports))")
            }
            guard shape.count == port.shape.count else {
                throw DLCError("--shape gives \(name) \(shape.count) dimensions; the model has \(Describe.port(port))")
            }
            let values = try ShapeBinding(inputs: [ShapeBinding.Input(name: name, shape: port.shape)]).values([shape])
            for (symbol, extent) in values {
                guard bindings[symbol] == nil || bindings[symbol] == extent else {
                    throw DLCError("dimension \(symbol) is given two extents, \(bindings[symbol] ?? 0) and \(extent)")
                }
                bindings[symbol] = extent
            }
        }
        for symbol in symbols where bindings[symbol] == nil { bindings[symbol] = extents.likely[symbol] }
        self.bindings = model.plan.binding.completing(bindings)
    }

    func shape(_ port: Plan.Port) throws -> [Int] {
        try located("input \(port.name)") { try port.shape.map { try $0.evaluate(bindings) } }
    }

    /// A tensor per input, in order.
    func tensors(seed: UInt64 = 0) throws -> [Tensor] {
        try ports.enumerated().map { try tensor($1, seed: seed &+ UInt64($0)) }
    }

    /// Normally distributed floats; a few words; integers from 0 on, below what metadata `INPUT.below` says or 80; ones for bools and where the name says `mask`.
    func tensor(_ port: Plan.Port, seed: UInt64) throws -> Tensor {
        let shape = try shape(port)
        var generator = SplitMix64(seed: seed)
        if port.type == .float32 {
            return try Tensor(type: .float32, shape: shape) { bytes in
                let values = bytes.bindMemory(to: Float.self)
                for index in values.indices { values[index] = Float(generator.normal()) }
            }
        }
        if port.type == .string { return try Tensor.random(seed: seed, type: .string, shape: shape) }
        if port.type == .bool || (!port.type.isFloat && port.name.contains("mask")) {
            return try Tensor(filling: 1, type: port.type, shape: shape)
        }
        let count = try Checked.count(shape)
        if port.type.isFloat { return try Tensor(doubles: (0..<count).map { _ in generator.normal() }, type: port.type, shape: shape) }
        let below = UInt64(max(metadata["\(port.name).below"].flatMap(Int.init) ?? 80, 1))
        return try Tensor(integers: (0..<count).map { _ in Int64(generator.next() % below) }, type: port.type, shape: shape)
    }

    /// As `tensor`; of a sequence two tensors, of an optional one, whose extents of their own are 2.
    func value(_ port: Plan.Port, seed: UInt64) throws -> Datum {
        guard let container = port.container else { return .tensor(try tensor(port, seed: seed)) }
        guard case .shape(let extents) = container.elements else {
            throw DLCError("input \(port.name) is \(port.typeText), whose tensors have no known number of dimensions; give a file")
        }
        let shape = extents.map { Dim($0 ?? 2) }
        let held = Plan.Port(name: port.name, type: port.type, shape: shape, location: port.location)
        if !container.kind.isSequence { return .tensor(try tensor(held, seed: seed)) }
        return .sequence(try (0..<2).map { try tensor(held, seed: seed &+ UInt64($0) << 32) })
    }

    /// Zeros of the inputs' shapes.
    func zeros() throws -> [Tensor] {
        try ports.map { try Tensor(type: $0.type, shape: shape($0)) { _ in } }
    }
}
