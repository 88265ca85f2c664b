import CKernels

/// Elementwise chains: instructions over registers that hold one tile each. Operands and results are views of one
/// iteration space, but for results that are sums over all its dimensions except the last.
package struct ProgramKernel: Kernel {
    package static let name = "elementwise"
    package static let definition = KernelDefinition(
        operands: [OperandRule("operands...", .any, "*shape", .strided, replaceable: true)],
        results: [OperandRule("results...", .any, "*", .strided)])

    package var instructions: [ProgramInstruction] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("instructions", &instructions) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (operands, results) = (step.repeated("operands"), step.repeated("results"))
        let sums = Set(instructions.lazy.filter(\.op.sums).map(\.tensor))
        guard let shape = operands.first?.shape ?? results.indices.first(where: { !sums.contains($0) }).map({ results[$0].shape }) else {
            throw DLCError("an elementwise program over nothing")
        }
        var strides = operands.map(\.strides)
        for (index, result) in results.enumerated() {
            guard sums.contains(index) else {
                try result.expect(shape, "result \(index)")
                strides.append(result.strides)
                continue
            }
            guard let last = shape.last, result.count == last, result.isContiguous else {
                throw DLCError(
                    "result \(index) has extents \(result.shape); expected the \(shape.last ?? 1) elements of the last dimension of \(shape)"
                )
            }
            strides.append([Int](repeating: 0, count: shape.count - 1) + [1])
        }
        let axes = Self.mergedAxes(shape, strides, keepingLast: !sums.isEmpty)
        var program = dlc_program()
        program.rank = Int32(axes.shape.count)
        program.operand_count = Int32(operands.count)
        program.result_count = Int32(results.count)
        program.instruction_count = Int32(instructions.count)
        try fill(&program.shape, axes.shape.map(Int64.init))
        try fill(&program.instructions, instructions.map { try $0.instruction() })
        let tensors = try (operands + results).enumerated().map { index, operand in
            var tensor = dlc_program_tensor()
            tensor.type = operand.type.kernelType
            try fill(&tensor.strides, axes.strides[index].map(Int64.init))
            return tensor
        }
        try fill(&program.operands, Array(tensors.prefix(operands.count)))
        try fill(&program.results, Array(tensors.suffix(results.count)))
        func used(_ program: dlc_program) -> Int {
            let beforeInstructions = MemoryLayout<dlc_program>.offset(of: \.instructions) ?? MemoryLayout<dlc_program>.size
            return beforeInstructions + Int(program.instruction_count) * MemoryLayout<dlc_instruction>.stride
        }
        return try PreparedKernel(program, slots: step.slots, used: used) { dlc_program_prepare(step.isa, $0, $1) }
    }

    /// Dimensions without those of extent 1 and with those merged that are contiguous in every tensor.
    /// - Parameter keepingLast: the last dimension stays as it is.
    static func mergedAxes(_ shape: [Int], _ strides: [[Int]], keepingLast: Bool = false) -> (shape: [Int], strides: [[Int]]) {
        if keepingLast, let last = shape.last {
            let outer = mergedAxes(Array(shape.dropLast()), strides.map { Array($0.dropLast()) })
            return (outer.shape + [last], zip(outer.strides, strides).map { $0 + [$1.last ?? 0] })
        }
        var mergedShape: [Int] = []
        var merged = [[Int]](repeating: [], count: strides.count)
        for axis in shape.indices where shape[axis] != 1 {
            let joins =
                !mergedShape.isEmpty && strides.indices.allSatisfy { merged[$0][mergedShape.count - 1] == strides[$0][axis] * shape[axis] }
            if joins {
                mergedShape[mergedShape.count - 1] *= shape[axis]
                for index in strides.indices { merged[index][mergedShape.count - 1] = strides[index][axis] }
            } else {
                mergedShape.append(shape[axis])
                for index in strides.indices { merged[index].append(strides[index][axis]) }
            }
        }
        return (mergedShape, merged)
    }
}

/// One instruction of an elementwise program; `dlc_instruction` says what the parts mean.
package struct ProgramInstruction: FieldGroup {
    package var op = DLC_OP_LOAD
    package var type = DLC_COMPUTE_F32
    package var dst = 0
    package var a = 0
    package var b = 0
    package var c = 0
    package var tensor = 0
    package var from = DLC_COMPUTE_F32
    package var narrow = DLC_F32
    package var f0 = 0.0
    package var f1 = 0.0
    package var i0 = 0
    package var i1 = 0

    package init() {}
    package init(_ op: dlc_op, _ type: dlc_compute, _ set: (inout ProgramInstruction) -> Void = { _ in }) {
        (self.op, self.type) = (op, type)
        set(&self)
    }

    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("op", &op)
        try fields("type", &type)
        try fields("dst", &dst)
        try fields("a", &a)
        try fields("b", &b)
        try fields("c", &c)
        try fields("tensor", &tensor)
        try fields("from", &from)
        try fields("narrow", &narrow)
        try fields("f0", &f0)
        try fields("f1", &f1)
        try fields("i0", &i0)
        try fields("i1", &i1)
    }

    fileprivate func instruction() throws -> dlc_instruction {
        func register(_ value: Int) throws -> UInt8 {
            guard let register = UInt8(exactly: value) else { throw DLCError("an elementwise program has no place \(value)") }
            return register
        }
        var instruction = dlc_instruction()
        (instruction.op, instruction.type, instruction.from, instruction.narrow) = (op, type, from, narrow)
        instruction.dst = try register(dst)
        instruction.a = try register(a)
        instruction.b = try register(b)
        instruction.c = try register(c)
        instruction.tensor = try register(tensor)
        (instruction.f0, instruction.f1) = (f0, f1)
        (instruction.i0, instruction.i1) = (Int64(i0), Int64(i1))
        return instruction
    }
}

extension dlc_compute: KernelChoice {
    package static let choices: ChoiceTable<dlc_compute> = [
        DLC_COMPUTE_F32: "f32", DLC_COMPUTE_F64: "f64", DLC_COMPUTE_I64: "i64", DLC_COMPUTE_U64: "u64",
    ]
}

extension dlc_type: KernelChoice {
    package static let choices: ChoiceTable<dlc_type> = [
        DLC_F32: "f32", DLC_F64: "f64", DLC_F16: "f16", DLC_BF16: "bf16", DLC_I8: "i8", DLC_I16: "i16", DLC_I32: "i32",
        DLC_I64: "i64", DLC_U8: "u8", DLC_U16: "u16", DLC_U32: "u32", DLC_U64: "u64", DLC_BOOL: "bool",
    ]
}
