/// What is declared once about an operator.
public struct OperatorDefinition: Sendable {
    /// The name in the text form.
    public let name: String
    /// Operand names; `?` at the end marks an optional one, `...` a last one that repeats, `...?` one of which there may be none.
    public let operands: [String]
    /// Result names; `?` at the end marks one that may be left unused.
    public let results: [String]
    public let traits: OperatorTraits
    /// How it is read from and written to ONNX, newest mapping first; empty for operators of our own.
    public let onnx: [ONNXMapping]
    public let attributes: [AttributeDefinition]
    /// The operator with its default attributes.
    public let prototype: any Operator
    let makeExamples: @Sendable () throws -> [Example]

    /// Declares an operator.
    /// - Parameter prototype: carries the defaults of the attributes.
    public init<Op: Operator>(
        _ prototype: Op, name: String, operands: [String], results: [String] = ["y"], traits: OperatorTraits = [],
        onnx: [ONNXMapping] = [], examples: @escaping @Sendable () throws -> [Example],
        @AttributeBuilder<Op> attributes: () -> [Attribute<Op>] = { [] }
    ) {
        self.name = name
        self.operands = operands
        self.results = results
        self.traits = traits
        self.onnx = onnx
        self.prototype = prototype
        self.attributes = attributes().map(AttributeDefinition.init)
        makeExamples = examples
    }

    /// Small applications that every test of the suite runs over.
    public func examples() throws -> [Example] { try makeExamples() }

    /// How many operands must be given, and at most how many (nil: any number).
    public var arity: (least: Int, most: Int?) {
        let least = operands.filter { !$0.hasSuffix("?") && !$0.hasSuffix("...") }.count
        if operands.last?.hasSuffix("...?") == true { return (least, nil) }
        return operands.last?.hasSuffix("...") == true ? (least + 1, nil) : (least, operands.count)
    }
}

/// One application of an operator to given tensors, for the automatic suite.
public struct Example: Sendable {
    public let op: any Operator
    public let operands: [Tensor?]
    /// Shown when a test fails.
    public let name: String
    /// Whether finite differences apply (a continuous function at the given point).
    public let isDifferentiable: Bool

    public init(_ name: String, _ op: any Operator, _ operands: [Tensor?], isDifferentiable: Bool = true) {
        self.name = name
        self.op = op
        self.operands = operands
        self.isDifferentiable = isDifferentiable
    }
}

/// One attribute of an operator type: its name and the property that holds it.
public struct Attribute<Op: Operator>: Sendable {
    let name: String
    let get: @Sendable (Op) -> AttributeValue
    let set: @Sendable (inout Op, AttributeValue) throws -> Void

    /// An attribute held in the property at `path`. The name is the ONNX name where ONNX has the attribute.
    public init<T: AttributeConvertible>(_ name: String, _ path: WritableKeyPath<Op, T> & Sendable) {
        self.name = name
        get = { $0[keyPath: path].attributeValue }
        set = { op, value in
            guard let converted = T(attributeValue: value) else {
                throw DLCError("attribute \(name) expects \(T.attributeKind), found \(value.kind) \(value)")
            }
            op[keyPath: path] = converted
        }
    }

    /// An attribute held in a part of the operator, such as one that several operators have.
    public init<Part, T: AttributeConvertible>(
        _ name: String, of part: WritableKeyPath<Op, Part> & Sendable, _ path: WritableKeyPath<Part, T> & Sendable
    ) {
        self.name = name
        get = { $0[keyPath: part][keyPath: path].attributeValue }
        set = { op, value in
            guard let converted = T(attributeValue: value) else {
                throw DLCError("attribute \(name) expects \(T.attributeKind), found \(value.kind) \(value)")
            }
            op[keyPath: part][keyPath: path] = converted
        }
    }
}

/// Collects attributes; typed, so that key paths without a root infer.
@resultBuilder
public enum AttributeBuilder<Op: Operator> {
    public static func buildExpression(_ attribute: Attribute<Op>) -> [Attribute<Op>] { [attribute] }
    /// Those of a part.
    public static func buildExpression(_ attributes: [Attribute<Op>]) -> [Attribute<Op>] { attributes }
    public static func buildBlock(_ attributes: [Attribute<Op>]...) -> [Attribute<Op>] { attributes.flatMap { $0 } }
}

/// One attribute with the operator's type erased.
public struct AttributeDefinition: Sendable {
    public let name: String
    let getErased: @Sendable (any Operator) -> AttributeValue?
    let setErased: @Sendable (any Operator, AttributeValue) throws -> any Operator

    init<Op: Operator>(_ attribute: Attribute<Op>) {
        name = attribute.name
        getErased = { ($0 as? Op).map(attribute.get) }
        setErased = { op, value in
            guard var typed = op as? Op else { throw DLCError("attribute \(attribute.name) does not belong to \(op.name)") }
            try attribute.set(&typed, value)
            return typed
        }
    }
}

extension Operator {
    /// The value of the attribute with the given name.
    public func attribute(_ name: String) -> AttributeValue? {
        definition.attributes.first { $0.name == name }?.getErased(self)
    }

    /// All attributes in declared order.
    public var attributes: [(name: String, value: AttributeValue)] {
        definition.attributes.compactMap { attribute in attribute.getErased(self).map { (attribute.name, $0) } }
    }

    /// Attributes that differ from the defaults, in declared order.
    public var changedAttributes: [(name: String, value: AttributeValue)] {
        let prototype = definition.prototype
        return definition.attributes.compactMap { attribute in
            guard let value = attribute.getErased(self), value != attribute.getErased(prototype) else { return nil }
            return (attribute.name, value)
        }
    }

    /// A copy with one attribute set.
    /// - Throws: where the operator has no such attribute or it has another type.
    public func setting(_ name: String, to value: AttributeValue) throws -> any Operator {
        guard let attribute = definition.attributes.first(where: { $0.name == name }) else {
            throw DLCError("\(self.name) has no attribute \(name)")
        }
        return try attribute.setErased(self, value)
    }

    /// Whether its attributes speak of symbols.
    public var hasOpenDimensions: Bool { attributes.contains { $0.value.isSymbolic } }

    /// A copy whose dimensions are replaced, throughout its attributes and the graphs in them that may run then.
    public func mappingDimensions(_ change: (Dim) throws -> Dim) throws -> any Operator {
        try mappingDimensions(change) { try $0.mappingDimensionsInside(change) }
    }

    /// A copy whose dimensions are replaced, throughout its attributes but for graphs there, of which others are made.
    public func mappingDimensions(_ change: (Dim) throws -> Dim, graphs: (Graph) throws -> Graph) throws -> any Operator {
        var copy: any Operator = self
        for (name, value) in attributes {
            switch value {
            case .dims(let dims) where value.isSymbolic: copy = try copy.setting(name, to: .dims(dims.map(change)))
            case .graph(let graph): copy = try copy.setting(name, to: .graph(graphs(graph)))
            default: continue
            }
        }
        return copy
    }

    /// A copy whose symbols are replaced, throughout its attributes but for graphs there, whose symbols are their own.
    public func substituting(_ symbols: [String: Dim]) throws -> any Operator {
        try mappingDimensions({ try $0.substituting(symbols) }, graphs: { $0 })
    }
}
