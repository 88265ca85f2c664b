import DLCGraph

/// ONNX's result has a row (batch, class, box) per kept box, `[kept, 3]`; ours has a place for every box that can be kept.
extension NonMaxSuppression {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["center_point_box"])
        var op = NonMaxSuppression(
            limit: try reader.dims(2, "max_output_boxes_per_class")?.first ?? 0, centred: try reader.attribute("center_point_box") ?? false)
        func data(_ index: Int) throws -> Value? {
            guard let value = reader.operand(index), reader.builder.constant(value) == nil else { return nil }
            return try reader.reshape(value, [1])
        }
        let (overlap, score) = (try data(3), try data(4))
        if overlap == nil { op.overlap = try reader.doubles(3, "iou_threshold")?.first ?? 0 }
        if score == nil { op.scoreThreshold = try reader.doubles(4, "score_threshold")?.first }
        let kept = try reader.add1(op, [reader.required(0), reader.required(1), overlap, score])
        let isUsed = try reader.apply(.greaterOrEqual, kept, reader.scalar(0, like: kept))
        let places = try reader.add1(Transpose([1, 0]), [reader.add1(NonZero(), [isUsed])])
        let count = reader.builder.fact(places).shape[0]
        let boxes = try reader.reshape(reader.add1(GatherND(), [kept, places]), [count, 1])
        return try reader.add(Concat(axis: 1), [reader.slice(places, axis: 1, from: 0, count: 2), boxes])
    }

    /// For each suppression in a graph of which only ONNX's rows are used, these rows, as `read` makes them.
    package static func rows(in graph: Graph) throws -> [Value: Value] {
        let uses = graph.useCounts()
        /// The operand of a value that an operator computes, for which it is all that is asked for `count` times.
        func operand<Op: Operator>(_ value: Value?, _ type: Op.Type, _ index: Int = 0, uses count: Int = 1) -> Value? {
            guard let value, uses[value.index] == count, let node = graph.producer(of: value), node.op is Op else { return nil }
            return index < node.operands.count ? node.operands[index] : nil
        }
        var rows: [Value: Value] = [:]
        for node in graph.nodes {
            guard let concat = node.op as? Concat, concat.axis == 1, node.operands.count == 2,
                let gathered = operand(node.operands[1], Reshape.self), let kept = operand(gathered, GatherND.self),
                let places = operand(gathered, GatherND.self, 1), operand(node.operands[0], Slice.self) == places,
                let isUsed = operand(operand(places, Transpose.self, uses: 2), NonZero.self),
                operand(isUsed, Binary.self) == kept, operand(kept, NonMaxSuppression.self, uses: 2) != nil,
                let slice = node.operands[0].flatMap(graph.producer)?.op as? Slice, slice.starts == [0, 0], slice.sizes.last == 2,
                let compared = graph.producer(of: isUsed), (compared.op as? Binary)?.function == .greaterOrEqual,
                let zero = compared.operands[1].flatMap(graph.constant), zero.count == 1, try zero.integers() == [0]
            else { continue }
            rows[kept] = node.results[0]
        }
        return rows
    }

    /// ONNX's operator, whose result is the rows of the kept boxes.
    package static func writeRows(_ op: NonMaxSuppression, _ writer: inout ONNXWriter, as rows: String) throws {
        try writer.require(10, "NonMaxSuppression")
        var inputs = Array(writer.inputs.prefix(2)) + [try writer.dimensions([op.limit], "limit")]
        let data = (2..<4).map { $0 < writer.inputs.count ? writer.inputs[$0] : "" }
        for (value, hint) in [(op.overlap, "overlap"), (op.scoreThreshold, "threshold")] as [(Double?, String)] {
            let given = data[inputs.count - 3]
            inputs.append(try given.isEmpty ? value.map { writer.constant(try Tensor([Float($0)], shape: [1]), hint) } ?? "" : given)
        }
        writer.node("NonMaxSuppression", inputs: inputs, outputs: [rows], attributes: op.centred ? [("center_point_box", .int(1))] : [])
    }

    /// The scores of kept boxes are put among −∞, and the best of them are what is kept, in order, whatever order the
    /// rows of ONNX's result have.
    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? NonMaxSuppression, let scores = writer.operandFacts[1]?.shape else { return }
        try writer.require(11, "NonMaxSuppression with ScatterND")
        let places = try Dim.min(op.limit, scores[2])
        let rows = writer.unusedName("\(writer.outputs[0])_NonMaxSuppression")
        try writeRows(op, &writer, as: rows)
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
