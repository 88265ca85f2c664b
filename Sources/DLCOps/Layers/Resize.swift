import DLCGraph

/// How `Resize` computes an element from its neighbours.
public enum ResizeMode: String, Sendable, CaseIterable, AttributeConvertible {
    case nearest, linear, cubic
}

/// How a coordinate of the result becomes one of the operand (ONNX `coordinate_transformation_mode`).
public enum ResizeCoordinates: String, Sendable, CaseIterable, AttributeConvertible {
    case halfPixel = "half_pixel", halfPixelSymmetric = "half_pixel_symmetric", pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners", asymmetric, cropAndResize = "tf_crop_and_resize", halfPixelForNearest = "tf_half_pixel_for_nn"
}

/// How `nearest` rounds a coordinate.
public enum ResizeRounding: String, Sendable, CaseIterable, AttributeConvertible {
    case preferFloor = "round_prefer_floor", preferCeil = "round_prefer_ceil", floor, ceil
}

/// Whether the extents of a box are those of the result, or it keeps its aspect and touches the box from within or from without
/// (ONNX `keep_aspect_ratio_policy`).
public enum ResizeAspect: String, Sendable, CaseIterable, AttributeConvertible {
    case stretch, notLarger = "not_larger", notSmaller = "not_smaller"
}

/// Interpolation of a tensor on another grid (ONNX Resize and Upsample), axis by axis; cubic by the kernel of Keys (1981).
public struct Resize: Operator {
    /// The extents of the result, one per axis.
    public var sizes: [Dim] = []
    /// Result extent by operand extent per axis before rounding; empty where it is the quotient of the extents.
    public var scales: [Double] = []
    public var aspect = ResizeAspect.stretch
    /// Where the aspect is kept: the extent of the box per axis, −1 for axes that keep their own. The least or the greatest
    /// quotient of these by x's extents is the scale of all others.
    public var box: [Dim] = []
    public var mode = ResizeMode.nearest
    public var coordinates = ResizeCoordinates.halfPixel
    public var rounding = ResizeRounding.preferFloor
    /// The parameter `a` of the cubic kernel.
    public var cubicCoefficient = -0.75
    /// Whether weights outside the operand are dropped and the others scaled to sum 1.
    public var excludesOutside = false
    /// What `tf_crop_and_resize` gives outside the operand.
    public var extrapolation = 0.0
    /// For `tf_crop_and_resize`: the start of the region along every axis, then the end, as fractions; else empty.
    public var roi: [Double] = []
    /// Whether linear and cubic kernels widen where the result is smaller.
    public var antialias = false

    public init(
        sizes: [Dim] = [], scales: [Double] = [], mode: ResizeMode = .nearest, coordinates: ResizeCoordinates = .halfPixel,
        rounding: ResizeRounding = .preferFloor
    ) {
        self.sizes = sizes
        self.scales = scales
        self.mode = mode
        self.coordinates = coordinates
        self.rounding = rounding
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Resize(), name: "resize", operands: ["x"],
        onnx: [ONNXMapping("Resize", read: read, write: write), ONNXMapping("Upsample", read: readUpsample, write: write)],
        examples: examples
    ) {
        Attribute("sizes", \.sizes)
        Attribute("scales", \.scales)
        Attribute("keep_aspect_ratio_policy", \.aspect)
        Attribute("box", \.box)
        Attribute("mode", \.mode)
        Attribute("coordinate_transformation_mode", \.coordinates)
        Attribute("nearest_mode", \.rounding)
        Attribute("cubic_coeff_a", \.cubicCoefficient)
        Attribute("exclude_outside", \.excludesOutside)
        Attribute("extrapolation_value", \.extrapolation)
        Attribute("roi", \.roi)
        Attribute("antialias", \.antialias)
    }

    private static let examples: @Sendable () throws -> [Example] = {
        let x = try Tensor.random(seed: 1, shape: [1, 2, 4, 5])
        var cubic = Resize(sizes: [1, 2, 3, 9], mode: .cubic, coordinates: .halfPixelSymmetric)
        cubic.excludesOutside = true
        var smaller = Resize(sizes: [1, 2, 2, 3], mode: .cubic)
        (smaller.antialias, smaller.cubicCoefficient) = (true, -0.5)
        var linear = Resize(sizes: [1, 2, 2, 3], mode: .linear)
        linear.antialias = true
        var crop = Resize(sizes: [1, 2, 3, 3], mode: .linear, coordinates: .cropAndResize)
        crop.roi = [0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7]
        crop.extrapolation = 10
        var inside = Resize(sizes: [1, 2, 6, 7], mode: .linear)
        (inside.aspect, inside.box) = (.notLarger, [-1, -1, 7, 7])
        return [
            Example("nearest twice", Resize(sizes: [1, 2, 8, 10], scales: [1, 1, 2, 2], coordinates: .asymmetric, rounding: .floor), [x]),
            Example("nearest half pixel", Resize(sizes: [1, 2, 7, 3]), [x]),
            Example("nearest ceiling", Resize(sizes: [1, 2, 7, 3], rounding: .ceil), [x]),
            Example("linear", Resize(sizes: [1, 2, 8, 10], scales: [1, 1, 2, 2], mode: .linear), [x]),
            Example("linear, corners", Resize(sizes: [1, 2, 9, 1], mode: .linear, coordinates: .alignCorners), [x]),
            Example("linear, PyTorch", Resize(sizes: [1, 2, 1, 7], mode: .linear, coordinates: .pytorchHalfPixel), [x]),
            Example("cubic", cubic, [x]),
            Example("cubic, antialias", smaller, [x]),
            Example("linear, antialias", linear, [x]),
            Example("crop", crop, [x]),
            Example("inside of a box", inside, [x]),
            Example(
                "u8", Resize(sizes: [6, 4], mode: .linear), [try .random(seed: 2, type: .uint8, shape: [3, 4])], isDifferentiable: false),
            Example(
                "nearest i64", Resize(sizes: [5], rounding: .preferCeil), [try .random(seed: 3, type: .int64, shape: [2])],
                isDifferentiable: false),
        ]
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        if mode != .nearest { try context.expect(0, "x", ElementType.floats + [.int8, .uint8]) }
        guard sizes.count == x.rank else { throw DLCError("sizes \(sizes.text) has \(sizes.count) entries, x is \(x.type)") }
        guard scales.isEmpty || scales.count == x.rank else {
            throw DLCError("scales \(scales) has \(scales.count) entries, x is \(x.type)")
        }
        if let bad = scales.first(where: { !($0 >= 1e-6 && $0 <= 1e6) }) { throw DLCError("scales holds \(bad); expected 1e-6 to 1e6") }
        guard aspect == .stretch ? box.isEmpty : box.count == x.rank && scales.isEmpty else {
            throw DLCError("\(aspect.rawValue) has scales \(scales) and box \(box.text); x is \(x.type)")
        }
        let boxed = box.indices.filter { box[$0].constant != -1 }
        let emptySides = boxed.filter { box[$0] == 0 }.count
        let hasEmptyBox = aspect == .notLarger ? emptySides > 0 : emptySides > 0 && emptySides == boxed.count
        if hasEmptyBox, sizes.allSatisfy({ ($0.constant ?? 0) != 0 }) {
            throw DLCError("sizes \(sizes.text) has elements, which no scale to the empty box \(box.text) leaves")
        }
        if coordinates == .cropAndResize {
            guard roi.count == 2 * x.rank else { throw DLCError("roi has \(roi.count) entries; expected \(2 * x.rank)") }
            if let bad = roi.first(where: { !(abs($0) <= 1e6) }) { throw DLCError("roi holds \(bad); expected fractions of the extents") }
        }
        if mode == .nearest, antialias { throw DLCError("antialias needs mode linear or cubic") }
        for (axis, size) in sizes.enumerated() {
            if let size = size.constant, size < 0 { throw DLCError("sizes \(sizes.text) has a negative extent") }
            if size == x.shape[axis] || Self.vanishes(size, with: x.shape[axis]) { continue }
            let reason = "x is \(x.type): along axis \(axis) there is something to interpolate \(size) from"
            try context.require(.atLeast, x.shape[axis], Dim.min(size, 1), reason)
        }
        return [Fact(x.element, sizes)]
    }

    /// Whether the size is 0 wherever the extent is, as a multiple of it.
    private static func vanishes(_ size: Dim, with extent: Dim) -> Bool {
        guard let symbol = extent.symbol else { return false }
        return (try? size.substituting([symbol: 0]))?.constant == 0
    }
}
