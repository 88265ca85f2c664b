extension Plan {
    /// The plan's table: everything but the constants' bytes.
    func encoded() throws -> [UInt8] {
        var writer = ByteWriter()
        writer.list(constants) { writer, constant in
            writer.count(constant.offset)
            writer.count(constant.bytes)
            writer.count(constant.strings)
        }
        try encode(to: &writer)
        try writer.list(programs) { try $1.encode(to: &$0) }
        writer.byte(schedule == nil ? 0 : 1)
        if var schedule {
            writer.list(schedule.symbols) { $0.string($1) }
            writer.list(schedule.names) { $0.string($1) }
            try schedule.visit(&writer)
        }
        return writer.bytes
    }

    /// The table but for what the programs of a file share.
    private func encode(to writer: inout ByteWriter) throws {
        writer.string(name)
        writer.list(metadata.keys.sorted()) { writer, key in
            writer.string(key)
            writer.string(metadata[key] ?? "")
        }
        writer.list(inputs) { $0.port($1) }
        writer.list(outputs) { $0.port($1) }
        writer.list(states) { writer, state in
            writer.string(state.name)
            writer.byte(state.type.rawValue)
            writer.list(state.shape) { $0.count($1) }
            writer.count(state.initial)
        }
        writer.list(constraints) { writer, constraint in
            writer.string(constraint.relation.rawValue)
            writer.dim(constraint.left)
            writer.dim(constraint.right)
            writer.string(constraint.place)
            writer.string(constraint.reason)
        }
        writer.list(settled) { writer, symbol in
            writer.string(symbol.symbol)
            writer.dim(symbol.value)
            writer.string(symbol.place)
            writer.string(symbol.reason)
        }
        writer.list(buffers) { writer, buffer in
            writer.dim(buffer.bytes)
            writer.count(buffer.firstStep)
            writer.count(buffer.lastStep)
        }
        // The kernels that steps call, each with the revision of its declaration.
        var kernels: [String] = []
        for step in packings + steps where !kernels.contains(step.kernelName) { kernels.append(step.kernelName) }
        try writer.list(kernels) { writer, name in
            writer.string(name)
            writer.fixed(try KernelTable.revision(of: name))
        }
        for list in [packings, steps] { try writer.list(list) { try $0.step($1, kernels) } }
    }

    /// Reads a table that `encoded` wrote.
    /// - Throws: where the table is malformed or refers to something that it does not hold.
    init(decoding reader: inout ByteReader, target: Target, constantBytes: Int) throws {
        let constants = try reader.list { Constant(offset: try $0.size(), bytes: try $0.size(), strings: try $0.size()) }
        for (index, constant) in constants.enumerated() {
            guard constant.offset % 64 == 0, constant.offset <= constantBytes, constant.bytesInFile <= constantBytes - constant.offset else {
                throw DLCError("constant \(index) lies outside the file")
            }
            guard constant.strings == 0 || (constant.bytes % 8 == 0 && constant.bytes / 2 <= constant.strings) else {
                throw DLCError("constant \(index) has \(constant.bytes / 8) strings in \(constant.strings) bytes")
            }
        }
        try self.init(decoding: &reader, target: target, constants: constants)
        programs = try reader.list { try Plan(decoding: &$0, target: target, constants: constants) }
        if try reader.byte() != 0 {
            var schedule = Schedule()
            schedule.symbols = try reader.list { try $0.string() }
            schedule.names = try reader.list { try $0.string() }
            try schedule.visit(&reader)
            try schedule.validate(self)
            self.schedule = schedule
        }
        guard reader.isAtEnd else { throw DLCError("the plan's table has bytes after its end") }
        try checkPrograms()
    }

    /// Reads what `encode` wrote.
    private init(decoding reader: inout ByteReader, target: Target, constants: [Constant]) throws {
        self.init(name: try reader.string(), target: target)
        self.constants = constants
        for _ in 0..<(try reader.count()) {
            let key = try reader.string()
            metadata[key] = try reader.string()
        }
        inputs = try reader.list { try $0.port() }
        outputs = try reader.list { try $0.port() }
        states = try reader.list { reader in
            State(
                name: try reader.string(), type: try reader.elementType(), shape: try reader.list { try $0.size() },
                initial: try reader.size())
        }
        constraints = try reader.list { reader in
            let word = try reader.string()
            guard let relation = Constraint.Relation(rawValue: word) else {
                throw DLCError("the plan names unknown relation \(word.printable())")
            }
            return Constraint(
                relation, try reader.dim(), try reader.dim(), place: try reader.string(), reason: try reader.string())
        }
        settled = try reader.list { reader in
            SettledSymbol(
                symbol: try reader.string(), value: try reader.dim(), place: try reader.string(), reason: try reader.string())
        }
        buffers = try reader.list { reader in
            Buffer(bytes: try reader.dim(), firstStep: try reader.size(), lastStep: try reader.size())
        }
        let kernels = try reader.list { try KernelTable.kernel(named: $0.string(), revision: $0.fixed()) }
        packings = try reader.list { try $0.step(kernels) }
        steps = try reader.list { try $0.step(kernels) }
        try validate()
    }

    /// Checks that programs have names of their own and agree about the states that they share.
    private func checkPrograms() throws {
        var names: Set<String> = []
        var known = Dictionary(states.map { ($0.name, $0) }) { first, _ in first }
        for program in programs {
            guard names.insert(program.name).inserted else { throw DLCError("two programs are named \(program.name.printable())") }
            for state in program.states {
                let first = known[state.name] ?? state
                guard first.type == state.type, first.shape == state.shape, first.initial == state.initial else {
                    throw DLCError("state \(state.name.printable()) is another in program \(program.name.printable())")
                }
                known[state.name] = first
            }
        }
    }

    /// Checks that every reference stays inside the plan.
    private func validate() throws {
        for (index, buffer) in buffers.enumerated() {
            guard buffer.firstStep <= buffer.lastStep, buffer.lastStep <= steps.count else {
                throw DLCError("buffer \(index) lives from step \(buffer.firstStep) to \(buffer.lastStep) of \(steps.count)")
            }
        }
        func check(_ location: Location) throws {
            let (index, count) =
                switch location {
                case .buffer(let index): (index, buffers.count)
                case .constant(let index): (index, constants.count)
                case .input(let index): (index, inputs.count)
                case .state(let index): (index, states.count)
                case .packed(let index): (index, packings.count)
                }
            guard index < count else { throw DLCError("the plan refers to \(location) of \(count)") }
        }
        for (index, step) in packings.enumerated() {
            try located("packing \(index), \(step.name)") {
                for case let operand? in step.operands {
                    try check(operand.location)
                    guard case .constant = operand.location else { throw DLCError("reads what is no constant") }
                    guard operand.shape.count == operand.strides.count else { throw DLCError("an operand's strides do not fit its shape") }
                }
                guard step.results.count == 1, let result = step.results[0], result.location == .packed(index), result.offset == 0,
                    result.type == .uint8, result.shape.count == 1, result.strides == [1], result.shape[0].constant != nil
                else { throw DLCError("leaves something else than bytes") }
            }
        }
        for port in inputs + outputs { try check(port.location) }
        for state in states {
            try located("state \(state.name)") {
                guard state.initial < constants.count else {
                    throw DLCError("its initial value is constant \(state.initial) of \(constants.count)")
                }
                let bytes = constants[state.initial].bytes
                guard try bytes == state.byteCount || bytes == state.type.size else {
                    throw DLCError("its initial value has \(bytes) bytes, \(state.type)\(state.shape) has \(try state.byteCount)")
                }
            }
        }
        for port in outputs {
            if case .state = port.location { throw DLCError("output \(port.name) lies in a state, which the next run changes") }
        }
        let firstCommit = firstCommit
        for (index, step) in steps.enumerated() {
            try located("step \(index), \(step.name)") {
                for case let operand? in step.operands + step.results {
                    try check(operand.location)
                    guard operand.shape.count == operand.strides.count else { throw DLCError("an operand's strides do not fit its shape") }
                    guard case .buffer(let buffer) = operand.location else { continue }
                    guard buffers[buffer].firstStep <= index, index <= buffers[buffer].lastStep else {
                        throw DLCError("touches buffer \(buffer) outside its lifetime")
                    }
                }
                for case let result? in step.results {
                    switch result.location {
                    case .state, .buffer: break
                    default: throw DLCError("a result lies outside the arena")
                    }
                }
                // A scatter into a state has had its indices checked by a gather before.
                if index >= firstCommit, step.definition.reportsStatus, !step.writesState {
                    throw DLCError("can fail after step \(firstCommit), which writes a state")
                }
            }
        }
        for port in outputs {
            guard case .buffer(let buffer) = port.location, buffers[buffer].lastStep < steps.count else { continue }
            throw DLCError("output \(port.name) lies in buffer \(buffer), which ends before the run does")
        }
    }
}

extension ByteWriter {
    /// - Parameter kernels: names of the kernels that steps call; a step has its kernel's place.
    fileprivate mutating func step(_ step: Plan.Step, _ kernels: [String]) throws {
        count(kernels.firstIndex(of: step.kernelName) ?? 0)
        string(step.name)
        string(step.summary)
        list(step.operands) { $0.operand($1) }
        list(step.results) { $0.operand($1) }
        var kernel = step.kernel
        try kernel.visit(&self)
        dim(step.operations)
        byte(step.isRepeated ? 1 : 0)
    }

    fileprivate mutating func port(_ port: Plan.Port) {
        string(port.name)
        byte(port.type.rawValue)
        list(port.shape) { $0.dim($1) }
        list(port.declared == port.shape ? [] : port.declared) { $0.dim($1) }
        container(port.container)
        location(port.location)
    }

    private mutating func container(_ container: Container?) {
        byte(container?.kind.rawValue ?? 0)
        switch container?.elements {
        case nil: break
        case .some(.none): byte(0)
        case .any: byte(1)
        case .shape(let extents):
            byte(2)
            list(extents) { writer, extent in
                writer.byte(extent == nil ? 0 : 1)
                if let extent { writer.count(extent) }
            }
        }
    }

    fileprivate mutating func location(_ location: Plan.Location) {
        switch location {
        case .buffer(let index): byte(0); count(index)
        case .constant(let index): byte(1); count(index)
        case .input(let index): byte(2); count(index)
        case .state(let index): byte(3); count(index)
        case .packed(let index): byte(4); count(index)
        }
    }

    fileprivate mutating func operand(_ operand: Plan.Operand?) {
        guard let operand else { return byte(255) }
        byte(operand.type.rawValue)
        location(operand.location)
        shape(operand.shape)
        shape(operand.strides)
        dim(operand.offset)
    }
}

extension ByteReader {
    fileprivate mutating func step(_ kernels: [any Kernel.Type]) throws -> Plan.Step {
        let index = try size()
        guard index < kernels.count else { throw DLCError("a step calls kernel \(index) of \(kernels.count)") }
        let (name, summary) = (try string(), try string())
        let operands = try list { try $0.operand() }, results = try list { try $0.operand() }
        var kernel: any Kernel = kernels[index].init()
        try located("\(summary) \(name)".printable()) { try kernel.visit(&self) }
        var step = Plan.Step(kernel: kernel, name: name, summary: summary, operands: operands, results: results, operations: try dim())
        step.isRepeated = try byte() != 0
        return step
    }

    fileprivate mutating func elementType() throws -> ElementType {
        let code = try byte()
        guard let type = ElementType(rawValue: code) else { throw DLCError("the plan names unknown element type \(code)") }
        return type
    }

    fileprivate mutating func port() throws -> Plan.Port {
        let (name, type, shape, declared) = (try string(), try elementType(), try list { try $0.dim() }, try list { try $0.dim() })
        guard declared.isEmpty || declared.count == shape.count else { throw DLCError("\(name.printable()) is declared with another rank") }
        let container = try self.container()
        guard container == nil || shape.isEmpty else { throw DLCError("\(name.printable()) holds tensors and has a shape") }
        return Plan.Port(
            name: name, type: type, shape: shape, declared: declared.isEmpty ? nil : declared, container: container, location: try location())
    }

    private mutating func container() throws -> Container? {
        let code = try byte()
        if code == 0 { return nil }
        guard let kind = Container.Kind(rawValue: code) else { throw DLCError("the plan names unknown kind of value \(code)") }
        switch try byte() {
        case 0: return Container(kind, .none)
        case 1: return Container(kind, .any)
        case 2: return Container(kind, .shape(try list { try $0.byte() == 0 ? nil : try $0.size() }))
        case let code: throw DLCError("the plan names unknown shapes \(code)")
        }
    }

    fileprivate mutating func location() throws -> Plan.Location {
        switch try byte() {
        case 0: .buffer(try size())
        case 1: .constant(try size())
        case 2: .input(try size())
        case 3: .state(try size())
        case 4: .packed(try size())
        case let code: throw DLCError("the plan names unknown memory \(code)")
        }
    }

    fileprivate mutating func operand() throws -> Plan.Operand? {
        let code = try byte()
        if code == 255 { return nil }
        guard let type = ElementType(rawValue: code), type == type.inKernels else {
            throw DLCError("the plan names unknown element type \(code) of an operand")
        }
        let place = try location()
        return Plan.Operand(
            location: place, type: type, shape: try shape(), strides: try shape(), offset: try dim())
    }
}
