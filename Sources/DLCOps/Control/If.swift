import DLCGraph

/// The results of one graph where a condition holds and of another where it does not (ONNX If). Only the one that is taken runs.
/// Operands: the condition, one bool; what the first graph reads; what the second reads. An extent that differs between the two
/// is known when one has run.
public struct If: HasBodies {
    public var then: Graph
    public var otherwise: Graph

    public init(then: Graph = GraphBuilder(name: "then").graph, otherwise: Graph = GraphBuilder(name: "else").graph) {
        (self.then, self.otherwise) = (then, otherwise)
    }

    public var bodies: [Graph] {
        get { [then, otherwise] }
        set { (then, otherwise) = (newValue[0], newValue[1]) }
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        If(), name: "if", operands: ["condition", "captured...?"], results: ["y..."], traits: .impure,
        examples: {
            func branch(_ kind: UnaryFunction) throws -> Graph {
                var builder = GraphBuilder(name: "branch")
                let x = try builder.input("x", TensorType(.float32, [2]))
                try builder.output("y", builder.add1(Unary(kind), [x]))
                return builder.graph
            }
            let x = try Tensor([1, -4] as [Float], shape: [2])
            return try [true, false].map {
                Example(
                    "\($0)", If(then: try branch(.neg), otherwise: try branch(.abs)), [try Tensor([$0], shape: []), x, x],
                    isDifferentiable: false)
            }
        }
    ) {
        Attribute("then", \.then)
        Attribute("else", \.otherwise)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "condition", [.bool])
        try context.requireOne(0, "condition")
        try context.check(then.inputs.map { then.type($0.value) } + otherwise.inputs.map { otherwise.type($0.value) }, from: 1)
        guard then.outputs.count == otherwise.outputs.count else {
            throw DLCError("the branches have \(then.outputs.count) and \(otherwise.outputs.count) results")
        }
        let (thenLocals, otherLocals) = (locals(of: then), locals(of: otherwise))
        return try zip(then.outputs, otherwise.outputs).map { a, b in
            let (a, b) = (then.type(a.value), otherwise.type(b.value))
            if a.container != nil || b.container != nil {
                guard let both = a.joined(with: b) else { throw DLCError("the branches give \(a) and \(b), which no type holds") }
                return Fact(both)
            }
            guard a.element == b.element, a.rank == b.rank else {
                throw DLCError("the branches give \(a) and \(b); expected one element type and rank")
            }
            return Fact(
                a.element,
                zip(a.shape, b.shape).map { x, y in
                    x == y && thenLocals.isDisjoint(with: x.symbols) && otherLocals.isDisjoint(with: y.symbols) ? x : context.unknown("if")
                })
        }
    }

    public func evaluate(values operands: [Datum?], by compute: (Graph, [Datum?]) throws -> [Datum]) throws -> [Datum] {
        let isTrue = try operands.first??.tensor.integers().first == 1
        let rest = isTrue ? operands[1..<1 + then.inputs.count] : operands[(1 + then.inputs.count)...]
        return try compute(isTrue ? then : otherwise, Array(rest))
    }
}

extension Graph {
    /// The outputs in order for inputs in order.
    package func evaluate(_ operands: [Datum?]) throws -> [Datum] {
        var named: [String: Datum] = [:]
        for (port, value) in zip(inputs, operands) { named[port.name] = value }
        let results = try Interpreter.run(self, values: named)
        return try outputs.map { port in
            guard let result = results[port.name] else { throw DLCError("output \(port.name) is missing") }
            return result
        }
    }
}

extension InferContext {
    /// Throws where operands have not the element types and ranks of a graph's inputs, have other extents, or may be values that these
    /// do not hold.
    /// - Parameter entering: how many of the first the graph is sure to read; extents of these must be the numbers that it reads.
    mutating func check(_ types: [TensorType], from first: Int, entering: Int = 0) throws {
        guard types.isEmpty || count == first + types.count else {
            throw DLCError("\(count - first) values are given to graphs that read \(types.count)")
        }
        for (index, type) in types.enumerated() {
            let given = try operand(first + index).type
            if type.container != nil, type.holds(given) { continue }
            let isOther = zip(given.shape, type.shape).contains { $0.constant != nil && $1.constant != nil && $0 != $1 }
            let reason = "a graph reads \(type), given is \(given)"
            guard given.container == nil, type.container == nil, given.element == type.element, given.rank == type.rank, !isOther else {
                throw DLCError(reason)
            }
            guard index < entering else { continue }
            for (extent, read) in zip(given.shape, type.shape) where read.constant != nil { try require(extent, equals: read, reason) }
        }
    }

    /// Throws where an operand has not one element.
    func requireOne(_ index: Int, _ what: String) throws {
        let type = try operand(index).type
        guard try type.shape.product() == 1 else { throw DLCError("\(what) is \(type); expected one element") }
    }
}
