extension Real: CustomStringConvertible {
    /// As in the text form: `f32.mul((H), 0.7)`; `scaled(H, 1)` is half of H.
    public var description: String {
        switch form {
        case .number(let bits): "\(Double(bitPattern: bits))"
        case .exact(let dim, 0): "(\(dim))"
        case .exact(let dim, let shift): "scaled(\(dim), \(shift))"
        case .apply(let function, let type, let operands):
            "\(type).\(function.name)(\(operands.map(\.description).joined(separator: ", ")))"
        }
    }
}

/// A step of a real expression's evaluation, in the forms that tables and ONNX write.
public enum RealStep: Sendable {
    case number(Double, ElementType)
    /// An integer as an element of the type, over a power of two.
    case scaled(shift: Int, ElementType)
    case apply(RealFunction, ElementType)
    /// The element as an integer, truncated toward zero.
    case truncated
}

extension Real {
    /// Folds the expression bottom-up; dimensions in it are folded by `dim`.
    func folded<Context, Result>(
        as type: ElementType, dim: (inout Context, Dim) throws -> Result,
        step: (inout Context, RealStep, [Result]) throws -> Result, _ context: inout Context
    ) throws -> Result {
        switch form {
        case .number(let bits): return try step(&context, .number(Double(bitPattern: bits), type), [])
        case .exact(let inner, let shift):
            let value = try dim(&context, inner)
            return try step(&context, .scaled(shift: shift, type), [value])
        case .apply(let function, let own, let operands):
            // What is converted is an element of the other type.
            let inner: ElementType = function == .convert ? (own == .float32 ? .float64 : .float32) : own
            let values = try operands.map { try $0.folded(as: inner, dim: dim, step: step, &context) }
            return try step(&context, .apply(function, own), values)
        }
    }
}
