import DLCGraph

/// ONNX operators that only change the shape, or nothing at all.
extension Reshape {
    static let mappings: [ONNXMapping] = [
        ONNXMapping("Flatten", read: readFlatten, write: write),
        ONNXMapping("Squeeze", read: readSqueeze, write: write),
        ONNXMapping("Unsqueeze", read: readUnsqueeze, write: write),
        ONNXMapping("Identity", read: { [try $0.required(0)] }, write: write),
        ONNXMapping("Dropout", read: readDropout, write: write),
    ]

    static let readReshape: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["allowzero", "shape", "consumed_inputs"])
        let x = try reader.fact(0)
        // What 0 and −1 stand for must be known: of a shape that is data as a whole it is not.
        if let given = reader.operand(1), reader.builder.fact(given).content == nil, reader.builder.fact(given).constant == nil {
            let read = try reader.builder.numbers(of: given, isSigned: false)
            if reader.builder.producer(of: read)?.op is Numbers {
                throw DLCError("shape is computed from data at run time; it must be known when the model is built")
            }
        }
        guard var shape = try reader.dims(attribute: "shape", orOperand: 1) else { throw DLCError("shape is missing") }
        let copiesZeros = try (reader.attribute("allowzero") ?? 0) == 0
        var inferred: Int?
        for (axis, dim) in shape.enumerated() {
            if dim == 0, copiesZeros {
                guard axis < x.rank else { throw DLCError("shape \(shape.text) copies dimension \(axis) of \(x.type)") }
                shape[axis] = x.shape[axis]
            } else if dim == -1 {
                guard inferred == nil else { throw DLCError("shape \(shape.text) leaves two dimensions open") }
                inferred = axis
            } else if let value = dim.constant, value < 0 {
                throw DLCError("shape \(shape.text) has a negative dimension")
            }
        }
        if let inferred {
            shape[inferred] = 1
            let (total, known) = (try x.shape.product(), try shape.product())
            if known == 0 { throw DLCError("shape \(shape.text) without dimension \(inferred) is empty, so it cannot be inferred") }
            shape[inferred] = try total.quotient(known)
            try reader.require(.divides, known, total, "dimension \(inferred) of the shape of \(x.type) is what the others leave")
        }
        return try reshaped(&reader, to: shape)
    }

    private static let readFlatten: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis"])
        let x = try reader.fact(0)
        let axis: Int = try reader.attribute("axis") ?? 1
        guard axis >= -x.rank, axis <= x.rank else { throw DLCError("axis \(axis) is outside \(-x.rank) ... \(x.rank)") }
        let split = axis < 0 ? axis + x.rank : axis
        return try reshaped(&reader, to: [Shape(x.shape[..<split]).product(), Shape(x.shape[split...]).product()])
    }

    private static let readSqueeze: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axes"])
        let x = try reader.fact(0)
        let axes = try reader.ints(attribute: "axes", orOperand: 1).map { try InferenceRules.axes($0, rank: x.rank) }
            ?? x.shape.indices.filter { x.shape[$0].constant == 1 }
        for axis in axes {
            try reader.require(.equal, x.shape[axis], 1, "dimension \(axis) of \(x.type) is squeezed")
        }
        return try reshaped(&reader, to: x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
    }

    private static let readUnsqueeze: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axes"])
        let x = try reader.fact(0)
        guard let given = try reader.ints(attribute: "axes", orOperand: 1) else { throw DLCError("axes are missing") }
        let axes = try InferenceRules.axes(given, rank: x.rank + given.count)
        var rest = x.shape[...]
        let shape = (0..<(x.rank + axes.count)).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 }
        return try reshaped(&reader, to: shape)
    }

    /// Inference passes the data through, and the mask says that everything was kept. In training an element is kept where a
    /// number drawn evenly from [0, 1) is not below the ratio, and is divided by one minus it.
    private static let readDropout: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["ratio", "seed", "is_test", "consumed_inputs"])
        let x = try reader.required(0)
        let shape = reader.builder.shape(x)
        let mode = reader.operand(2)
        let isKnown = mode.map { reader.builder.constant($0) != nil } ?? true
        let isTraining = try mode.map { try reader.builder.constant($0)?.integers().first != 0 } ?? false
        let keepsAll = try reader.operand(1).map { try reader.builder.constant($0)?.doubles().first == 0 } ?? false
        guard isTraining, !keepsAll else {
            guard reader.resultNames.count > 1 else { return [x] }
            let kept = try Tensor(filling: 1, type: .bool, shape: [])
            return [x, try reader.builder.add1(Fill(shape: shape, value: kept), [], name: reader.name)]
        }
        let drawn = try reader.random(.uniform, shape)
        let half = reader.constant(try Tensor([0.5] as [Float], shape: []))
        let ratio = try reader.operand(1).map { try reader.reshape(reader.cast($0, .float32), []) } ?? half
        var mask = try reader.apply(.greaterOrEqual, drawn, ratio)
        if let mode, !isKnown { mask = try reader.apply(.or, mask, reader.apply(.not, reader.reshape(mode, []))) }
        let rest = try reader.cast(reader.apply(.sub, reader.scalar(1, like: ratio), ratio), reader.fact(0).element)
        var y = try reader.select(mask, reader.apply(.div, x, rest), reader.scalar(0, like: x))
        if let mode, !isKnown { y = try reader.select(reader.reshape(mode, []), y, x) }
        return [y, mask]
    }

    private static func reshaped(_ reader: inout ONNXReader, to shape: Shape) throws -> [Value] {
        let x = try reader.required(0)
        return reader.builder.shape(x) == shape ? [x] : try reader.add(Reshape(shape: shape), [x])
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Reshape else { return }
        let (target, attributes) = try writer.reshapeTarget(op.shape, from: writer.operandFacts[0]?.shape ?? [])
        writer.node("Reshape", inputs: [writer.inputs[0], target], attributes: attributes)
    }
}
