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
        doc: "Regions of x `[N, C, H, W]` as images of fixed extents `[R, C, extents…]`: averages of bilinear samples. Boxes (left, top, "
            + "right, bottom) are `[N, R, 4]`, or `[R, 4]` with images `[R]` that say which of the N each lies in (all in the first without).",
        source: "He et al., 2017, section 3", operands: ["x", "boxes", "images?"]
    ) {
        Argument("extents", \.extents, "rows and columns of the result", .required)
        Argument("scale", \.scale, "how many elements of x one unit of the boxes is")
        Argument("samples", \.samples, "samples per element of the result, in each direction; 0 for as many as the region has")
        Argument("aligned", \.aligned, "whether boxes are moved by half an element, so that they fit exactly")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let regions = try Regions(operand(operands, 1), optional(operands, 2), of: [operand(operands, 0)], context)
        let op = RegionAlign(size: try extents.spread(over: 2, "extents"), scales: [scale], samples: samples, halfPixel: aligned)
        return [try regions.features(op, context)]
    }
}

/// A grid of samples from every region, of the level of a pyramid that fits its size.
public struct PyramidAlignLayer: Layer {
    public var extents: Extents = 7
    public var scales: [Double] = []
    public var samples = 2
    public var aligned = false

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "pyramidAlign",
        doc: "`roiAlign` from levels `[N, C, H, W]`, `[N, C, H/2, W/2]`, …: a box `[N, R, 4]` is read from level `4 + log2(√area / 224)`, "
            + "rounded down, where level k has a scale of 2⁻ᵏ. The result is `[N · R, C, extents…]`.",
        source: "Lin et al., 2017, section 4.2", operands: ["boxes", "levels..."]
    ) {
        Argument("extents", \.extents, "rows and columns of the result", .required)
        Argument("scales", \.scales, "how many elements of each level one unit of the boxes is", .required)
        Argument("samples", \.samples, "samples per element of the result, in each direction; 0 for as many as the region has")
        Argument("aligned", \.aligned, "whether boxes are moved by half an element, so that they fit exactly")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let levels = try (1..<operands.count).map { try operand(operands, $0) }
        let regions = try Regions(operand(operands, 0), nil, of: levels, context)
        let op = RegionAlign(size: try extents.spread(over: 2, "extents"), scales: scales, samples: samples, halfPixel: aligned)
        return [try regions.features(op, context)]
    }
}

/// The largest element of every bin of regions.
public struct RegionPoolLayer: Layer {
    public var extents: Extents = 7
    public var scale = 1.0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "roiPool",
        doc: "Regions of x as with `roiAlign`, by the largest element of every bin; edges of boxes and bins are rounded to elements.",
        source: "Girshick, 2015", operands: ["x", "boxes", "images?"]
    ) {
        Argument("extents", \.extents, "rows and columns of the result", .required)
        Argument("scale", \.scale, "how many elements of x one unit of the boxes is")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let regions = try Regions(operand(operands, 1), optional(operands, 2), of: [operand(operands, 0)], context)
        return [try regions.features(RegionPool(size: extents.spread(over: 2, "extents"), scale: scale), context)]
    }
}

/// Boxes and the images of features that they lie in.
private struct Regions {
    let boxes: TensorValue
    let images: TensorValue?
    let levels: [TensorValue]

    init(_ boxes: TensorValue, _ images: TensorValue?, of levels: [TensorValue], _ context: LayerContext) throws {
        guard boxes.shape.last == 4, boxes.rank == 2 || (boxes.rank == 3 && images == nil) else {
            let expected = images == nil ? "[N, R, 4] or [R, 4]" : "[R, 4] beside images"
            throw DLCError("boxes are \(boxes.type); expected \(expected), each left, top, right, bottom")
        }
        if let wrong = levels.first(where: { $0.rank != 4 }) { throw DLCError("x is \(wrong.type); expected [N, C, H, W]") }
        self.boxes = boxes.rank == 2 && images == nil ? try context.add(Reshape(shape: [1, boxes.shape[0], 4]), boxes) : boxes
        self.images = try images.map { $0.element == .int64 ? $0 : try context.add(Cast(to: .int64), $0) }
        self.levels = boxes.rank == 2 && images == nil ? try levels.map { try $0.sliced(axis: 0, from: 0, count: 1, context) } : levels
    }

    func features(_ op: any Operator, _ context: LayerContext) throws -> TensorValue { try context.all(op, [boxes, images] + levels)[0] }
}

extension TensorValue {
    public func roiAlign(
        _ extents: some ExtentsConvertible, boxes: TensorValue, images: TensorValue? = nil, scale: Double = 1, samples: Int = 2,
        aligned: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        let layer = RegionAlignLayer(extents: extents.extents, scale: scale, samples: samples, aligned: aligned)
        return try applying(layer, boxes, images, name: name)
    }
    public func pyramidAlign(
        _ levels: [TensorValue], extents: some ExtentsConvertible, scales: [Double], samples: Int = 2, aligned: Bool = false,
        name: String? = nil
    ) throws -> TensorValue {
        let layer = PyramidAlignLayer(extents: extents.extents, scales: scales, samples: samples, aligned: aligned)
        return try builder.layer(layer, name: name).results([self] + levels)[0]
    }
    public func roiPool(
        _ extents: some ExtentsConvertible, boxes: TensorValue, images: TensorValue? = nil, scale: Double = 1, name: String? = nil
    ) throws -> TensorValue {
        try applying(RegionPoolLayer(extents: extents.extents, scale: scale), boxes, images, name: name)
    }
}
