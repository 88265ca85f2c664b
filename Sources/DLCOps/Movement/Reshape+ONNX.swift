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

    /// Inference passes the data through; the mask says that everything was kept.
    private static let readDropout: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["ratio", "seed", "is_test", "consumed_inputs"])
        let x = try reader.required(0)
        let isTraining = try reader.operand(2).map { try reader.builder.constant($0)?.integers().first != 0 } ?? false
        let keepsAll = try reader.operand(1).map { try reader.builder.constant($0)?.doubles().first == 0 } ?? false
        if isTraining && !keepsAll { throw DLCError("training_mode must be false: only inference is supported") }
        guard reader.resultNames.count > 1 else { return [x] }
        let kept = try Tensor(filling: 1, type: .bool, shape: [])
        return [x, try reader.builder.add1(Fill(shape: reader.builder.shape(x), value: kept), [], name: reader.name)]
    }

    private static func reshaped(_ reader: inout ONNXReader, to shape: Shape) throws -> [Value] {
        let x = try reader.required(0)
        return reader.builder.shape(x) == shape ? [x] : try reader.add(Reshape(shape: shape), [x])
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Reshape else { return }
        var shape = op.shape
        let open = shape.indices.filter { shape[$0].constant == nil }
        let from = writer.operandFacts[0]?.shape ?? []
        let isZeroNew = shape.indices.contains { shape[$0] == 0 && ($0 >= from.count || from[$0] != 0) }
        if isZeroNew { try writer.require(14, "a reshape to \(shape.text)") }
        if open.count == 1, !shape.contains(0) { shape[open[0]] = -1 }
        let target = try writer.dimensions(shape)
        writer.node("Reshape", inputs: [writer.inputs[0], target], attributes: isZeroNew ? [("allowzero", .int(1))] : [])
    }
}
