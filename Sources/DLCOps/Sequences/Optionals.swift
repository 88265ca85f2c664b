import DLCGraph
import DLCRuntime

/// An optional that holds x, or nothing (ONNX Optional).
public struct MakeOptional: ReadsContainers {
    /// What the optional is where it holds nothing.
    public var type: TensorType

    public init(type: TensorType = TensorType(.float32, Container(.optional, .none))) { self.type = type }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        MakeOptional(), name: "optional", operands: ["x?"],
        onnx: [
            ONNXMapping(
                "Optional",
                read: { reader in
                    try reader.allowAttributes(["type"])
                    guard reader.operand(0) == nil else { return try reader.add(MakeOptional(), reader.operands) }
                    guard let given: TensorType = try reader.attribute("type") else { throw DLCError("an empty optional needs attribute type") }
                    let kind: Container.Kind = given.container?.kind.isSequence == true ? .optionalSequence : .optional
                    return try reader.add(MakeOptional(type: TensorType(given.element, Container(kind, given.elements))), reader.operands)
                },
                write: { writer in
                    try writer.require(15, "Optional")
                    guard writer.inputs.isEmpty, let op = writer.op as? MakeOptional else { return writer.node("Optional") }
                    writer.node("Optional", attributes: [("type", .valueType(op.type))])
                })
        ], examples: { [] }
    ) {
        Attribute("type", \.type)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard context.optional(0) != nil else {
            guard type.container?.kind.isOptional == true else { throw DLCError("type is \(type); expected an optional") }
            return [Fact(type)]
        }
        let x = try context.operand(0).type
        let kind: Container.Kind = x.container == nil ? .optional : .optionalSequence
        guard x.container == nil || x.container?.kind == .sequence else { throw DLCError("x is \(x); expected a tensor or a sequence") }
        return [Fact(TensorType(x.element, Container(kind, x.elements)))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] { [(values.first ?? nil) ?? .absent] }
}

extension MakeOptional: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.optional) }
}

/// Whether an optional holds something, `bool[]` (ONNX OptionalHasElement).
public struct OptionalHasElement: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        OptionalHasElement(), name: "optional_has_element", operands: ["x"],
        onnx: [
            ONNXMapping(
                "OptionalHasElement",
                read: { reader in
                    try reader.allowAttributes([])
                    let value = reader.operand(0)
                    // What is no optional is there; what is left out is not.
                    guard let value, reader.builder.fact(value).type.container?.kind.isOptional == true else {
                        return [reader.constant(try Tensor([value != nil], shape: []))]
                    }
                    if let maker = reader.builder.producer(of: value), maker.op is MakeOptional {
                        return [reader.constant(try Tensor([!maker.operands.isEmpty], shape: []))]
                    }
                    return try reader.add(OptionalHasElement(), reader.operands)
                },
                write: { writer in
                    try writer.require(15, "OptionalHasElement")
                    writer.node("OptionalHasElement")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let type = try context.operand(0).type
        guard type.container?.kind.isOptional == true else { throw DLCError("x is \(type); expected an optional") }
        return [Fact(.bool, [])]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        [.tensor(try Tensor([!((values.first ?? nil) ?? .absent).isAbsent], shape: []))]
    }
}

extension OptionalHasElement: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.hasElement) }
}

/// What an optional holds (ONNX OptionalGetElement).
public struct OptionalGetElement: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        OptionalGetElement(), name: "optional_get_element", operands: ["x"],
        onnx: [
            ONNXMapping(
                "OptionalGetElement",
                read: { reader in
                    try reader.allowAttributes([])
                    let value = try reader.required(0)
                    guard reader.builder.fact(value).type.container?.kind.isOptional == true else { return [value] }
                    if let maker = reader.builder.producer(of: value), maker.op is MakeOptional, case let held?? = maker.operands.first {
                        return [held]
                    }
                    return try reader.add(OptionalGetElement(), reader.operands)
                },
                write: { writer in
                    try writer.require(15, "OptionalGetElement")
                    writer.node("OptionalGetElement")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let type = try context.operand(0).type
        guard let container = type.container, container.kind.isOptional else { throw DLCError("x is \(type); expected an optional") }
        if container.kind == .optionalSequence { return [Fact(TensorType(type.element, Container(.sequence, container.elements)))] }
        guard case .shape(let extents) = container.elements else {
            throw DLCError("the number of dimensions of what \(type) holds must be known; give it a shape")
        }
        return [Fact(type.element, context.opened(extents, "held"))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        guard let value = values.first ?? nil, !value.isAbsent else { throw DLCError("the optional holds nothing") }
        return [value]
    }
}

extension OptionalGetElement: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.getElement) }
}
