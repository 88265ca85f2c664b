/// How an operator is read from and written to ONNX.
public struct ONNXMapping: Sendable {
    public let domain: String
    public let opType: String
    /// Makes the canonical form of one ONNX node, of whatever opset, and returns its results.
    public let read: @Sendable (inout ONNXReader) throws -> [Value]
    /// Writes one node in the writer's opset, or throws where that opset cannot say it.
    public let write: @Sendable (inout ONNXWriter) throws -> Void

    public init(
        _ opType: String, domain: String = "",
        read: @escaping @Sendable (inout ONNXReader) throws -> [Value],
        write: @escaping @Sendable (inout ONNXWriter) throws -> Void
    ) {
        self.opType = opType
        self.domain = domain
        self.read = read
        self.write = write
    }

    /// Reads attributes by their names into `prototype` and takes the operands as they are; writes them likewise.
    /// - Parameters:
    ///   - ignoring: attributes of old opsets without a meaning for inference, such as `consumed_inputs`.
    ///   - since: the first opset that knows the operator in this form, for writing.
    public init(
        _ opType: String, domain: String = "", _ prototype: any Operator, ignoring: [String] = [], since: Int = 1
    ) {
        self.init(
            opType, domain: domain,
            read: { reader in try reader.add(reader.configured(prototype, ignoring: ignoring), reader.operands) },
            write: { writer in
                try writer.require(since, opType)
                writer.node(opType, domain: domain, attributes: writer.op.changedAttributes)
            })
    }
}

/// One ONNX node being read.
public struct ONNXReader {
    public var builder: GraphBuilder
    public let opType: String
    public let opset: Int
    public let name: String
    /// Operands by position, nil where the node leaves one out.
    public package(set) var operands: [Value?]
    public let attributes: [String: AttributeValue]
    /// The names of the node's results, nil where one is left out.
    public let resultNames: [String?]

    public init(
        builder: GraphBuilder, opType: String, opset: Int, name: String, operands: [Value?],
        attributes: [String: AttributeValue], resultNames: [String?]
    ) {
        self.builder = builder
        self.opType = opType
        self.opset = opset
        self.name = name
        self.operands = operands
        self.attributes = attributes
        self.resultNames = resultNames
    }

    /// A copy of `prototype` with the node's attributes set by name.
    /// - Throws: where an attribute is unknown or of the wrong type.
    public func configured<Op: Operator>(_ prototype: Op, ignoring: [String] = []) throws -> Op {
        var op: any Operator = prototype
        for (name, value) in attributes where !ignoring.contains(name) { op = try op.setting(name, to: value) }
        guard let typed = op as? Op else { throw DLCError("\(prototype.name) changed its type") }
        return typed
    }

    /// A copy of an erased prototype with the node's attributes set by name.
    public func configured(_ prototype: any Operator, ignoring: [String] = []) throws -> any Operator {
        var op = prototype
        for (name, value) in attributes where !ignoring.contains(name) { op = try op.setting(name, to: value) }
        return op
    }

    /// Adds a node whose results are the ONNX node's results.
    public mutating func add(_ op: any Operator, _ operands: [Value?]) throws -> [Value] {
        try builder.add(op, operands, name: name, resultNames: resultNames)
    }

    /// Adds a helper node with one result.
    public mutating func add1(_ op: any Operator, _ operands: [Value?]) throws -> Value {
        try builder.add1(op, operands, name: name)
    }

    public mutating func constant(_ tensor: Tensor) -> Value { builder.constant(tensor) }

    /// Requires of extents what no operator that the node becomes states.
    public mutating func require(
        _ relation: Constraint.Relation, _ left: Dim, _ right: Dim, _ reason: @autoclosure () -> String
    ) throws {
        let place = name.isEmpty ? opType.lowercased() : "\(opType.lowercased()) \(name)"
        try builder.require(Constraint(relation, left, right, place: place, reason: reason()))
    }

    public func operand(_ index: Int) -> Value? { index < operands.count ? operands[index] : nil }

    public func required(_ index: Int) throws -> Value {
        guard let value = operand(index) else { throw DLCError("operand \(index) is missing") }
        return value
    }

    public func fact(_ index: Int) throws -> Fact { builder.fact(try required(index)) }

    /// An attribute in the wanted form, or nil where the node does not have it.
    public func attribute<T: AttributeConvertible>(_ name: String, as _: T.Type = T.self) throws -> T? {
        guard let value = attributes[name] else { return nil }
        guard let converted = T(attributeValue: value) else {
            throw DLCError("attribute \(name) expects \(T.attributeKind), found \(value.kind) \(value.text())")
        }
        return converted
    }

    /// Throws where the node has an attribute outside the list.
    public func allowAttributes(_ names: [String]) throws {
        for name in attributes.keys.sorted() where !names.contains(name) {
            throw DLCError("\(opType) has no attribute \(name)")
        }
    }

    /// The integers of an operand as expressions; nil where it is absent. What only data know is read at run time (`Numbers`).
    /// - Parameter isSigned: whether they may be below 0.
    public mutating func dims(_ index: Int, _ what: String, isSigned: Bool = false) throws -> [Dim]? {
        guard let value = operand(index) else { return nil }
        let fact = builder.fact(value)
        if let content = fact.content { return content }
        if let constant = fact.constant, !constant.type.isFloat { return try constant.integers().map { Dim(Int($0)) } }
        let known = try located(what) { try builder.numbers(of: value, isSigned: isSigned) }
        return builder.fact(known).content
    }

    /// The integers of an operand that must be numbers at build time; nil where it is absent.
    public func ints(_ index: Int, _ what: String) throws -> [Int]? {
        guard let value = operand(index) else { return nil }
        let fact = builder.fact(value)
        if let constant = fact.constant, !constant.type.isFloat { return try constant.integers().map { Int($0) } }
        guard let dims = fact.content else {
            throw DLCError("\(what) is computed from data at run time; it must be known when the model is built")
        }
        guard let values = dims.constants else {
            throw DLCError("\(what) is [\(dims.map(\.description).joined(separator: ", "))]; it must be numbers")
        }
        return values
    }

    /// The numbers of a constant operand; nil where it is absent.
    public func doubles(_ index: Int, _ what: String) throws -> [Double]? {
        guard let value = operand(index) else { return nil }
        guard let constant = builder.constant(value) else {
            throw DLCError("\(what) is computed at run time; it must be a constant")
        }
        return try constant.doubles()
    }
}

/// One node being written as ONNX nodes. Values are known by their ONNX names.
public struct ONNXWriter {
    public struct WrittenNode: Sendable {
        public var opType: String
        public var domain: String
        public var inputs: [String]
        public var outputs: [String]
        public var attributes: [(name: String, value: AttributeValue)]
        public var name: String
    }

    public let opset: Int
    public let op: any Operator
    public let name: String
    /// Names of the operands, empty where one is absent.
    public let inputs: [String]
    public let outputs: [String]
    public let operandFacts: [Fact?]
    public let resultFacts: [Fact]
    public private(set) var nodes: [WrittenNode] = []
    public private(set) var initializers: [(name: String, tensor: Tensor)] = []
    /// What the initializers are for.
    private var hints: [String] = []
    private let uniqueName: (String) -> String
    let symbolValue: (String) -> (input: String, axis: Int)?
    public let contents: WrittenContents
    /// The values of expressions that stand in others.
    var expressions: [Dim: String] = [:]

    /// - Parameters:
    ///   - uniqueName: gives an unused value name from a hint.
    ///   - symbolValue: an input and the axis whose extent the symbol is.
    ///   - contents: what the elements of values are that stand before the node.
    public init(
        opset: Int, node: Node, inputs: [String], outputs: [String], operandFacts: [Fact?], resultFacts: [Fact],
        uniqueName: @escaping (String) -> String, symbolValue: @escaping (String) -> (input: String, axis: Int)?,
        contents: WrittenContents = WrittenContents()
    ) {
        self.opset = opset
        op = node.op
        name = node.name
        self.inputs = inputs
        self.outputs = outputs
        self.operandFacts = operandFacts
        self.resultFacts = resultFacts
        self.uniqueName = uniqueName
        self.symbolValue = symbolValue
        self.contents = contents
    }

    /// Throws where the opset is older than `since`.
    public func require(_ since: Int, _ what: String) throws {
        if opset < since { throw DLCError("\(what) needs opset \(since) or newer, opset \(opset) was asked for") }
    }

    /// Writes a node; by default with the operands and results of the node being written.
    public mutating func node(
        _ opType: String, domain: String = "", inputs: [String]? = nil, outputs: [String]? = nil,
        attributes: [(name: String, value: AttributeValue)] = []
    ) {
        var names = inputs ?? self.inputs
        while names.last == "" { names.removeLast() }
        nodes.append(
            WrittenNode(
                opType: opType, domain: domain, inputs: names, outputs: outputs ?? self.outputs, attributes: attributes,
                name: nodes.isEmpty ? name : ""))
    }

    /// A value name that nothing has yet.
    public func unusedName(_ hint: String) -> String { uniqueName(hint) }

    /// Writes a node with one new intermediate result and returns its name.
    public mutating func intermediate(
        _ opType: String, _ inputs: [String], _ attributes: [(name: String, value: AttributeValue)] = []
    ) -> String {
        let result = uniqueName("\(outputs.first ?? name)_\(opType)")
        node(opType, inputs: inputs, outputs: [result], attributes: attributes)
        return result
    }

    /// Writes a constant and returns a name for it, which `nameConstants` replaces.
    public mutating func constant(_ tensor: Tensor, _ hint: String = "constant") -> String {
        let result = "\(outputs.first ?? name) constant \(initializers.count)"
        initializers.append((result, tensor))
        hints.append(hint)
        return result
    }

    /// Names the constants after what reads them first, as the same nodes name theirs when they are read and written again.
    /// - Parameter known: the tensors of names that stand for constants already. One of the same name and elements is not written twice.
    public mutating func nameConstants(known: [String: Tensor] = [:]) {
        var names: [String: String] = [:]
        var named: [(name: String, tensor: Tensor)] = []
        for (hint, (given, tensor)) in zip(hints, initializers) {
            let reader = nodes.first { $0.inputs.contains(given) }?.outputs.first { !$0.isEmpty }
            let wanted = "\(reader ?? outputs.first ?? name)_\(hint)"
            if let other = known[wanted], other.isIdentical(to: tensor) {
                names[given] = wanted
            } else {
                let name = uniqueName(wanted)
                names[given] = name
                named.append((name, tensor))
            }
        }
        initializers = named
        for index in nodes.indices { nodes[index].inputs = nodes[index].inputs.map { names[$0] ?? $0 } }
    }

    /// Writes a vector (or, at rank 0, a scalar) of int64 and returns its name.
    public mutating func integers(_ values: [Int], _ hint: String = "constant") throws -> String {
        constant(try Tensor(values.map(Int64.init), shape: [values.count]), hint)
    }
}
