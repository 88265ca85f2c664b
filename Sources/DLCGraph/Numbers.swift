/// The numbers of a small integer or bool tensor that only data knows, as extents of what follows.
///
/// The first result is x itself, whose elements are known from here on as symbols of their own. The second has no elements; its
/// type `bool[0, …]` names the symbols, one extent for each element, so that they are bound and renamed like those of any other
/// result. Where `isSigned`, an element is the difference of two symbols of which one is 0; else an element below 0 is an error.
public struct Numbers: Operator {
    public var isSigned: Bool

    public init(isSigned: Bool = false) { self.isSigned = isSigned }

    public var definition: OperatorDefinition { Self.definition }

    /// The most elements whose numbers are read.
    public static let limit = 16

    public static let definition = OperatorDefinition(
        Numbers(), name: "numbers", operands: ["x"], results: ["y", "extents"],
        onnx: [
            ONNXMapping(
                "Numbers", domain: "dlc", read: { try $0.add($0.configured(Numbers()), $0.operands) },
                write: { try write(&$0) })
        ],
        examples: {
            [
                Example("extent", Numbers(), [try Tensor([3 as Int64], shape: [])], isDifferentiable: false),
                Example("signed", Numbers(isSigned: true), [try Tensor([-2 as Int32], shape: [])], isDifferentiable: false),
                Example("truth", Numbers(), [try Tensor([true], shape: [])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("signed", \.isSigned)
    }

    /// A tensor without elements has the extents, so that others find them by its shape.
    private static func write(_ writer: inout ONNXWriter) throws {
        guard let op = writer.op as? Numbers else { return }
        let whole = writer.intermediate("Cast", [writer.inputs[0]], [("to", .int(ElementType.int64.onnx))])
        var flat = writer.intermediate("Reshape", [whole, try writer.integers([-1, 1], "column")])
        if op.isSigned {
            let zero = try writer.integers([0], "zero")
            let below = writer.intermediate("Max", [writer.intermediate("Neg", [flat]), zero])
            flat = writer.intermediate("Concat", [writer.intermediate("Max", [flat, zero]), below], [("axis", .int(1))])
        }
        let row = writer.intermediate("Reshape", [flat, try writer.integers([-1], "row")])
        let shape = writer.intermediate("Concat", [try writer.integers([0], "none"), row], [("axis", .int(0))])
        writer.node(
            "ConstantOfShape", inputs: [shape], outputs: [writer.outputs[1]],
            attributes: [("value", .tensor(try Tensor([false], shape: [1])))])
        writer.node("Identity", outputs: [writer.outputs[0]])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard !x.element.isFloat, let shape = x.shape.constants, try Checked.count(shape) <= Self.limit else {
            throw DLCError("x is \(x.type); expected at most \(Self.limit) integers")
        }
        let count = try Checked.count(shape)
        var extents: Shape = [0]
        var content: [Dim] = []
        for index in 0..<count {
            if let known = x.content?[index] {
                content.append(known)
                extents += isSigned ? [try Dim.max(known, 0), try Dim.max(known.times(-1), 0)] : [known]
            } else if isSigned {
                let (above, below) = (context.unknown("number"), context.unknown("below"))
                content.append(try above.minus(below))
                extents += [above, below]
            } else {
                content.append(context.unknown("number"))
                extents.append(content[index])
            }
        }
        return [Fact(x.element, x.shape, content: content), Fact(.bool, extents)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        guard let x = operands.first ?? nil else { throw DLCError("operand 0 is missing") }
        return [x, try x.asExtents(isSigned: isSigned)]
    }
}

extension GraphBuilder {
    /// The same small integer tensor with elements that are known: what data decide is read by a `Numbers` where arithmetic over
    /// extents, numbers and data begins, so that what is known of one element stays so beside another that is not.
    public mutating func numbers(of value: Value, isSigned: Bool, depth: Int = 0) throws -> Value {
        let fact = fact(value)
        if fact.content != nil { return value }
        let count = try fact.shape.constants.map { try Checked.count($0) } ?? .max
        // What is put together of few unknown numbers and known ones may be longer.
        if depth < 8, !fact.element.isFloat, count <= Fact.contentLimit, let producer = producer(of: value), producer.op is any FollowsElements,
            producer.operands.contains(where: { $0.map { self.fact($0).content != nil && !self.fact($0).shape.isEmpty } ?? false })
        {
            var attempt = self
            if let followed = try? attempt.following(producer, isSigned: isSigned, depth: depth) {
                self = attempt
                return followed
            }
        }
        guard !fact.element.isFloat, count <= Numbers.limit else {
            throw DLCError("\(fact.type) is computed from data at run time; extents are read of at most \(Numbers.limit) integers")
        }
        return try add(Numbers(isSigned: isSigned), [value])[0]
    }

    /// The result of a node over operands whose elements are known.
    /// - Throws: where the result's are not known then.
    private mutating func following(_ node: Node, isSigned: Bool, depth: Int) throws -> Value {
        let operands = try node.operands.map { try $0.map { try numbers(of: $0, isSigned: isSigned, depth: depth + 1) } }
        let result = try add1(node.op, operands, name: node.name)
        guard fact(result).content != nil else { throw DLCError("\(node.op.name) is not followed") }
        return result
    }
}
