import DLCGraph

/// The largest element of every bin of regions, whose edges are rounded outwards (ONNX MaxRoiPool; Girshick, 2015).
///
/// Boxes and images are those of `RegionAlign`; bins without elements are 0.
public struct RegionPool: Operator {
    /// Rows and columns of the result.
    public var size: [Int]
    /// Elements of x per unit of the boxes.
    public var scale: Double

    public init(size: [Int] = [1, 1], scale: Double = 1) {
        self.size = size
        self.scale = scale
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RegionPool(), name: "region_pool", operands: ["boxes", "images?", "x"],
        onnx: [ONNXMapping("MaxRoiPool", read: read, write: write)],
        examples: {
            let boxes = try Tensor([0, 1, 9, 8, -3, 2, 4, 20, 5, 5, 5.5, 5.2, 40, 40, 50, 60] as [Float], shape: [4, 4])
            let images = try Tensor([1, 0, 1, 0] as [Int64], shape: [4])
            let x = try Tensor.random(seed: 1, shape: [2, 3, 7, 6])
            return [
                Example("named images", RegionPool(size: [3, 2], scale: 0.5), [boxes, images, x], isDifferentiable: false),
                Example("images in turn", RegionPool(size: [2, 2]), [try boxes.reshaped([2, 2, 4]), nil, x], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("size", \.size)
        Attribute("scale", \.scale)
    }

    /// ONNX's regions have the number of the image before the box.
    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["pooled_shape", "spatial_scale"])
        let op = RegionPool(size: try reader.attribute("pooled_shape") ?? [], scale: try reader.attribute("spatial_scale") ?? 1)
        let (x, regions) = (try reader.required(0), try reader.required(1))
        let fact = reader.builder.fact(regions)
        guard fact.rank == 2 else { throw DLCError("rois are \(fact.type); expected [R, 5]") }
        try reader.require(.equal, fact.shape[1], 5, "rois are \(fact.type); expected [R, 5]")
        let (type, count) = (try reader.fact(0).element, fact.shape[0])
        let images = try reader.reshape(reader.cast(reader.slice(regions, axis: 1, from: 0, count: 1), .int64), [count])
        let operands = [try reader.cast(reader.slice(regions, axis: 1, from: 1, count: 4), .float32), images, try reader.cast(x, .float32)]
        if type == .float32 { return try reader.add(op, operands) }
        return try reader.add(Cast(to: type), [reader.add1(op, operands)])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? RegionPool, let boxes = writer.operandFacts[0]?.shape else { return }
        let flat = try RegionOps.writeBoxes(&writer, boxes)
        let numbers = writer.intermediate("Cast", [flat.images], [("to", .int(ElementType.float32.onnx))])
        let column = writer.intermediate("Reshape", [numbers, try writer.integers([-1, 1])])
        let regions = writer.intermediate("Concat", [column, flat.boxes], [("axis", .int(1))])
        writer.node(
            "MaxRoiPool", inputs: [writer.inputs[2], regions],
            attributes: [("pooled_shape", .ints(op.size)), ("spatial_scale", .float(op.scale))])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let regions = try RegionOps.regions(&context, size: size)
        guard scale > 0, scale.isFinite else { throw DLCError("scale is \(scale); expected a number above 0") }
        return [Fact(.float32, [regions, try context.operand(2).shape[1], Dim(size[0]), Dim(size[1])])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (boxes, x) = (try RegionOps.boxes(operands), try Oracle.operand(operands, 2))
        let (channels, extents, values) = (x.shape[1], Array(x.shape[2...]), try x.doubles())
        var result: [Double] = []
        for (image, box) in boxes {
            let (rows, columns) = (bins(box, axis: 0, extents[0]), bins(box, axis: 1, extents[1]))
            for channel in 0..<channels {
                let start = (image * channels + channel) * extents[0] * extents[1]
                for row in rows {
                    for column in columns {
                        let elements = row.flatMap { y in column.map { values[start + y * extents[1] + $0] } }
                        result.append(elements.isEmpty ? 0 : elements.reduce(-.infinity) { $1 > $0 ? $1 : $0 })
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: .float32, shape: [boxes.count, channels] + size)]
    }

    /// The elements of every bin along an axis. In f32, as the published implementations: an edge at a whole number
    /// is rounded by its last bit.
    func bins(_ box: [Double], axis: Int, _ extent: Int) -> [Range<Int>] {
        func rounded(_ edge: Double) -> Float {
            let place = (Float(edge) * Float(scale)).rounded(.toNearestOrAwayFromZero)
            return place.isNaN ? 0 : min(max(place, -0x1p30), 0x1p30)
        }
        let start = rounded(box[1 - axis])
        let bin = max(rounded(box[3 - axis]) - start + 1, 1) / Float(size[axis])
        func place(_ edge: Float) -> Int { edge + start > 0 ? Int(min(edge + start, Float(extent))) : 0 }
        return (0..<size[axis]).map { index in
            let (low, high) = (place((Float(index) * bin).rounded(.down)), place((Float(index + 1) * bin).rounded(.up)))
            return low..<max(low, high)
        }
    }
}
