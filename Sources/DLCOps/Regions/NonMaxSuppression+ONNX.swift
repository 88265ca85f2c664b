import DLCGraph

/// ONNX's result has a row (batch, class, box) per kept box, `[kept, 3]`; ours has a place for every box that can be kept.
extension NonMaxSuppression {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["center_point_box"])
        let op = NonMaxSuppression(
            limit: try reader.dims(2, "max_output_boxes_per_class")?.first ?? 0,
            overlap: try reader.doubles(3, "iou_threshold")?.first ?? 0,
            scoreThreshold: try reader.doubles(4, "score_threshold")?.first,
            centred: try reader.attribute("center_point_box") ?? false)
        let kept = try reader.add1(op, [reader.required(0), reader.required(1)])
        let isUsed = try reader.apply(.greaterOrEqual, kept, reader.scalar(0, like: kept))
        let places = try reader.add1(Transpose([1, 0]), [reader.add1(NonZero(), [isUsed])])
        let count = reader.builder.fact(places).shape[0]
        let boxes = try reader.reshape(reader.add1(GatherND(), [kept, places]), [count, 1])
        return try reader.add(Concat(axis: 1), [reader.slice(places, axis: 1, from: 0, count: 2), boxes])
    }

    /// The scores of kept boxes are put among −∞, and the best of them are what is kept, in order, whatever order the
    /// rows of ONNX's result have.
    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? NonMaxSuppression, let scores = writer.operandFacts[1]?.shape else { return }
        try writer.require(11, "NonMaxSuppression with ScatterND")
        let places = try Dim.min(op.limit, scores[2])
        let limits = [op.overlap] + (op.scoreThreshold.map { [$0] } ?? [])
        var inputs = Array(writer.inputs.prefix(2)) + [try writer.dimensions([op.limit], "limit")]
        for (value, hint) in zip(limits, ["overlap", "threshold"]) {
            inputs.append(writer.constant(try Tensor([Float(value)], shape: [1]), hint))
        }
        let rows = writer.intermediate("NonMaxSuppression", inputs, op.centred ? [("center_point_box", .int(1))] : [])
        let lowest = writer.constant(try Tensor([-Float.infinity], shape: []), "lowest")
        let floor = writer.intermediate("Expand", [lowest, try writer.dimensions(scores)])
        let best = writer.intermediate("GatherND", [writer.inputs[1], rows])
        let ranked = writer.intermediate("ScatterND", [floor, rows, best])
        let (values, indices) = (writer.unusedName("\(writer.outputs[0])_values"), writer.unusedName("\(writer.outputs[0])_indices"))
        writer.node("TopK", inputs: [ranked, try writer.dimensions([places], "places")], outputs: [values, indices])
        let isUsed = writer.intermediate("Greater", [values, lowest])
        writer.node("Where", inputs: [isUsed, indices, writer.constant(try Tensor([-1] as [Int64], shape: []), "unused")])
    }
}
