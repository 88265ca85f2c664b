/// The only way to make nodes. Runs each operator's `infer`, so no type comes from a caller, and merges equal pure
/// nodes, so common subexpressions never arise.
public struct GraphBuilder: Sendable {
    public private(set) var graph: Graph
    private var known: [String: Int] = [:]
    private var symbolCounts: [String: Int] = [:]
    private(set) var claims: Set<Constraint.Claim> = []
    /// Symbols of graphs around or inside this one, which mean something else here.
    private var reserved: Set<String> = []
    /// What random numbers in the graph are drawn with, where a graph around it gives that.
    public var randomKey: Value?
    /// Nodes whose operands are all constants and whose operands and results have at most this many elements are
    /// computed at once, unless the results are much larger. Values whose content is known are always replaced by constants.
    public var foldLimit: Int

    public init(name: String = "", stage: Stage = .imported, foldLimit: Int = 0) {
        graph = Graph(name: name, stage: stage)
        self.foldLimit = foldLimit
    }

    /// A builder for a new graph with the name, stage, symbols, constraints and metadata of another.
    public init(like other: Graph, foldLimit: Int = 0) {
        graph = Graph(like: other)
        claims = Set(other.constraints.map(\.claim))
        self.foldLimit = foldLimit
    }

    /// Up to how many elements nodes over constants are computed at once where files are read and extents settled.
    public static let usualFoldLimit = 1024

    public func fact(_ value: Value) -> Fact { graph.fact(value) }
    public func shape(_ value: Value) -> Shape { graph.shape(value) }
    public func constant(_ value: Value) -> Tensor? { graph.constant(value) }
    public func producer(of value: Value) -> Node? { graph.producer(of: value) }

    /// Adds an input. Its symbols are noted with their origin.
    /// - Throws: where an input of that name exists.
    public mutating func input(_ name: String, _ type: TensorType) throws -> Value {
        try checkEntryName(name)
        for (axis, dim) in type.shape.enumerated() {
            for symbol in dim.symbols where graph.symbolOrigins[symbol] == nil {
                graph.symbolOrigins[symbol] = "dimension \(axis) of input \(name)"
            }
        }
        let value = append(Fact(type), name: name, producer: nil)
        graph.inputs.append(Graph.Port(name: name, value: value))
        return value
    }

    /// Adds an output under a name.
    /// - Throws: where an output of that name exists.
    public mutating func output(_ name: String, _ value: Value) throws {
        if graph.outputs.contains(where: { $0.name == name }) { throw DLCError("two outputs are named \(name)") }
        graph.outputs.append(Graph.Port(name: name, value: value))
    }

    /// Adds a state; it stays what it is until `next` says otherwise.
    /// - Parameter initial: what it is before the first run: a tensor of its type, or a scalar that every element is; nil
    ///   for zeros.
    /// - Throws: where an input or state of that name exists, or an extent is not a number.
    public mutating func state(_ name: String, _ type: TensorType, initial: Tensor? = nil) throws -> Value {
        try checkEntryName(name)
        let initial = try initial ?? Tensor(filling: 0, type: type.element, shape: [])
        try Graph.check(state: name, type, initial: initial)
        let value = append(Fact(type), name: name, producer: nil)
        graph.states.append(Graph.State(name: name, value: value, initial: initial, next: value))
        return value
    }

    /// Sets what a state is at the next run.
    /// - Throws: where there is no such state, or it has another type.
    public mutating func next(_ name: String, _ value: Value) throws {
        guard let index = graph.states.firstIndex(where: { $0.name == name }) else { throw DLCError("no state is named \(name)") }
        try Graph.check(state: name, graph.type(graph.states[index].value), next: graph.type(value))
        graph.states[index].next = value
    }

    private func checkEntryName(_ name: String) throws {
        if graph.inputs.contains(where: { $0.name == name }) { throw DLCError("two inputs are named \(name)") }
        if graph.states.contains(where: { $0.name == name }) { throw DLCError("two inputs or states are named \(name)") }
    }

    /// Leaves the symbols of another graph alone, one that lies around this one or inside.
    public mutating func reserveSymbols(of other: GraphBuilder) {
        reserved.formUnion(other.reserved)
        reserved.formUnion(other.graph.symbolOrigins.keys)
    }

    /// A symbol that no graph has.
    public mutating func newSymbol(_ hint: String) -> String {
        var name: String
        repeat {
            symbolCounts[hint, default: 0] += 1
            name = "\(hint).\(symbolCounts[hint, default: 0])"
        } while graph.symbolOrigins[name] != nil || reserved.contains(name)
        reserved.insert(name)
        return name
    }

    public mutating func setMetadata(_ key: String, _ value: String) { graph.metadata[key] = value }
    public mutating func removeMetadata(_ key: String) { graph.metadata[key] = nil }
    public mutating func setStage(_ stage: Stage) { graph.stage = stage }

    /// A constant of its own, whatever others hold, so that it keeps its name.
    public mutating func parameter(_ tensor: Tensor, name: String) -> Value {
        appendNode(Constant(tensor), operands: [], facts: [Fact(constant: tensor)], name: "", resultNames: [name])[0]
    }

    /// A constant. Constants over the same bytes are one value; small ones with equal elements too.
    public mutating func constant(_ tensor: Tensor, name: String? = nil) -> Value {
        let op = Constant(tensor)
        let key = Self.constantKey(tensor)
        if let index = known[key] {
            let value = graph.nodes[index].results[0]
            if graph.values[value.index].name == nil { graph.values[value.index].name = name }
            return value
        }
        known[key] = graph.nodes.count
        return appendNode(op, operands: [], facts: [Fact(constant: tensor)], name: "", resultNames: [name])[0]
    }

    /// Applies an operator.
    /// - Parameters:
    ///   - operands: nil where an optional one is absent; absent ones at the end may be left out.
    ///   - name: the layer's name, used in messages.
    ///   - resultNames: names of the results in the source.
    ///   - symbols: names for extents that only data determines, in the order in which inference asks for them; where
    ///     there are none left, new ones are made.
    /// - Returns: a value per result.
    /// - Throws: what the operator's `infer` reports, with the operator and the layer in front.
    public mutating func add(
        _ op: any Operator, _ operands: [Value?], name: String = "", resultNames: [String?] = [], symbols: [String] = []
    ) throws -> [Value] {
        var operands = operands
        while let last = operands.last, last == nil { operands.removeLast() }
        return try located(name.isEmpty ? op.name : "\(op.name) \(name)") {
            try checkArity(op, operands)
            let definition = op.definition
            let isPure = !definition.traits.contains(.impure)
            let key = isPure ? Self.key(op, operands) : ""
            if isPure, let index = known[key] {
                let results = graph.nodes[index].results
                for (result, name) in zip(results, resultNames) where graph.values[result.index].name == nil {
                    graph.values[result.index].name = name
                }
                return results
            }
            var counts = symbolCounts
            let origins = graph.symbolOrigins
            let operandFacts = operands.map { $0.map { graph.fact($0) } }
            let readsContainers = op is any ReadsContainers
            if !readsContainers, let index = operandFacts.firstIndex(where: { $0?.type.container != nil }) {
                let type = operandFacts[index]?.type.description ?? ""
                throw DLCError("operand \(index) is \(type); only operators of sequences and optionals read it")
            }
            var fresh: [String] = []
            var given = symbols[...]
            let (facts, constraints) = try withoutActuallyEscaping({ (hint: String) -> String in
                if let symbol = given.popFirst() {
                    // One that nobody knows yet, as in a text that is read, is of data as well.
                    if origins[symbol] == nil { fresh.append(symbol) }
                    return symbol
                }
                var name: String
                repeat {
                    counts[hint, default: 0] += 1
                    name = "\(hint).\(counts[hint, default: 0])"
                } while origins[name] != nil || reserved.contains(name)
                fresh.append(name)
                return name
            }) { freshSymbol in
                var context = InferContext(operands: operandFacts, origins: origins, recorded: claims, freshSymbol: freshSymbol)
                var facts = try op.infer(&context)
                if facts.count == 1 { facts[0] = facts[0].following(op, operandFacts) }
                return (facts, context.constraints)
            }
            let place = name.isEmpty ? op.name : "\(op.name) \(name)"
            for constraint in constraints { record(constraint.at(place)) }
            symbolCounts = counts
            for symbol in fresh {
                graph.symbolOrigins[symbol] = Self.dataOrigin + (name.isEmpty ? op.name : "\(op.name) \(name)")
            }
            if isPure, !readsContainers, let folded = try fold(op, operandFacts, facts, resultNames) { return folded }
            if isPure, let extents = extents(op, facts) {
                return [try add1(extents, [], name: name, resultName: resultNames.first ?? nil)]
            }
            if isPure { known[key] = graph.nodes.count }
            return appendNode(op, operands: operands, facts: facts, name: name, resultNames: resultNames)
        }
    }

    /// Records what must hold of extents, where it is not known to.
    /// - Throws: where it cannot hold.
    public mutating func require(_ constraint: Constraint) throws {
        var context = InferContext(operands: [], origins: graph.symbolOrigins, recorded: claims) { $0 }
        try context.require(constraint.at(""))
        for open in context.constraints { record(open.at(constraint.place)) }
    }

    /// Forgets the constraints that were recorded after the first `count`, because their operators are to be left out. Where others
    /// need the same, a sweep over the graph that remains finds it.
    public mutating func forgetConstraints(after count: Int) {
        for constraint in graph.constraints.dropFirst(count) { claims.remove(constraint.claim) }
        graph.constraints.removeSubrange(min(count, graph.constraints.count)...)
    }

    /// The results of an equal node, where there is one already.
    public func existing(_ op: any Operator, _ operands: [Value?]) -> [Value]? {
        known[Self.key(op, operands)].map { graph.nodes[$0].results }
    }

    /// Applies an operator with one result.
    public mutating func add1(
        _ op: any Operator, _ operands: [Value?], name: String = "", resultName: String? = nil
    ) throws -> Value {
        let results = try add(op, operands, name: name, resultNames: [resultName])
        guard let first = results.first else { throw DLCError("\(op.name) has no result") }
        return first
    }

    /// Gives a value a name where it has none.
    public mutating func suggestName(_ name: String?, for value: Value) {
        if graph.values[value.index].name == nil { graph.values[value.index].name = name }
    }

    /// Whether constants of `read` elements may be replaced by results of `written`: these must not be much larger.
    public static func mayFold(read: Int, written: Int, limit: Int) -> Bool { written <= min(limit, max(2 * read, 1 << 16)) }

    /// Computes the node now where its operands are small constants or its results' content is known.
    private mutating func fold(
        _ op: any Operator, _ operands: [Fact?], _ facts: [Fact], _ names: [String?]
    ) throws -> [Value]? {
        var tensors: [Tensor] = []
        for fact in facts {
            guard let content = fact.content?.constants, let shape = fact.shape.constants else { break }
            tensors.append(try Tensor(integers: content.map(Int64.init), type: fact.element, shape: shape))
        }
        if tensors.count != facts.count || facts.isEmpty {
            guard foldLimit > 0, !operands.isEmpty, !op.definition.traits.contains(.unpacks) else { return nil }
            let constants = operands.map { $0?.constant }
            var read = 0
            for (operand, constant) in zip(operands, constants) where operand != nil {
                guard let constant, constant.count <= foldLimit else { return nil }
                read += constant.count
            }
            var written = 0
            for fact in facts {
                guard let shape = fact.shape.constants else { return nil }
                written = try Checked.add(written, Checked.count(shape))
            }
            // What a slice begins at may be open where its size is not.
            guard Self.mayFold(read: read, written: written, limit: foldLimit), !op.hasOpenDimensions else { return nil }
            // An empty result needs no loops, which may be long around no element.
            tensors = written > 0 ? try op.evaluate(constants) : try facts.map { fact in
                try Tensor(type: fact.element, shape: fact.shape.constants ?? []) { _ in }
            }
        }
        return tensors.enumerated().map { index, tensor in
            constant(tensor, name: index < names.count ? names[index] : nil)
        }
    }

    /// The node that stands for one whose elements are expressions over the extents of inputs.
    private func extents(_ op: any Operator, _ facts: [Fact]) -> Extents? {
        guard facts.count == 1, !(op is Extents), let values = facts[0].content, let shape = facts[0].shape.constants else { return nil }
        let symbols = values.reduce(into: Set<String>()) { $0.formUnion($1.symbols) }
        // What only data determines is known to the node that computes it.
        if symbols.contains(where: { graph.symbolOrigins[$0]?.hasPrefix(Self.dataOrigin) ?? false }) { return nil }
        return Extents(values: values, shape: shape, type: facts[0].element)
    }

    static let dataOrigin = "the data seen by "

    private mutating func record(_ constraint: Constraint) {
        if claims.insert(constraint.claim).inserted { graph.constraints.append(constraint) }
    }

    /// Notes the shape that an input had before symbols in it were settled.
    public mutating func declare(_ input: String, _ shape: Shape) { graph.declaredShapes[input] = shape }

    /// Notes a symbol that the types of inputs no longer have.
    public mutating func settle(_ symbol: SettledSymbol) { graph.settled.append(symbol) }

    /// Replaces all notes of such symbols.
    mutating func settle(_ symbols: [SettledSymbol]) { graph.settled = symbols }

    /// Replaces the constraints of a graph whose dimensions change.
    /// - Throws: where one of them cannot hold any more.
    mutating func requireAgain(_ constraints: [Constraint], _ change: (Constraint) throws -> Constraint) throws {
        graph.constraints = []
        claims = []
        for constraint in constraints {
            let changed = try change(constraint)
            if constraint.place.isEmpty { try require(changed) } else { try located(constraint.place) { try require(changed) } }
        }
    }

    private func checkArity(_ op: any Operator, _ operands: [Value?]) throws {
        let definition = op.definition
        let (least, most) = definition.arity
        if operands.count < least || operands.count > (most ?? .max) {
            let expected = most == least ? "\(least)" : most.map { "\(least) to \($0)" } ?? "at least \(least)"
            throw DLCError("expects \(expected) operands, found \(operands.count)")
        }
        for (index, operand) in operands.enumerated() where operand == nil {
            let name = definition.operands[min(index, definition.operands.count - 1)]
            if !name.hasSuffix("?") && !name.hasSuffix("...") { throw DLCError("operand \(name) is missing") }
        }
    }

    private mutating func append(_ fact: Fact, name: String?, producer: Int?) -> Value {
        graph.values.append(Graph.ValueRecord(fact: fact, name: name, producer: producer))
        return Value(graph.values.count - 1)
    }

    private mutating func appendNode(
        _ op: any Operator, operands: [Value?], facts: [Fact], name: String, resultNames: [String?]
    ) -> [Value] {
        let index = graph.nodes.count
        let results = facts.enumerated().map { i, fact in
            append(fact, name: i < resultNames.count ? resultNames[i] : nil, producer: index)
        }
        graph.nodes.append(Node(op: op, operands: operands, results: results, name: name))
        return results
    }

    private static func constantKey(_ tensor: Tensor) -> String {
        if tensor.count <= 64 {
            let bytes = tensor.withUnsafeBytes { $0.map { String($0, radix: 16) }.joined(separator: ",") }
            return "constant \(tensor.type)\(tensor.shape) \(bytes)"
        }
        return "constant \(tensor.type)\(tensor.shape) @\(tensor.identity)"
    }

    private static func key(_ op: any Operator, _ operands: [Value?]) -> String {
        let attributes = op.changedAttributes.map { "\($0.name)=\(attributeKey($0.value))" }.joined(separator: ";")
        return "\(op.name)(\(operands.map { $0.map { String($0.index) } ?? "_" }.joined(separator: ",")))\(attributes)"
    }

    private static func attributeKey(_ value: AttributeValue) -> String {
        switch value {
        case .tensor(let tensor): constantKey(tensor)
        default: value.text()
        }
    }
}
