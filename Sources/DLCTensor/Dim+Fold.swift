/// The operations of a dimension's expression, in the forms that text, tables and ONNX write.
public enum DimOperation: UInt8, Sendable, CaseIterable {
    case add, multiply
    /// Rounded toward negative infinity.
    case divide
    /// With the sign of the divisor.
    case modulo
    case maximum, minimum, broadcast
    /// 1 where the operand is 0, else 0.
    case isZero
    /// 1 where the operand is below 0, else 0.
    case isNegative

    /// The name of the operation in the text form; nil for sums and products.
    public init?(name: String) {
        switch name {
        case "floor": self = .divide
        case "mod": self = .modulo
        case "max": self = .maximum
        case "min": self = .minimum
        case "broadcast": self = .broadcast
        case "zero": self = .isZero
        case "negative": self = .isNegative
        default: return nil
        }
    }

    init?(_ atom: Dim.Atom) {
        switch atom {
        case .symbol, .truncated: return nil
        case .quotient: self = .divide
        case .remainder: self = .modulo
        case .maximum: self = .maximum
        case .broadcast: self = .broadcast
        case .isZero: self = .isZero
        case .isNegative: self = .isNegative
        }
    }

    /// How many operands it takes where they are folded one by one.
    public var arity: Int { self == .isZero || self == .isNegative ? 1 : 2 }

    /// The operation on expressions, simplified.
    /// - Throws: where the number of operands is wrong, or the result exceeds what an expression may be.
    public func apply(_ operands: [Dim]) throws -> Dim {
        let isVariadic = self == .maximum || self == .minimum || self == .broadcast
        guard operands.count == arity || (isVariadic && operands.count > 2) else {
            throw DLCError("an operation of dimensions expects \(arity) operands, found \(operands.count)")
        }
        switch self {
        case .add: return try operands[0].plus(operands[1])
        case .multiply: return try operands[0].times(operands[1])
        case .divide: return try operands[0].quotient(operands[1])
        case .modulo: return try operands[0].remainder(operands[1])
        case .maximum: return try operands.dropFirst().reduce(operands[0]) { try Dim.max($0, $1) }
        case .minimum: return try operands.dropFirst().reduce(operands[0]) { try Dim.min($0, $1) }
        case .broadcast: return try Dim.broadcast(operands)
        case .isZero: return try operands[0].isZero()
        case .isNegative: return try operands[0].isNegative()
        }
    }
}

extension Dim {
    /// Folds the expression's sums and products, so that other forms of it can be written without knowing its insides.
    /// - Parameters:
    ///   - part: gets the expressions inside, which stand in others too: fold each once and remember it.
    ///   - operation: gets as many operands as the operation's arity; maxima of more are folded two by two.
    ///   - real: gets the steps of floats in the expression.
    public func folded<Context, Result>(
        number: (inout Context, Int) throws -> Result,
        symbol: (inout Context, String) throws -> Result,
        part: (inout Context, Dim) throws -> Result,
        operation: (inout Context, DimOperation, [Result]) throws -> Result,
        real: (inout Context, RealStep, [Result]) throws -> Result,
        _ context: inout Context
    ) throws -> Result {
        if let constant { return try number(&context, constant) }
        var sum: Result?
        for term in symbolicTerms {
            var product: Result? = term.coefficient == 1 && !term.atoms.isEmpty ? nil : try number(&context, term.coefficient)
            for atom in term.atoms {
                let factor: Result
                if case .symbol(let name) = atom {
                    factor = try symbol(&context, name)
                } else if case .truncated(let inner) = atom {
                    factor = try real(&context, .truncated, [inner.folded(as: .float32, dim: part, step: real, &context)])
                } else {
                    let kind = DimOperation(atom) ?? .add
                    let operands = try atom.parts.map { try part(&context, $0) }
                    factor =
                        kind.arity == 1
                        ? try operation(&context, kind, operands)
                        : try operands.dropFirst().reduce(operands[0]) { try operation(&context, kind, [$0, $1]) }
                }
                product = try product.map { try operation(&context, .multiply, [$0, factor]) } ?? factor
            }
            guard let product else { continue }
            sum = try sum.map { try operation(&context, .add, [$0, product]) } ?? product
        }
        return try sum ?? number(&context, 0)
    }
}
