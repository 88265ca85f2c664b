import DLCGraph

extension RegionAlign {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale",
        ])
        let coordinates: String =
            try reader.attribute("coordinate_transformation_mode") ?? (reader.opset < 16 ? "output_half_pixel" : "half_pixel")
        let op = RegionAlign(
            size: [try reader.attribute("output_height") ?? 1, try reader.attribute("output_width") ?? 1],
            scales: [try reader.attribute("spatial_scale") ?? 1], samples: try reader.attribute("sampling_ratio") ?? 0,
            halfPixel: coordinates == "half_pixel", mode: try reader.attribute("mode") ?? .avg)
        let type = try reader.fact(0).element
        let (boxes, images) = (try reader.cast(reader.required(1), .float32), try reader.cast(reader.required(2), .int64))
        let x = try reader.cast(reader.required(0), .float32)
        if type == .float32 { return try reader.add(op, [boxes, images, x]) }
        return try reader.add(Cast(to: type), [reader.add1(op, [boxes, images, x])])
    }

    /// A pyramid is written as the regions of every level, of which each box takes its own.
    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? RegionAlign, let boxes = writer.operandFacts[0]?.shape else { return }
        try writer.require(op.halfPixel ? 16 : 10, "RoiAlign")
        let flat = try RegionOps.writeBoxes(&writer, boxes)
        func attributes(_ scale: Double) -> [(name: String, value: AttributeValue)] {
            [
                ("mode", .string(op.mode.rawValue)), ("output_height", .int(op.size[0])), ("output_width", .int(op.size[1])),
                ("sampling_ratio", .int(op.samples)), ("spatial_scale", .float(scale)),
            ] + (writer.opset < 16 ? [] : [("coordinate_transformation_mode", .string(op.halfPixel ? "half_pixel" : "output_half_pixel"))])
        }
        func operands(_ level: Int) -> [String] { [writer.inputs[2 + level], flat.boxes, flat.images] }
        guard op.scales.count > 1 else { return writer.node("RoiAlign", inputs: operands(0), attributes: attributes(op.scales[0])) }
        let wanted = try op.writeLevels(&writer, flat.boxes)
        var chosen = writer.intermediate("RoiAlign", operands(0), attributes(op.scales[0]))
        for level in 1..<op.scales.count {
            let features = writer.intermediate("RoiAlign", operands(level), attributes(op.scales[level]))
            // What is no number takes the first level.
            let limits = [wanted, try writer.scalar(Double(level + op.firstLevel))]
            let isAtLeast = writer.intermediate("Or", [writer.intermediate("Greater", limits), writer.intermediate("Equal", limits)])
            let inputs = [isAtLeast, features, chosen]
            if level == op.scales.count - 1 { writer.node("Where", inputs: inputs) } else { chosen = writer.intermediate("Where", inputs) }
        }
    }

    /// The number of every box's level before rounding, `[R, 1, 1, 1]`.
    private func writeLevels(_ writer: inout ONNXWriter, _ boxes: String) throws -> String {
        func column(_ index: Int) throws -> String {
            writer.intermediate("Gather", [boxes, try writer.integers([index])], [("axis", .int(1))])
        }
        let (width, height) = (
            writer.intermediate("Sub", [try column(2), try column(0)]), writer.intermediate("Sub", [try column(3), try column(1)])
        )
        let extent = writer.intermediate("Sqrt", [writer.intermediate("Mul", [width, height])])
        let logarithm = writer.intermediate("Log", [writer.intermediate("Div", [extent, try writer.scalar(224)])])
        let level = writer.intermediate("Div", [logarithm, try writer.scalar(Oracle.log(2))])
        let offset = writer.intermediate("Add", [writer.intermediate("Add", [level, try writer.scalar(4)]), try writer.scalar(1e-6)])
        return writer.intermediate("Reshape", [offset, try writer.integers([-1, 1, 1, 1])])
    }
}

extension RegionOps {
    /// Boxes `[R, 4]` and their images i64 `[R]`.
    static func writeBoxes(_ writer: inout ONNXWriter, _ boxes: Shape) throws -> (boxes: String, images: String) {
        if !writer.inputs[1].isEmpty { return (writer.inputs[0], writer.inputs[1]) }
        let flat = writer.intermediate("Reshape", [writer.inputs[0], try writer.integers([-1, 4])])
        let images: String
        if let count = boxes[0].constant, let each = boxes[1].constant {
            images = try writer.integers((0..<count).flatMap { [Int](repeating: $0, count: each) })
        } else {
            let one = writer.constant(try Tensor([1] as [Int64], shape: [1]))
            let ones = writer.intermediate("Expand", [one, try writer.dimensions([boxes[0], boxes[1]])])
            let axis = writer.constant(try Tensor([0] as [Int64], shape: []))
            let numbers = writer.intermediate("CumSum", [ones, axis], [("exclusive", .int(1))])
            images = writer.intermediate("Reshape", [numbers, try writer.integers([-1])])
        }
        return (flat, images)
    }
}

extension ONNXWriter {
    /// Writes a constant f32 without dimensions and returns its name.
    fileprivate mutating func scalar(_ value: Double) throws -> String { constant(try Tensor([Float(value)], shape: [])) }
}
