import DLCGraph

/// Runs a graph again and again (ONNX Loop): at most `count` times, and as long as a condition holds.
///
/// Operands: count?, i64; condition?, bool; the initial values; what the graph reads from outside. The graph's inputs are the round,
/// `i64[]`; the condition, `bool[]`; the values that it carries; what it reads. Its outputs are the condition, the next values, and
/// rows. Results are the last values and the rows of all rounds, stacked. An extent of a carried value that changes from round to
/// round is a symbol in the type of the graph's input that the initial value has not there. A sequence that is carried has in each
/// round the type of the graph's input, which holds the initial one and the next.
public struct Loop: HasBodies {
    public var body: Graph
    /// How many values are carried.
    public var carried: Int

    public init(body: Graph = GraphBuilder(name: "body").graph, carried: Int = 0) { (self.body, self.carried) = (body, carried) }

    public var bodies: [Graph] {
        get { [body] }
        set { body = newValue[0] }
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Loop(), name: "loop", operands: ["count?", "condition?", "values...?"], results: ["y..."], traits: .impure,
        examples: {
            // Doubles a vector until the round that the condition ends, and stacks what it was.
            var builder = GraphBuilder(name: "body")
            let round = try builder.input("round", TensorType(.int64, []))
            _ = try builder.input("condition", TensorType(.bool, []))
            let x = try builder.input("x", TensorType(.float32, [2]))
            let last = try builder.input("last", TensorType(.int64, []))
            try builder.output("goes_on", builder.add1(Binary(.less), [round, last]))
            try builder.output("next", builder.add1(Binary(.add), [x, x]))
            try builder.output("row", x)
            let loop = Loop(body: builder.graph, carried: 1)
            let (start, last3) = (try Tensor([1, -3] as [Float], shape: [2]), try Tensor([3 as Int64], shape: []))
            func count(_ value: Int64) throws -> Tensor { try Tensor([value], shape: []) }
            return [
                Example("counted", loop, [try count(2), nil, start, last3], isDifferentiable: false),
                Example("until", loop, [nil, try Tensor([true], shape: []), start, last3], isDifferentiable: false),
                Example("never", loop, [try count(5), try Tensor([false], shape: []), start, last3], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("body", \.body)
        Attribute("carried", \.carried)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        if context.optional(0) != nil {
            try context.expect(0, "count", [.int64])
            try context.requireOne(0, "count")
        }
        if context.optional(1) != nil {
            try context.expect(1, "condition", [.bool])
            try context.requireOne(1, "condition")
        }
        guard carried >= 0, body.inputs.count >= 2 + carried, body.outputs.count >= 1 + carried else {
            throw DLCError("a body with \(body.inputs.count) inputs and \(body.outputs.count) outputs cannot carry \(carried) values")
        }
        try context.check(body.inputs[2...].map { body.type($0.value) }, from: 2, entering: carried)
        let outer = locals(of: body).union(varying(try (0..<carried).map { try context.operand(2 + $0).type }))
        var facts: [Fact] = []
        for index in 0..<carried {
            let (entry, next) = (body.type(body.inputs[2 + index].value), body.type(body.outputs[1 + index].value))
            let initial = try context.operand(2 + index).type
            if entry.container != nil || next.container != nil {
                guard entry.holds(next) else { throw DLCError("a value that is carried is \(entry) in one round and \(next) in the next") }
                facts.append(Fact(entry))
                continue
            }
            guard next.element == entry.element, next.rank == entry.rank else {
                throw DLCError("a value that is carried is \(entry) in one round and \(next) in the next")
            }
            facts.append(
                Fact(
                    entry.element,
                    zip(zip(entry.shape, next.shape), initial.shape).map { pair, first in
                        let isSettled = pair.0 == first || pair.0.constant != nil
                        return pair.0 == pair.1 && isSettled && outer.isDisjoint(with: pair.0.symbols) ? pair.0 : context.unknown("loop")
                    }))
        }
        let rounds = try context.optional(1) == nil && isEndless ? context.optional(0)?.content?.first.map { try Dim.max(0, $0) } : nil
        let count = body.outputs.count > 1 + carried ? rounds ?? context.unknown("rounds") : 0
        for port in body.outputs[(1 + carried)...] {
            let row = body.type(port.value)
            guard row.container == nil else { throw DLCError("rows are \(row), which cannot be stacked") }
            facts.append(Fact(row.element, [count] + row.shape.map { outer.isDisjoint(with: $0.symbols) ? $0 : context.unknown("row") }))
        }
        return facts
    }

    /// Symbols of values that are carried whose extents change from round to round.
    /// - Parameter initial: the types of the values before the first round.
    package func varying(_ initial: [TensorType]) -> Set<String> {
        var symbols: Set<String> = []
        for (port, type) in zip(body.inputs.dropFirst(2), initial) {
            for (dim, first) in zip(body.shape(port.value), type.shape) where dim != first { symbols.formUnion(dim.symbol.map { [$0] } ?? []) }
        }
        return symbols
    }

    /// Whether the condition is true after every round, or what it was before the first.
    var isEndless: Bool {
        guard let result = body.outputs.first?.value else { return false }
        if body.inputs.count > 1, result == body.inputs[1].value { return true }
        return (try? body.constant(result)?.integers().first) == 1
    }

    public func evaluate(values operands: [Datum?], by compute: (Graph, [Datum?]) throws -> [Datum]) throws -> [Datum] {
        let operands = operands + [Datum?](repeating: nil, count: max(0, 2 - operands.count))
        let count = try operands[0]?.tensor.integers().first.map { Int($0) } ?? .max
        var goesOn = try operands[1]?.tensor.integers().first != 0
        var values = try (0..<carried).map { index in
            guard 2 + index < operands.count, let value = operands[2 + index] else { throw DLCError("operand \(2 + index) is missing") }
            return value
        }
        let captured = Array(operands[(2 + carried)...])
        var rows = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carried)
        var (round, elements) = (0, 0)
        while goesOn, round < count {
            guard round < 1 << 16, elements < 1 << 22 else {
                throw DLCError("the loop does not end within \(1 << 16) rounds and \(1 << 22) elements")
            }
            let inputs: [Datum?] = [.tensor(try Tensor([Int64(round)], shape: [])), .tensor(try Tensor([goesOn], shape: []))] + values + captured
            let results = try compute(body, inputs)
            goesOn = try results[0].tensor.integers().first == 1
            values = Array(results[1..<1 + carried])
            for index in rows.indices { rows[index].append(try results[1 + carried + index].tensor) }
            elements += results.reduce(0) { $0 + (((try? $1.tensor)?.count) ?? 0) }
            round += 1
        }
        return try values
            + rows.enumerated().map { index, rows in
                let type = body.type(body.outputs[1 + carried + index].value)
                let shape = rows.first?.shape ?? type.shape.map { $0.constant ?? 0 }
                return .tensor(try Tensor(type: type.element, shape: [rows.count] + shape) { target in
                    var place = target.baseAddress
                    for row in rows {
                        guard row.shape == shape else { throw DLCError("a stacked row is \(row.type)\(row.shape) after rows of \(shape)") }
                        row.withUnsafeBytes { bytes in
                            if let start = bytes.baseAddress, bytes.count > 0 { place?.copyMemory(from: start, byteCount: bytes.count) }
                            place = place.map { $0 + bytes.count }
                        }
                    }
                })
            }
    }
}
