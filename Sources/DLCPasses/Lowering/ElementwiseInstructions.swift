import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// Which instruction computes which elementwise operator.
enum ElementwiseInstructions {
    /// The instruction with its immediates, or nil where there is none.
    static func instruction(for op: any Operator, operand: ElementType, result: ElementType) throws -> ElementwiseProgram.Instruction? {
        let type = ElementwiseProgram.compute(operand)
        func float(_ name: String, _ standard: Double) -> Double {
            op.attribute(name).flatMap(Double.init(attributeValue:)) ?? standard
        }
        func make(_ code: dlc_op, _ f0: Double = 0, _ f1: Double = 0, _ i0: Int = 0, _ i1: Int = 0) -> ElementwiseProgram.Instruction {
            ElementwiseProgram.Instruction(code, type) { ($0.f0, $0.f1, $0.i0, $0.i1) = (f0, f1, i0, i1) }
        }
        switch op.name {
        case "hard_sigmoid": return make(DLC_OP_HARD_SIGMOID, float("alpha", 0.2), float("beta", 0.5))
        case "leaky_relu": return make(DLC_OP_LEAKY_RELU, float("alpha", 0.01))
        case "elu": return make(DLC_OP_ELU, float("alpha", 1))
        case "selu": return make(DLC_OP_SELU, float("alpha", 1.6732632423543772), float("gamma", 1.0507009873554805))
        case "celu": return make(DLC_OP_CELU, float("alpha", 1))
        case "thresholded_relu": return make(DLC_OP_THRESHOLDED_RELU, float("alpha", 1))
        case "gelu":
            let isTanh = op.attribute("approximate").flatMap(String.init(attributeValue:)) == "tanh"
            return make(isTanh ? DLC_OP_GELU_TANH : DLC_OP_GELU)
        case "swish": return float("alpha", 1) == 1 ? make(DLC_OP_SILU) : nil
        case "is_inf":
            let positive = op.attribute("detect_positive").flatMap(Bool.init(attributeValue:)) ?? true
            let negative = op.attribute("detect_negative").flatMap(Bool.init(attributeValue:)) ?? true
            return make(DLC_OP_IS_INF, 0, 0, (positive ? 1 : 0) + (negative ? 2 : 0))
        case "mod":
            let isRemainder = op.attribute("fmod").flatMap(Bool.init(attributeValue:)) ?? false
            return make(DLC_OP_MOD, 0, 0, isRemainder ? 1 : 0)
        case "bit_shift":
            return make(op.attribute("direction").flatMap(String.init(attributeValue:)) == "RIGHT" ? DLC_OP_SHR : DLC_OP_SHL)
        case "clip":
            let low = op.attribute("min").flatMap(Double.init(attributeValue:)) ?? -.infinity
            let high = op.attribute("max").flatMap(Double.init(attributeValue:)) ?? .infinity
            if operand.isFloat { return make(DLC_OP_CLIP, low, high) }
            // As the definition: a limit beyond the type's range is its end, and not wrapped.
            func limit(_ value: Double) throws -> Int { try Tensor(nearest: value, type: operand).integers().first.map { Int($0) } ?? 0 }
            return make(DLC_OP_CLIP, 0, 0, try limit(low), try limit(high))
        default: return dlc_op(operator: op.name).map { ElementwiseProgram.Instruction($0, type) }
        }
    }
}
