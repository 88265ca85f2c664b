extension Dim {
    /// The value under a binding of symbols; throws where a symbol is unbound or a size overflows.
    public func evaluate(_ bindings: [String: Int]) throws -> Int {
        if let constant { return constant }
        var sum = 0
        for term in symbolicTerms {
            var product = term.coefficient
            // Where a truth is 0, the rest of its product is of no account.
            if term.atoms.count > 1 {
                for atom in term.atoms where atom.isTruth && product != 0 { product *= try atom.evaluate(bindings, in: self) }
            }
            for atom in term.atoms where product != 0 && !(atom.isTruth && term.atoms.count > 1) {
                product = try Checked.multiply(product, atom.evaluate(bindings, in: self))
            }
            sum = try Checked.add(sum, product)
        }
        return sum
    }

    /// The expression with symbols replaced.
    public func substituting(_ values: [String: Dim]) throws -> Dim {
        guard let polynomial else { return self }
        var sum = Dim(0)
        for term in polynomial.terms {
            var product = Dim(term.coefficient)
            for atom in term.atoms where product.constant != 0 { product = try product.times(atom.substituting(values)) }
            sum = try sum.plus(product)
        }
        return sum
    }
}

extension Dim.Atom {
    fileprivate func evaluate(_ bindings: [String: Int], in dim: Dim) throws -> Int {
        switch self {
        case .symbol(let name):
            guard let value = bindings[name] else {
                let missing = dim.symbols.filter { bindings[$0] == nil }.sorted().joined(separator: ", ")
                throw DLCError("size \(dim) depends on \(missing), which no input determines")
            }
            return value
        case .quotient(let a, let b):
            let x = try a.evaluate(bindings)
            let y = try b.evaluate(bindings)
            if x == .min && y == -1 { throw DLCError("size overflows: \(x) / \(y)") }
            return Dim.floor(x, y)
        case .remainder(let a, let b):
            let divisor = Dim(try b.evaluate(bindings))
            return divisor == 0 ? 0 : try Dim(a.evaluate(bindings)).remainder(divisor).constant ?? 0
        case .maximum(let parts): return try parts.map { try $0.evaluate(bindings) }.max() ?? 0
        case .broadcast(let parts):
            return try Dim.broadcast(parts.map { Dim(try $0.evaluate(bindings)) }).constant ?? 0
        case .isZero(let a): return try a.evaluate(bindings) == 0 ? 1 : 0
        case .isNegative(let a): return try a.evaluate(bindings) < 0 ? 1 : 0
        case .truncated(let real): return try Real(real.evaluate(bindings)).truncated().constant ?? 0
        }
    }

    fileprivate func substituting(_ values: [String: Dim]) throws -> Dim {
        if case .symbol(let name) = self { return values[name] ?? Dim(symbol: name) }
        if case .truncated(let real) = self { return try real.substituting(values).truncated() }
        return try Self.combining(DimOperation(self) ?? .add, parts.map { try $0.substituting(values) })
    }

    /// The operation on other operands, simplified. A quotient by the number 0 is 0.
    private static func combining(_ operation: DimOperation, _ parts: [Dim]) throws -> Dim {
        switch operation {
        case .divide, .modulo: parts.count == 2 && parts[1].constant == 0 ? 0 : try operation.apply(parts)
        default: try operation.apply(parts)
        }
    }
}
