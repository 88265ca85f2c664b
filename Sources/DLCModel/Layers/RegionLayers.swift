import DLCGraph
import DLCOps

/// A grid of samples from every region of an image.
public struct RegionAlignLayer: Layer {
    public var extents: Extents = 7
    public var scale = 1.0
    public var samples = 2
    public var aligned = false

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "roiAlign",
        doc: "Regions of x `[N, C, H, W]` as images of fixed extents `[R, C, extents…]`: averages of bilinear samples. Boxes are `[R, 4]` "
            + "(left, top, right, bottom), images `[R]` say which of the N each lies in (all in the first without it).",
        source: "He et al., 2017, section 3", operands: ["x", "boxes", "images?"]
    ) {
        Argument("extents", \.extents, "rows and columns of the result", .required)
        Argument("scale", \.scale, "how many elements of x one unit of the boxes is")
        Argument("samples", \.samples, "samples per element of the result, in each direction")
        Argument("aligned", \.aligned, "whether boxes are moved by half an element, so that they fit exactly")
    }

    /// Bilinear samples and their average are linear in rows and in columns, so a region is a product of three matrices: the
    /// weights of rows, the image, and the weights of columns transposed.
    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (x, boxes) = (try operand(operands, 0), try operand(operands, 1))
        guard x.rank == 4, boxes.rank == 2, boxes.shape[1] == 4, boxes.element == x.element else {
            throw DLCError("x is \(x.type), boxes are \(boxes.type); expected [N, C, H, W] and [R, 4] of one element type")
        }
        let wanted = try extents.spread(over: 2, "extents")
        guard samples >= 1, samples <= 1 << 8, wanted.allSatisfy({ $0 <= 1 << 12 }) else {
            throw DLCError("extents are \(wanted), samples \(samples); expected at most \(1 << 12) and 1 to \(1 << 8)")
        }
        let image: TensorValue
        if let images = optional(operands, 2) {
            image = try context.add(Gather(axis: 0), x, integers(images, context))
        } else {
            image = try x.sliced(axis: 0, from: 0, count: 1, context)
        }
        let rows = try weights(boxes, axis: 0, extent: x.extent(2), count: wanted[0], context)
        let columns = try context.add(Transpose([0, 1, 3, 2]), weights(boxes, axis: 1, extent: x.extent(3), count: wanted[1], context))
        return [try context.add(MatMul(), context.add(MatMul(), rows, image), columns)]
    }

    /// How much every place along a dimension counts for every element of the result: `[R, 1, count, extent]`.
    private func weights(_ boxes: TensorValue, axis: Int, extent: Int, count: Int, _ context: LayerContext) throws -> TensorValue {
        guard extent <= 1 << 20 else { throw DLCError("dimension \(axis + 2) of x is \(extent); expected at most \(1 << 20)") }
        let regions = boxes.shape[0]
        func edge(_ index: Int) throws -> TensorValue {
            try boxes.sliced(axis: 1, from: Dim(index), count: 1, context) * scale - (aligned ? 0.5 : 0)
        }
        let start = try edge(1 - axis)
        var length = try edge(3 - axis) - start
        if !aligned { length = try context.add(Clip(min: 1), length) }
        let fractions = (0..<count * samples).map { (Double($0) + 0.5) / Double(count * samples) }
        let table = boxes.builder.constant(try Tensor(doubles: fractions, type: boxes.element, shape: [1, fractions.count]))
        let position = try start + length * table
        let before = try boxes.builder.scalar(-1, like: boxes)
        let end = try boxes.builder.scalar(Double(extent), like: boxes)
        let isInside = try context.add(
            Binary(.and), context.add(Binary(.greaterOrEqual), position, before), context.add(Binary(.lessOrEqual), position, end))
        let clamped = try context.add(Clip(min: 0, max: Double(extent - 1)), position)
        let places = boxes.builder.constant(try Tensor(doubles: (0..<extent).map(Double.init), type: boxes.element, shape: [1, 1, extent]))
        let column: Shape = [regions, Dim(fractions.count), 1]
        let distance = try context.add(Unary(.abs), context.add(Reshape(shape: column), clamped) - places)
        let inside = try context.add(Reshape(shape: column), context.add(Cast(to: boxes.element), isInside))
        let hat = try context.add(Unary(.relu), 1 - distance) * inside
        let bins = try context.add(Reshape(shape: [regions, 1, Dim(count), Dim(samples), Dim(extent)]), hat)
        return try context.add(Reduce(.mean, axes: [3], keepDims: false), bins)
    }
}

extension TensorValue {
    public func roiAlign(
        _ extents: some ExtentsConvertible, boxes: TensorValue, images: TensorValue? = nil, scale: Double = 1, samples: Int = 2,
        aligned: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        let layer = RegionAlignLayer(extents: extents.extents, scale: scale, samples: samples, aligned: aligned)
        return try applying(layer, boxes, images, name: name)
    }
}
