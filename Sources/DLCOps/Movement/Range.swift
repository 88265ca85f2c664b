import DLCGraph

/// start, start + delta, … up to but without limit (ONNX Range). All three are scalars.
public struct RangeOf: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RangeOf(), name: "range", operands: ["start", "limit", "delta"],
        onnx: [ONNXMapping("Range", RangeOf(), since: 11)],
        examples: {
            func scalars(_ values: [Double], _ type: ElementType) throws -> [Tensor?] {
                try values.map { try Tensor(doubles: [$0], type: type, shape: []) }
            }
            return [
                Example("i64", RangeOf(), try scalars([1, 10, 3], .int64), isDifferentiable: false),
                Example("f32", RangeOf(), try scalars([0.5, 3, 0.75], .float32), isDifferentiable: false),
                Example("downwards", RangeOf(), try scalars([7, -2, -4], .int32), isDifferentiable: false),
                Example("none", RangeOf(), try scalars([3, 3, 1], .float64), isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "start", ElementType.floats + [.int16, .int32, .int64])
        let facts = try (0..<3).map { try context.operand($0) }
        for (fact, what) in zip(facts, ["start", "limit", "delta"]) {
            guard fact.element == facts[0].element, try fact.shape.product() == 1 else {
                throw DLCError("\(what) is \(fact.type); expected one \(facts[0].element)")
            }
        }
        let type = facts[0].element
        let constants = facts.compactMap(\.constant)
        if constants.count == 3 {
            let count = try Self.count(constants)
            let isFollowed = type.isFollowed && count <= Fact.contentLimit
            return [Fact(type, [Dim(count)], content: isFollowed ? try Self.values(constants).integers().map { Dim(Int($0)) } : nil)]
        }
        let known = facts.compactMap { $0.content?.first }
        guard known.count == 3, let step = known[2].constant, step > 0 else { return [Fact(type, [context.unknown("range")])] }
        // A limit below the start gives a negative size, which the run time refuses.
        return [Fact(type, [try known[1].minus(known[0]).ceilingQuotient(Dim(step))])]
    }

    private static func count(_ operands: [Tensor]) throws -> Int {
        let numbers = try operands.map { try $0.doubles().first ?? .nan }
        let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
        guard count.isFinite, count < 0x1p40 else {
            throw DLCError("the range from \(numbers[0]) to \(numbers[1]) by \(numbers[2]) has no end")
        }
        return Int(max(count, 0))
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try Self.values((0..<3).map { try Oracle.operand(operands, $0) })]
    }

    private static func values(_ operands: [Tensor]) throws -> Tensor {
        let count = try count(operands)
        let type = operands[0].type
        if type.isFloat {
            let (start, delta) = (try operands[0].doubles()[0], try operands[2].doubles()[0])
            return try Tensor(doubles: (0..<count).map { start + Double($0) * delta }, type: type, shape: [count])
        }
        let (start, delta) = (try operands[0].integers()[0], try operands[2].integers()[0])
        return try Tensor(integers: (0..<count).map { start &+ Int64($0) &* delta }, type: type, shape: [count])
    }
}
