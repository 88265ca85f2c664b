import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// An elementwise region as instructions over tile registers.
struct ElementwiseProgram {
    typealias Instruction = ProgramInstruction

    private(set) var instructions: [Instruction] = []
    /// The compute type that each virtual register holds; registers are assigned once, then mapped to few.
    private var registerTypes: [dlc_compute] = []
    private var conversions: [String: Int] = [:]
    /// Registers of one number that all elements have: constants, and operands of one element.
    private var singles: Set<Int> = []
    /// Registers of 0 and 1 in the type that was compared, by their converted ones: what reads these may read those.
    private var truths: [Int: Int] = [:]

    /// - Throws: where an operator of the body has no instruction, naming it.
    init(_ body: Graph) throws {
        var registers: [Int: Int] = [:]
        var inputs: [Int: Int] = [:]
        var sums: Set<Int> = []
        for (index, port) in body.inputs.enumerated() { inputs[port.value.index] = index }
        for node in body.nodes {
            let result = node.results[0]
            if let constant = node.op as? Constant {
                registers[result.index] = try appendConstant(constant.value)
                continue
            }
            let operands = try node.operands.map { operand -> (register: Int, type: ElementType)? in
                guard let operand else { return nil }
                // An operand is loaded where it is read first.
                if registers[operand.index] == nil, let input = inputs[operand.index] {
                    let type = Self.compute(body.type(operand).element)
                    let register = append(Instruction(DLC_OP_LOAD, type) { $0.tensor = input })
                    registers[operand.index] = register
                    if body.shape(operand).allSatisfy({ $0.constant == 1 }) { singles.insert(register) }
                }
                guard let register = registers[operand.index] else { throw DLCError("a region reads a value it does not compute") }
                return (register, body.type(operand).element.inKernels)
            }
            if node.op is Reduce {
                // A sum's register is the one that it adds up; nothing in the region reads the sum.
                sums.insert(result.index)
                registers[result.index] = operands.first.flatMap { $0?.register }
                continue
            }
            registers[result.index] = try located(node.op.name) {
                try lower(node.op, operands, result: body.type(result).element.inKernels)
            }
        }
        let results = try body.outputs.enumerated().map { index, port in
            guard let register = registers[port.value.index] else { throw DLCError("a region loses its result") }
            return (index: index, register: register, op: sums.contains(port.value.index) ? DLC_OP_SUM : DLC_OP_STORE)
        }
        // What is computed last is stored first: it then goes to its result at once.
        for result in results.sorted(by: { ($1.register, $0.index) < ($0.register, $1.index) }) {
            instructions.append(
                Instruction(result.op, registerTypes[result.register]) { ($0.a, $0.tensor) = (result.register, result.index) })
        }
        instructions = Self.joined(instructions)
        dropUnread()
        // A number that keeps a register to itself is put there once, and not for every tile.
        instructions = try (try? allocated(keeping: singles)) ?? allocated(keeping: [])
    }

    private static func isComparison(_ op: dlc_op) -> Bool { op.rawValue >= DLC_OP_EQ.rawValue && op.rawValue <= DLC_OP_NOT.rawValue }

    /// Leaves out instructions whose registers nothing reads.
    private mutating func dropUnread() {
        var isRead = [Bool](repeating: false, count: registerTypes.count)
        var kept: [Instruction] = []
        for instruction in instructions.reversed() {
            guard instruction.writesResult || isRead[instruction.dst] else { continue }
            for source in Self.sources(instruction) { isRead[source] = true }
            kept.append(instruction)
        }
        instructions = kept.reversed()
    }

    static func compute(_ type: ElementType) -> dlc_compute {
        switch type {
        case .float32, .float16, .bfloat16: DLC_COMPUTE_F32
        case .float64: DLC_COMPUTE_F64
        case .uint64: DLC_COMPUTE_U64
        default: DLC_COMPUTE_I64
        }
    }

    // MARK: Building

    mutating func append(_ instruction: Instruction) -> Int {
        var instruction = instruction
        instruction.dst = registerTypes.count
        instructions.append(instruction)
        registerTypes.append(instruction.type)
        return instruction.dst
    }

    private mutating func appendConstant(_ tensor: Tensor) throws -> Int {
        let type = Self.compute(tensor.type)
        var instruction = Instruction(DLC_OP_CONST, type)
        if tensor.type.isFloat {
            instruction.f0 = try tensor.doubles().first ?? 0
        } else {
            instruction.i0 = Int(try tensor.integers().first ?? 0)
        }
        let register = append(instruction)
        singles.insert(register)
        return register
    }

    /// The register's value in another compute type.
    mutating func converted(_ register: Int, to type: dlc_compute) -> Int {
        let from = registerTypes[register]
        if from == type { return register }
        if let truth = truths[register], registerTypes[truth] == type { return truth }
        let key = "\(register) \(type.rawValue)"
        if let known = conversions[key] { return known }
        let result = append(Instruction(DLC_OP_CONVERT, type) { ($0.a, $0.from) = (register, from) })
        conversions[key] = result
        return result
    }

    /// Rounds or wraps to an element type narrower than its compute type.
    mutating func narrowed(_ register: Int, to type: ElementType) -> Int {
        switch type {
        case .float32, .float64, .int64, .uint64, .bool: return register
        default: return append(Instruction(DLC_OP_WRAP, registerTypes[register]) { ($0.a, $0.narrow) = (register, type.kernelType) })
        }
    }

    private mutating func lower(_ op: any Operator, _ operands: [(register: Int, type: ElementType)?], result: ElementType) throws -> Int {
        let given = operands.compactMap { $0 }
        guard let first = given.first else { throw DLCError("has no operand") }
        guard var instruction = try ElementwiseInstructions.instruction(for: op, operand: first.type, result: result) else {
            throw DLCError("has no instruction for \(first.type)")
        }
        if instruction.op == DLC_OP_CONVERT {
            // Cast: a truth value when the target is bool, else a conversion and a wrap.
            let target = Self.compute(result)
            if result == .bool {
                let zero = append(Instruction(DLC_OP_CONST, registerTypes[first.register]))
                let truth = append(Instruction(DLC_OP_NE, registerTypes[first.register]) { ($0.a, $0.b) = (first.register, zero) })
                return converted(truth, to: target)
            }
            guard first.type.isFloat, result.isInteger, result.size < 8 else {
                return narrowed(converted(first.register, to: target), to: result)
            }
            // Floats become narrow integers at once: by way of 64 bits, what is out of range would wrap otherwise. All of them
            // are numbers of f32, but those of 32 bits.
            let source = result.size < 4 ? first.register : converted(first.register, to: DLC_COMPUTE_F64)
            return converted(narrowed(source, to: result), to: target)
        }
        // Conditions come first in `where`; values decide its type.
        var valueType = op.name == "where" ? Self.compute(given.last?.type ?? first.type) : Self.compute(first.type)
        // Functions that only floats have are computed in f64 for integers.
        let isFunction = instruction.op.rawValue >= DLC_OP_CEIL.rawValue && instruction.op.rawValue <= DLC_OP_IS_INF.rawValue
        if isFunction && (valueType == DLC_COMPUTE_I64 || valueType == DLC_COMPUTE_U64) { valueType = DLC_COMPUTE_F64 }
        let registers = given.map { converted($0.register, to: valueType) }
        instruction.type = valueType
        instruction.a = registers[0]
        if registers.count > 1 { instruction.b = registers[1] }
        if registers.count > 2 { instruction.c = registers[2] }
        let register = append(instruction)
        if result == .bool {
            let truth = converted(register, to: DLC_COMPUTE_I64)
            if Self.isComparison(instruction.op) { truths[truth] = register }
            return truth
        }
        return narrowed(converted(register, to: Self.compute(result)), to: result)
    }

    /// The instructions with virtual registers mapped to as few as their lifetimes allow.
    /// - Parameter kept: virtual registers whose places nobody gets after them, nor had before.
    /// - Throws: where that are too many.
    private func allocated(keeping kept: Set<Int>) throws -> [Instruction] {
        var instructions = instructions
        var lastUse = [Int](repeating: -1, count: registerTypes.count)
        for (index, instruction) in instructions.enumerated() {
            for source in Self.sources(instruction) { lastUse[source] = index }
        }
        var free = Array((0..<Int(DLC_PROGRAM_REGISTERS)).reversed())
        var place = [Int](repeating: 0, count: registerTypes.count)
        for instruction in instructions where !instruction.writesResult && kept.contains(instruction.dst) {
            guard let register = free.popLast() else { throw DLCError("an elementwise region needs too many registers") }
            place[instruction.dst] = register
        }
        for index in instructions.indices {
            var instruction = instructions[index]
            let sources = Self.sources(instruction)
            let virtual = instruction.dst
            instruction.a = place.indices.contains(instruction.a) ? place[instruction.a] : 0
            instruction.b = place.indices.contains(instruction.b) ? place[instruction.b] : 0
            instruction.c = place.indices.contains(instruction.c) ? place[instruction.c] : 0
            for source in Set(sources) where lastUse[source] == index && !kept.contains(source) { free.append(place[source]) }
            if !instruction.writesResult, !kept.contains(virtual) {
                guard let register = free.popLast() else { throw DLCError("an elementwise region needs too many registers") }
                place[virtual] = register
                if lastUse[virtual] < 0 { free.append(register) }
            }
            if !instruction.writesResult { instruction.dst = place[virtual] }
            instructions[index] = instruction
        }
        return instructions
    }

    private static func sources(_ instruction: Instruction) -> [Int] {
        switch instruction.op {
        case DLC_OP_LOAD, DLC_OP_CONST: []
        case DLC_OP_WHERE: [instruction.a, instruction.b, instruction.c]
        case DLC_OP_ADD, DLC_OP_SUB, DLC_OP_MUL, DLC_OP_DIV, DLC_OP_MOD, DLC_OP_POW, DLC_OP_MIN, DLC_OP_MAX, DLC_OP_EQ, DLC_OP_NE,
            DLC_OP_LT, DLC_OP_LE, DLC_OP_GT, DLC_OP_GE, DLC_OP_AND, DLC_OP_OR, DLC_OP_XOR, DLC_OP_BIT_AND, DLC_OP_BIT_OR,
            DLC_OP_BIT_XOR, DLC_OP_SHL, DLC_OP_SHR, DLC_OP_GATE, DLC_OP_SUM_PRODUCT:
            [instruction.a, instruction.b]
        default: [instruction.a]
        }
    }
}
