import CKernels
import DLCRuntime

extension ElementwiseProgram {
    /// One instruction in place of several that gradients of activations and of normalisation are made of, so that a tile is walked
    /// over fewer times, and products in place of squares. Each computes what they did, and registers that nobody reads any more are
    /// left to be dropped.
    ///
    ///     where(less(y, 6), where(greater(y, 0), dy, 0), 0)  →  gate(y, dy), between 0 and 6
    ///     sum(mul(x, y))                                     →  sum_product(x, y)
    ///     pow(x, 2)                                          →  mul(x, x)
    ///
    /// - Parameter instructions: every register is written once.
    static func joined(_ instructions: [Instruction]) -> [Instruction] {
        var result = instructions
        var writers: [Int: Instruction] = [:]
        for index in result.indices {
            switch result[index].op {
            case DLC_OP_WHERE: result[index] = gate(result[index], writers) ?? result[index]
            case DLC_OP_POW: result[index] = square(result[index], writers) ?? result[index]
            case DLC_OP_SUM: result[index] = sumOfProduct(result[index], writers) ?? result[index]
            default: break
            }
            if !result[index].writesResult { writers[result[index].dst] = result[index] }
        }
        return result
    }

    private static func gate(_ choice: Instruction, _ writers: [Int: Instruction]) -> Instruction? {
        guard choice.type == DLC_COMPUTE_F32 || choice.type == DLC_COMPUTE_F64, let condition = writers[choice.a],
            condition.type == choice.type, condition.op == DLC_OP_GT || condition.op == DLC_OP_LT,
            let bound = writers[condition.b], bound.op == DLC_OP_CONST,
            // The zero of `gate` has no sign.
            let other = writers[choice.c], other.op == DLC_OP_CONST, other.f0 == 0, other.f0.sign == .plus
        else { return nil }
        let isLower = condition.op == DLC_OP_GT
        var gate = Instruction(DLC_OP_GATE, choice.type) {
            ($0.dst, $0.a, $0.b, $0.i0) = (choice.dst, condition.a, choice.b, isLower ? 1 : 2)
            if isLower { $0.f0 = bound.f0 } else { $0.f1 = bound.f0 }
        }
        // Both bounds at once, where the other has been joined already.
        if let inner = writers[choice.b], inner.op == DLC_OP_GATE, inner.type == gate.type, inner.a == gate.a, inner.i0 + gate.i0 == 3 {
            (gate.b, gate.i0) = (inner.b, 3)
            if isLower { gate.f1 = inner.f1 } else { gate.f0 = inner.f0 }
        }
        return gate
    }

    private static func square(_ power: Instruction, _ writers: [Int: Instruction]) -> Instruction? {
        let isFloat = power.type == DLC_COMPUTE_F32 || power.type == DLC_COMPUTE_F64
        guard let exponent = writers[power.b], exponent.op == DLC_OP_CONST, exponent.type == power.type,
            isFloat ? exponent.f0 == 2 : exponent.i0 == 2
        else { return nil }
        return Instruction(DLC_OP_MUL, power.type) { ($0.dst, $0.a, $0.b) = (power.dst, power.a, power.a) }
    }

    private static func sumOfProduct(_ sum: Instruction, _ writers: [Int: Instruction]) -> Instruction? {
        // Of a number for all elements there is no tile to walk over.
        guard let product = writers[sum.a], product.op == DLC_OP_MUL, product.type == sum.type,
            ![product.a, product.b].contains(where: { writers[$0]?.op == DLC_OP_CONST })
        else { return nil }
        return Instruction(DLC_OP_SUM_PRODUCT, sum.type) { ($0.a, $0.b, $0.tensor) = (product.a, product.b, sum.tensor) }
    }
}

extension ProgramInstruction {
    /// Whether it writes a result and no register.
    var writesResult: Bool { op == DLC_OP_STORE || op.sums }
}
