import DLC

/// Goes on with sequences of symbols by a model that gives the logits of the next one: one that keeps state reads each symbol
/// once, one without reads as much of what came before as it can.
public struct SequenceGenerator {
    private let model: CompiledModel
    private let input: Plan.Port
    private let output: Plan.Port
    private let session: Session
    /// The number of symbols that the model reads at once; nil where it is open.
    private let length: Int?
    /// The most symbols that a model without state reads.
    private let context: Int
    /// The number of symbols that there are.
    public let symbols: Int

    /// - Parameter context: of a model without state; where left out, what its shapes allow.
    /// - Throws: where the model is no sequence model, with what it has and what one would have.
    public init(_ model: CompiledModel, context: Int? = nil, threads: Int? = nil) throws {
        self.model = model
        func list(_ ports: [Plan.Port]) -> String { ports.map { "\($0.name): \($0.type)\($0.shape)" }.joined(separator: ", ") }
        let logits = model.outputs.filter { $0.type.isFloat && $0.shape.last?.constant ?? 0 > 1 }
        guard model.inputs.count == 1, let input = model.inputs.first, [.int32, .int64].contains(input.type),
            (1...2).contains(input.shape.count), logits.count == 1, let output = logits.first, (1...3).contains(output.shape.count),
            let symbols = output.shape.last?.constant
        else {
            throw DLCError(
                "is no generator of sequences: it makes \(list(model.outputs)) of \(list(model.inputs)); "
                    + "expected logits [1, T, symbols] of the symbols i64[1, T] before")
        }
        (self.input, self.output, self.symbols) = (input, output, symbols)
        if input.shape.count == 2, let batch = input.shape[0].constant, batch != 1 {
            throw DLCError("reads \(batch) sequences at once, \(input.name): \(input.type)\(input.shape); build it for one")
        }
        length = input.shape.last?.constant
        if let length, length < 1 { throw DLCError("reads no symbols: \(input.name) is \(input.type)\(input.shape)") }
        let bound = length ?? Self.greatestLength(model.plan, input)
        self.context = max(1, min(context ?? bound, bound))
        session = try Session(model, threads: threads)
    }

    /// Symbols that follow a prompt.
    /// - Parameter prompt: at least one symbol.
    /// - Parameter body: called with each symbol; false ends.
    /// - Throws: where a symbol of the prompt is none of the model's, or a run fails.
    public func generate(
        _ prompt: [Int], length count: Int, _ sampler: SymbolSampler, seed: UInt64, _ body: (Int) throws -> Bool
    ) throws {
        guard !prompt.isEmpty else { throw DLCError("a sequence begins with a symbol; expected a prompt") }
        if let odd = prompt.first(where: { !(0..<symbols).contains($0) }) {
            throw DLCError("symbol \(odd) of the prompt is none of the model's, which are 0 to \(symbols - 1)")
        }
        var generator = SplitMix64(seed: seed)
        var all = prompt
        session.resetState()
        var logits = try model.states.isEmpty ? read(all) : readOn(prompt)
        for number in 0..<max(0, count) {
            let symbol = try sampler.draw(logits, generator.uniform())
            guard try body(symbol), number + 1 < count else { return }
            all.append(symbol)
            logits = try model.states.isEmpty ? read(all) : readOn([symbol])
        }
    }

    /// The most symbols that the shapes of a model allow, such as by a table of as many places.
    private static func greatestLength(_ plan: Plan, _ input: Plan.Port) -> Int {
        let binding = plan.binding
        func fits(_ length: Int) -> Bool { (try? binding.values([input.shape.count == 2 ? [1, length] : [length]])) != nil }
        var (low, high) = (1, 1 << 20)
        if fits(high) { return .max }
        while high - low > 1 {
            let middle = (low + high) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// The logits behind the last of the symbols that fit. A model that reads a fixed number of them has what fills up behind
    /// them, which it does not look at if it is one that can generate.
    private func read(_ symbols: [Int]) throws -> [Double] {
        let seen = Array(symbols.suffix(context))
        let filled = seen + [Int](repeating: 0, count: max(0, (length ?? seen.count) - seen.count))
        return try run(filled, at: seen.count - 1)
    }

    /// The logits after symbols that a model with state reads on.
    private func readOn(_ symbols: [Int]) throws -> [Double] {
        if length == nil { return try run(symbols, at: symbols.count - 1) }
        guard length == 1 else {
            let type = "\(input.name): \(input.type)\(input.shape)"
            throw DLCError("keeps state and reads \(length ?? 0) symbols at once, \(type); build it for 1 or any number")
        }
        var logits: [Double] = []
        for symbol in symbols { logits = try run([symbol], at: 0) }
        return logits
    }

    private func run(_ symbols: [Int], at place: Int) throws -> [Double] {
        let shape = input.shape.count == 2 ? [1, symbols.count] : [symbols.count]
        let tensor = try Tensor(integers: symbols.map(Int64.init), type: input.type, shape: shape)
        guard let result = try session.run([input.name: tensor])[output.name] else {
            throw DLCError("output \(output.name) was not computed")
        }
        let values = try result.doubles()
        // Logits of all places, or of the last one alone.
        let start = values.count == self.symbols ? 0 : place * self.symbols
        guard values.count >= start + self.symbols else {
            throw DLCError("gives \(result.type)\(result.shape) for \(symbols.count) symbols")
        }
        return Array(values[start..<start + self.symbols])
    }
}
