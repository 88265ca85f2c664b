import DLCGraph

/// Elements limited from below, then from above (ONNX Clip with constant limits; others become `max` and `min`).
public struct Clip: Operator {
    /// Nil for no limit.
    public var min: Double?
    public var max: Double?

    public init(min: Double? = nil, max: Double? = nil) {
        self.min = min
        self.max = max
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Clip(), name: "clip", operands: ["x"], traits: [.elementwise, .inPlaceable],
        onnx: [ONNXMapping("Clip", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 5])
            return [
                Example("both", Clip(min: -0.5, max: 0.75), [x]),
                Example("relu6", Clip(min: 0, max: 6), [x]),
                Example("below", Clip(min: 0.1), [try x.converted(to: .float64)]),
                Example("above", Clip(max: 2), [try Tensor.random(seed: 2, type: .int32, shape: [7])], isDifferentiable: false),
                Example("u8", Clip(min: -3, max: 5), [try Tensor.random(seed: 3, type: .uint8, shape: [7])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("min", \.min)
        Attribute("max", \.max)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let x = try reader.required(0)
        if reader.opset < 11 {
            try reader.allowAttributes(["min", "max", "consumed_inputs"])
            let largest = Double(Float.greatestFiniteMagnitude)
            let (low, high): (Double?, Double?) = (try reader.attribute("min"), try reader.attribute("max"))
            let op = Clip(min: low.flatMap { $0 <= -largest ? nil : $0 }, max: high.flatMap { $0 >= largest ? nil : $0 })
            return try reader.add(op, [x])
        }
        try reader.allowAttributes([])
        let type = try reader.fact(0).element
        var op = Clip()
        var rest: [(BinaryFunction, Value)] = []
        for (index, function) in [(1, BinaryFunction.max), (2, .min)] {
            guard let limit = reader.operand(index) else { continue }
            let fact = reader.builder.fact(limit)
            guard fact.element == type, fact.rank == 0 || (fact.rank == 1 && fact.shape[0] == 1) else {
                throw DLCError("a limit of Clip is \(fact.type); expected one \(type)")
            }
            if let value = fact.constant, let number = try value.doubles().first, abs(number) <= 0x1p53 || type.isFloat {
                if index == 1 { op.min = number == -.infinity ? nil : number } else { op.max = number == .infinity ? nil : number }
            } else {
                rest.append((function, fact.rank == 0 ? limit : try reader.add1(Reshape(shape: []), [limit])))
            }
        }
        if rest.isEmpty { return op.min == nil && op.max == nil ? [x] : try reader.add(op, [x]) }
        // The lower limit comes first, whichever of the two is known.
        var y = x
        if let low = op.min { y = try reader.add1(Clip(min: low), [y]) }
        for (function, limit) in rest { y = try reader.add1(Binary(function), [y, limit]) }
        if let high = op.max { y = try reader.add1(Clip(max: high), [y]) }
        return [y]
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Clip else { return }
        let type = writer.resultFacts[0].element
        if writer.opset < 11 {
            return writer.node(
                "Clip", attributes: [("min", op.min), ("max", op.max)].compactMap { name, value in value.map { (name, .float($0)) } })
        }
        if !type.isFloat { try writer.require(12, "Clip of \(type)") }
        func limit(_ value: Double?, _ hint: String) throws -> String {
            guard let value else { return "" }
            return writer.constant(try Tensor(nearest: value, type: type), hint)
        }
        writer.node("Clip", inputs: [writer.inputs[0], try limit(op.min, "min"), try limit(op.max, "max")])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.numbers)
        let x = try context.operand(0)
        for limit in [min, max].compactMap({ $0 }) where !x.element.isFloat && limit.isFinite && limit != limit.rounded() {
            throw DLCError("a limit is \(limit); of \(x.element) expected whole numbers")
        }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        if x.type.isFloat {
            let values = try x.doubles().map { x -> Double in
                var y = x
                if let min, y < min { y = min }
                if let max, y > max { y = max }
                return y
            }
            return [try Tensor(doubles: values, type: x.type, shape: x.shape)]
        }
        // Limits outside the type's range limit nothing; comparing as the type would wrap them.
        let limits = try [min ?? -.infinity, max ?? .infinity].map { try Tensor(nearest: $0, type: x.type) }
        let low = try Binary(.max).evaluate([x, limits[0]])
        return try Binary(.min).evaluate([low[0], limits[1]])
    }
}
