import DLCGraph

/// `numbers` as it is written in ONNX, recognised again where the file is read: a tensor without elements whose shape is zero and the
/// numbers, those that may be below zero as two extents each (`Numbers`). Without it every reading would wrap them once more.
enum RereadNumbers {
    /// The extents of what a ConstantOfShape reads its shape of, in its place; nil where that is another shape.
    static func read(_ reader: inout ONNXReader) throws -> [Value]? {
        let builder = reader.builder
        guard let shape = reader.operand(0), let (join, parts) = produced(shape, by: Concat.self, builder), join.axis == 0, parts.count == 2,
            let none = builder.constant(parts[0]), none.count == 1, try none.integers() == [0]
        else { return nil }
        let row = reshaped(parts[1], builder)
        var (x, isSigned) = (bare(row, builder), false)
        if let (_, sides) = produced(row, by: Concat.self, builder) {
            guard sides.count == 2, let above = positive(sides[0], builder), let below = positive(sides[1], builder),
                let (minus, negated) = produced(below, by: Unary.self, builder), minus.function == .neg,
                bare(above, builder) == bare(negated[0], builder), builder.shape(above).constants?.last == 1
            else { return nil }
            (x, isSigned) = (bare(above, builder), true)
        }
        guard builder.fact(x).content == nil, !builder.fact(x).element.isFloat, builder.fact(x).element != .string,
            let extents = builder.shape(x).constants, try Checked.count(extents) <= Numbers.limit
        else { return nil }
        let names = [nil, reader.resultNames.first ?? nil]
        return [try reader.builder.add(Numbers(isSigned: isSigned), [x], name: reader.name, resultNames: names)[1]]
    }

    private static func produced<Op: Operator>(_ value: Value, by _: Op.Type, _ builder: GraphBuilder) -> (Op, [Value])? {
        guard let node = builder.producer(of: value), let op = node.op as? Op else { return nil }
        let operands = node.operands.compactMap { $0 }
        return operands.isEmpty ? nil : (op, operands)
    }

    /// What a value is in another shape of: of one reshape, since the model may have its own before.
    private static func reshaped(_ value: Value, _ builder: GraphBuilder) -> Value {
        produced(value, by: Reshape.self, builder)?.1[0] ?? value
    }

    /// What a column of i64 was written of.
    private static func bare(_ value: Value, _ builder: GraphBuilder) -> Value {
        let flat = reshaped(value, builder)
        guard let (cast, operands) = produced(flat, by: Cast.self, builder), cast.to == .int64,
            !builder.fact(operands[0]).element.isFloat
        else { return flat }
        return operands[0]
    }

    /// x where a value is the maximum of x and 0.
    private static func positive(_ value: Value, _ builder: GraphBuilder) -> Value? {
        guard let (op, operands) = produced(value, by: Binary.self, builder), op.function == .max, operands.count == 2,
            let zero = builder.constant(operands[1]), (try? zero.integers()) == [0]
        else { return nil }
        return operands[0]
    }
}
