import CKernels

/// Elementwise chains.
///
/// Integers: the number of instructions, then ten for each (`op type dst a b c tensor from narrow i0 i1` with `i0 i1`
/// last, eleven in all). Numbers: `f0 f1` for each instruction. Operands and results are views of one iteration space.
enum ProgramKernel {
    static let integersPerInstruction = 11

    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step.result(0)
        let count = try step.integer(0)
        guard count >= 0, count <= Int(DLC_PROGRAM_INSTRUCTIONS), step.integers.count == 1 + count * integersPerInstruction,
            step.numbers.count == 2 * count, step.operands.count <= Int(DLC_PROGRAM_OPERANDS),
            step.results.count <= Int(DLC_PROGRAM_RESULTS)
        else { throw DLCError("malformed elementwise program") }
        var instructions: [dlc_instruction] = []
        for index in 0..<count {
            let field = { (offset: Int) in step.integers[1 + index * integersPerInstruction + offset] }
            func byte(_ offset: Int) throws -> UInt8 {
                guard let value = UInt8(exactly: field(offset)) else { throw DLCError("malformed elementwise program") }
                return value
            }
            var instruction = dlc_instruction()
            instruction.op = dlc_op(rawValue: try byte(0))
            instruction.type = dlc_compute(rawValue: try byte(1))
            instruction.dst = try byte(2)
            instruction.a = try byte(3)
            instruction.b = try byte(4)
            instruction.c = try byte(5)
            instruction.tensor = try byte(6)
            instruction.from = dlc_compute(rawValue: try byte(7))
            instruction.narrow = dlc_type(rawValue: try byte(8))
            instruction.i0 = Int64(field(9))
            instruction.i1 = Int64(field(10))
            instruction.f0 = step.numbers[2 * index]
            instruction.f1 = step.numbers[2 * index + 1]
            instructions.append(instruction)
        }
        let axes = Self.mergedAxes(result.shape, try (step.operands + step.results).map { operand in
            guard let operand, operand.rank == result.rank else { throw DLCError("malformed elementwise program") }
            return operand.strides
        })
        var program = dlc_program()
        program.rank = Int32(axes.shape.count)
        program.operand_count = Int32(step.operands.count)
        program.result_count = Int32(step.results.count)
        program.instruction_count = Int32(count)
        try fill(&program.shape, axes.shape.map(Int64.init))
        try fill(&program.instructions, instructions)
        let tensors = try (step.operands + step.results).enumerated().map { index, operand in
            var tensor = dlc_program_tensor()
            tensor.type = (operand?.type ?? .float32).kernelType
            try fill(&tensor.strides, axes.strides[index].map(Int64.init))
            return tensor
        }
        try fill(&program.operands, Array(tensors.prefix(step.operands.count)))
        try fill(&program.results, Array(tensors.suffix(step.results.count)))
        return try PreparedKernel(program, slots: PreparedKernel.slots(step)) { dlc_program_prepare(step.isa, $0, $1) }
    }

    /// Dimensions without those of extent 1 and with those merged that are contiguous in every tensor.
    static func mergedAxes(_ shape: [Int], _ strides: [[Int]]) -> (shape: [Int], strides: [[Int]]) {
        var mergedShape: [Int] = []
        var merged = [[Int]](repeating: [], count: strides.count)
        for axis in shape.indices where shape[axis] != 1 {
            let joins = !mergedShape.isEmpty && strides.indices.allSatisfy { merged[$0][mergedShape.count - 1] == strides[$0][axis] * shape[axis] }
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
