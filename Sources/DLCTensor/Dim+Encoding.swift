/// Expressions as they are kept, term by term: what was simplified when they were made is not simplified again.
extension Dim {
    /// Writes an expression that is no number.
    func encode(to encoder: inout ByteWriter) {
        encoder.count(symbolicTerms.count)
        for term in symbolicTerms {
            encoder.signed(term.coefficient)
            encoder.count(term.atoms.count)
            for atom in term.atoms { atom.encode(to: &encoder) }
        }
    }

    /// Reads what `encode` wrote.
    /// - Throws: where it is malformed, not in canonical order, or more than an expression may be.
    init(from decoder: inout ByteReader) throws {
        let terms = try decoder.list { decoder in
            Term(coefficient: try decoder.signed(), atoms: try decoder.list { try Atom(from: &$0) })
        }
        guard terms.allSatisfy(\.isCanonical), zip(terms, terms.dropFirst()).allSatisfy({ Self.precedes($0, $1) }),
            terms.contains(where: { !$0.atoms.isEmpty })
        else { throw DLCError("the terms of a dimension are not in canonical order") }
        try self.init(terms: terms)
    }
}

extension Dim.Term {
    fileprivate var isCanonical: Bool {
        coefficient != 0 && atoms.count <= Dim.Limit.factors
            && zip(atoms, atoms.dropFirst()).allSatisfy { Dim.compare($0, $1) < ($0.isTruth ? 0 : 1) }
    }
}

extension Dim.Atom {
    private enum Code: UInt8 {
        case symbol, quotient, remainder, maximum, broadcast, isZero, isNegative, truncated
    }

    fileprivate func encode(to encoder: inout ByteWriter) {
        func put(_ code: Code) { encoder.byte(code.rawValue) }
        switch self {
        case .symbol(let name):
            put(.symbol)
            encoder.string(name)
        case .quotient: put(.quotient)
        case .remainder: put(.remainder)
        case .maximum(let parts):
            put(.maximum)
            encoder.count(parts.count)
        case .broadcast(let parts):
            put(.broadcast)
            encoder.count(parts.count)
        case .isZero: put(.isZero)
        case .isNegative: put(.isNegative)
        case .truncated(let real):
            put(.truncated)
            real.encode(to: &encoder)
        }
        for part in parts { encoder.dim(part) }
    }

    fileprivate init(from decoder: inout ByteReader) throws {
        switch Code(rawValue: try decoder.byte()) {
        case .symbol: self = .symbol(try decoder.string())
        case .quotient: self = .quotient(try decoder.dim(), try decoder.dim())
        case .remainder: self = .remainder(try decoder.dim(), try decoder.dim())
        case .maximum: self = .maximum(try decoder.list { try $0.dim() })
        case .broadcast: self = .broadcast(try decoder.list { try $0.dim() })
        case .isZero: self = .isZero(try decoder.dim())
        case .isNegative: self = .isNegative(try decoder.dim())
        case .truncated: self = .truncated(try Real(from: &decoder))
        case nil: throw DLCError("unknown part of a dimension")
        }
        guard isWhole else { throw DLCError("a part of a dimension has operands that it cannot have") }
    }

    /// Whether the operands are such as simplification leaves.
    private var isWhole: Bool {
        switch self {
        case .symbol, .truncated: true
        case .quotient(_, let divisor): divisor.constant != 0
        case .remainder(_, let divisor): divisor.constant == nil
        case .maximum(let parts): parts.count >= 2 && parts.count <= Dim.Limit.extrema && parts[0] == 0
        case .broadcast(let parts): parts.count >= 2 && parts.count <= Dim.Limit.broadcast
        case .isZero(let a), .isNegative(let a): a.constant == nil
        }
    }
}

extension Real {
    private enum Code: UInt8 {
        case number, exact, apply
    }

    fileprivate func encode(to encoder: inout ByteWriter) {
        switch form {
        case .number(let bits):
            encoder.byte(Code.number.rawValue)
            encoder.number(Double(bitPattern: bits))
        case .exact(let dim, let shift):
            encoder.byte(Code.exact.rawValue)
            encoder.byte(UInt8(clamping: shift))
            encoder.dim(dim)
        case .apply(let function, let type, let operands):
            encoder.byte(Code.apply.rawValue)
            encoder.byte(function.rawValue)
            encoder.byte(type.rawValue)
            for operand in operands { operand.encode(to: &encoder) }
        }
    }

    fileprivate init(from decoder: inout ByteReader) throws {
        switch Code(rawValue: try decoder.byte()) {
        case .number: self.init(try decoder.number())
        case .exact:
            let shift = Int(try decoder.byte())
            self = try .scaled(decoder.dim(), shift: shift)
        case .apply:
            guard let function = RealFunction(rawValue: try decoder.byte()) else { throw DLCError("a dimension names an unknown function") }
            guard let type = ElementType(rawValue: try decoder.byte()), type == .float32 || type == .float64 else {
                throw DLCError("a dimension is computed in an unknown type")
            }
            let operands = try decoder.nested { decoder in try (0..<function.arity).map { _ in try Real(from: &decoder) } }
            self = try .unsimplified(function, type, operands)
        case nil: throw DLCError("unknown part of a dimension")
        }
    }
}
