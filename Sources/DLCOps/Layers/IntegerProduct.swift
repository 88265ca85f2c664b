import DLCGraph
import DLCRuntime

/// Σ (a − zero point)·(b − zero point) in i32 that wraps, of matrices of 8-bit integers, signed or not, each for itself (ONNX
/// MatMulInteger): `[…, M, K] · […, K, N]`, leading dimensions broadcast.
///
/// A zero point has the type of its operand and broadcasts to it: one for all, one per row of a (`[…, M, 1]`), one per column
/// of b (`[N]` or `[…, 1, N]`).
public struct IntegerProduct: Operator {
    /// What becomes of the sums; ONNX's operator knows none.
    public var finish = IntegerFinish()

    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    static let types: [ElementType] = [.uint8, .int8]

    public static let definition = OperatorDefinition(
        IntegerProduct(), name: "integer_product",
        operands: ["a", "b", "a_zero_point?", "b_zero_point?"] + IntegerFinishFields.operandNames,
        onnx: [ONNXMapping("MatMulInteger", read: read, write: write)],
        examples: {
            let a = try Tensor.random(seed: 1, type: .uint8, shape: [2, 5, 7])
            let signed = try Tensor.random(seed: 2, type: .int8, shape: [7, 19])
            let batch = try Tensor.random(seed: 3, type: .uint8, shape: [2, 7, 3])
            let scales = try Tensor((0..<19).map { Float([0x1p-8, 0x1p-10, 0x1p-12][$0 % 3]) }, shape: [19])
            let biases = try Tensor((0..<19).map { Float($0) * 0.5 - 4 }, shape: [19])
            func finished(
                _ name: String, _ to: ElementType, _ operands: [Tensor?], zeroPoint: Int = 0, min: Double? = nil, max: Double? = nil
            ) -> Example {
                var op = IntegerProduct()
                (op.finish.to, op.finish.zeroPoint, op.finish.min, op.finish.max) = (to, zeroPoint, min, max)
                return Example(name, op, operands, isDifferentiable: false)
            }
            func example(_ name: String, _ operands: [Tensor?]) -> Example {
                Example(name, IntegerProduct(), operands, isDifferentiable: false)
            }
            func added(_ name: String, _ to: ElementType, _ operands: [Tensor?], rounds: Bool) -> Example {
                var op = IntegerProduct()
                (op.finish.to, op.finish.zeroPoint, op.finish.min) = (to, 40, 0)
                (op.finish.addition.ownScale, op.finish.addition.scale, op.finish.addition.zeroPoint) = (0.5, 0.25, 7)
                (op.finish.addition.rounds, op.finish.addition.min, op.finish.addition.max) = (rounds, -90, 165)
                return Example(name, op, operands, isDifferentiable: false)
            }
            let addend = try Tensor.random(seed: 12, type: .uint8, shape: [2, 5, 19])
            return [
                example("dynamic quantization", [a, signed, try Tensor([131] as [UInt8], shape: [])]),
                example("without zero points", [a, batch]),
                example(
                    "zero points of batches",
                    [
                        a, batch, try .random(seed: 4, type: .uint8, shape: [2, 1, 1]),
                        try .random(seed: 5, type: .uint8, shape: [2, 1, 3]),
                    ]),
                example(
                    "rows and columns",
                    [
                        try .random(seed: 6, type: .int8, shape: [4, 7]), signed, try .random(seed: 7, type: .int8, shape: [4, 1]),
                        try .random(seed: 8, type: .int8, shape: [19]),
                    ]),
                example(
                    "broadcast",
                    [
                        try .random(seed: 9, type: .int8, shape: [3, 1, 1, 4]), try .random(seed: 10, type: .uint8, shape: [2, 4, 6]), nil,
                        try Tensor([128] as [UInt8], shape: []),
                    ]),
                finished("scaled", .float32, [a, signed, nil, nil, try Tensor([0.25] as [Float], shape: [])]),
                finished(
                    "limited", .float32,
                    [a, signed, nil, nil, try Tensor([0.25] as [Float], shape: []), try .random(seed: 11, shape: [19])], min: 0, max: 300),
                finished(
                    "quantized", .uint8, [a, signed, try Tensor([131] as [UInt8], shape: []), nil, scales, biases], zeroPoint: 100, max: 60),
                added("added to", .uint8, [a, signed, nil, nil, scales, biases, addend], rounds: true),
                added("added to, unrounded", .int8, [a, signed, nil, nil, scales, nil, addend], rounds: false),
                added("a second bias", .uint8, [a, signed, nil, nil, scales, biases, nil, biases], rounds: true),
                finished("quantized to i8", .int8, [a, batch, nil, nil, try Tensor([0x1p-9] as [Float], shape: [])], zeroPoint: -3),
            ]
        }
    ) {
        IntegerFinish.attributes(\.finish)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? IntegerProduct else { return }
        guard op.finish.to == .int32 else { throw DLCError("a product of integers that is finished arises only when a graph is optimised") }
        try writer.require(10, "MatMulInteger")
        writer.node("MatMulInteger", attributes: [])
    }

    /// Vectors are rows or columns as in MatMul; a vector of zero points of a runs along its rows.
    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        var operands = [try reader.required(0), try reader.required(1), reader.operand(2), reader.operand(3)]
        let (a, b) = (try reader.fact(0), try reader.fact(1))
        if a.rank == 1 { operands[0] = try reader.add1(Reshape(shape: [1] + a.shape), [operands[0]]) }
        if b.rank == 1 { operands[1] = try reader.add1(Reshape(shape: b.shape + [1]), [operands[1]]) }
        if let zero = operands[2], case let shape = reader.builder.shape(zero), shape.count == 1 {
            operands[2] = try reader.add1(Reshape(shape: shape[0].constant == 1 ? [] : shape + [1]), [zero])
        }
        guard a.rank == 1 || b.rank == 1 else { return try reader.add(IntegerProduct(), operands) }
        let product = try reader.add1(IntegerProduct(), operands)
        var shape = reader.builder.shape(product)
        if b.rank == 1 { shape.removeLast() }
        if a.rank == 1 { shape.remove(at: shape.count - (b.rank == 1 ? 1 : 2)) }
        return try reader.add(Reshape(shape: shape), [product])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", Self.types)
        try context.expect(1, "b", Self.types)
        let (a, b) = (try context.operand(0), try context.operand(1))
        guard a.rank >= 2, b.rank >= 2 else { throw DLCError("a is \(a.type) and b is \(b.type); expected at least two dimensions each") }
        let (k, depth) = (a.shape[a.rank - 1], b.shape[b.rank - 2])
        try context.require(k, equals: depth, "a is \(a.type) and b is \(b.type): \(k) columns against \(depth) rows")
        if let zero = context.optional(2) {
            try context.expect(2, "a_zero_point", sameTypeAs: 0)
            let reason =
                "a_zero_point is \(zero.type); expected one element, or one for each row of \(a.type), […, \(a.shape[a.rank - 2]), 1]"
            try context.require(zero.shape, expandsTo: Shape(a.shape.dropLast()) + [1], reason)
        }
        if let zero = context.optional(3) {
            try context.expect(3, "b_zero_point", sameTypeAs: 1)
            let reason = "b_zero_point is \(zero.type); expected one element, or one for each column of \(b.type), [\(b.shape[b.rank - 1])]"
            try context.require(zero.shape, expandsTo: Shape(b.shape.dropLast(2)) + [1, b.shape[b.rank - 1]], reason)
        }
        let batch = try context.broadcast([Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2))])
        let shape = batch + [a.shape[a.rank - 2], b.shape[b.rank - 1]]
        try finish.check(&context, columns: b.shape[b.rank - 1], result: shape)
        return [Fact(finish.to, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let products = try MatrixProducts(a.shape, b.shape)
        let sums = products.sums(try Self.centred(a, Oracle.optional(operands, 2)), try Self.centred(b, Oracle.optional(operands, 3)))
        return [try finish.apply(sums, operands, shape: products.batch + [products.m, products.n]) { $0 % max(1, products.n) }]
    }

    /// The elements minus the zero point that belongs to each.
    static func centred(_ x: Tensor, _ zeroPoint: Tensor?) throws -> [Int64] {
        let values = try x.integers()
        guard let zeroPoint else { return values }
        let zeros = try zeroPoint.broadcast(to: x.shape).integers()
        return zip(values, zeros).map { $0 - $1 }
    }
}
