extension Dim {
    /// Folds the expression bottom-up, so that other forms of it can be written without knowing its insides.
    /// - Parameters:
    ///   - operation: gets one of `Add`, `Mul`, `Div` (of non-negative numbers), `Mod`, `Max`, `Min`, `Broadcast`.
    public func folded<Context, Result>(
        number: (inout Context, Int) throws -> Result,
        symbol: (inout Context, String) throws -> Result,
        operation: (inout Context, String, Result, Result) throws -> Result,
        _ context: inout Context
    ) throws -> Result {
        if let constant { return try number(&context, constant) }
        var sum: Result?
        for term in symbolicTerms {
            var product: Result? = term.coefficient == 1 && !term.atoms.isEmpty ? nil : try number(&context, term.coefficient)
            for atom in term.atoms {
                func apply(_ name: String, _ a: Dim, _ b: Dim) throws -> Result {
                    let x = try a.folded(number: number, symbol: symbol, operation: operation, &context)
                    let y = try b.folded(number: number, symbol: symbol, operation: operation, &context)
                    return try operation(&context, name, x, y)
                }
                let factor: Result
                switch atom {
                case .symbol(let name): factor = try symbol(&context, name)
                case .quotient(let a, let b): factor = try apply("Div", a, b)
                case .remainder(let a, let b): factor = try apply("Mod", a, b)
                case .maximum(let a, let b): factor = try apply("Max", a, b)
                case .minimum(let a, let b): factor = try apply("Min", a, b)
                case .broadcast(let parts):
                    let results = try parts.map { try $0.folded(number: number, symbol: symbol, operation: operation, &context) }
                    factor = try results.dropFirst().reduce(results[0]) { try operation(&context, "Broadcast", $0, $1) }
                }
                product = try product.map { try operation(&context, "Mul", $0, factor) } ?? factor
            }
            guard let product else { continue }
            sum = try sum.map { try operation(&context, "Add", $0, product) } ?? product
        }
        return try sum ?? number(&context, 0)
    }
}
