import DLCGraph

public enum RegionMode: String, Sendable, CaseIterable, AttributeConvertible { case avg, max }

/// Regions of images as images of one size, from bilinear samples (ONNX RoiAlign; He et al., 2017, section 3).
///
/// Boxes `[R, 4]` (left, top, right, bottom) lie in the images that i64 `[R]` names, or `[N, R, 4]` in each of the N.
/// Levels `[N, C, H, W]` are one image of features, or a pyramid of them, each half as large as the one before, of which
/// a box is read from one alone by its size (Lin et al., 2017, equation 1). The result is `[boxes, C, size…]`.
public struct RegionAlign: Operator {
    /// Rows and columns of the result.
    public var size: [Int]
    /// Elements of each level per unit of the boxes.
    public var scales: [Double]
    /// Samples per element of the result in each direction; 0 for as many as a region has elements there.
    public var samples: Int
    /// Whether boxes are moved by half an element, so that they fit exactly.
    public var halfPixel: Bool
    public var mode: RegionMode

    public init(size: [Int] = [1, 1], scales: [Double] = [1], samples: Int = 0, halfPixel: Bool = false, mode: RegionMode = .avg) {
        self.size = size
        self.scales = scales
        self.samples = samples
        self.halfPixel = halfPixel
        self.mode = mode
    }

    /// The most levels of a pyramid.
    public static let mostLevels = 8

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RegionAlign(), name: "region_align", operands: ["boxes", "images?", "levels..."],
        onnx: [ONNXMapping("RoiAlign", read: read, write: write)],
        examples: {
            let boxes = try Tensor([0, 1, 9, 8, -3, 2, 4, 20, 5, 5, 5.5, 5.2, -40, -40, -20, -30] as [Float], shape: [4, 4])
            let images = try Tensor([1, 0, 1, 0] as [Int64], shape: [4])
            let x = try Tensor.random(seed: 1, shape: [2, 20, 7, 6])
            let pyramid = try [(2, 40), (3, 20), (4, 10)].map { try Tensor.random(seed: UInt64($0.0), shape: [2, 3, $0.1, $0.1]) }
            let sizes = try Tensor([4, 4, 100, 90, 0, 0, 320, 310, 3, 3, 160, 200, 10, 10, 0, 0] as [Float], shape: [2, 2, 4])
            func example(_ name: String, _ op: RegionAlign, _ operands: [Tensor?]) -> Example {
                Example(name, op, operands, isDifferentiable: false)
            }
            return [
                example("mean", RegionAlign(size: [3, 2], scales: [0.5], samples: 2), [boxes, images, x]),
                example("adaptive", RegionAlign(size: [2, 2], scales: [0.5], halfPixel: true), [boxes, images, x]),
                example("maximum", RegionAlign(size: [3, 2], scales: [0.5], samples: 2, mode: .max), [boxes, images, x]),
                example("pyramid", RegionAlign(size: [2, 2], scales: [1.0 / 8, 1.0 / 16, 1.0 / 32], samples: 2), [sizes, nil] + pyramid),
            ]
        }
    ) {
        Attribute("size", \.size)
        Attribute("scales", \.scales)
        Attribute("samples", \.samples)
        Attribute("half_pixel", \.halfPixel)
        Attribute("mode", \.mode)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let regions = try RegionOps.regions(&context, size: size)
        guard scales.count == context.count - 2, scales.count <= Self.mostLevels, scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw DLCError("scales are \(scales); expected one above 0 per level, for at most \(Self.mostLevels) levels")
        }
        guard samples >= 0, samples <= 1 << 12 else { throw DLCError("samples is \(samples); expected 0 to \(1 << 12)") }
        for index in 3..<Swift.max(3, context.count) {
            try context.expect(index, "level \(index - 2)", [.float32])
            let (level, first) = (try context.operand(index), try context.operand(2))
            let reason = "level \(index - 2) is \(level.type); expected the images and channels of \(first.type)"
            guard level.rank == 4 else { throw DLCError(reason) }
            for axis in 0..<2 { try context.require(level.shape[axis], equals: first.shape[axis], reason) }
            for axis in 2..<4 {
                try context.require(
                    .atLeast, level.shape[axis], 1, "level \(index - 2) is \(level.type); regions of images without elements do not exist")
            }
        }
        return [Fact(.float32, [regions, try context.operand(2).shape[1], Dim(size[0]), Dim(size[1])])]
    }

    /// The number of the level at index 0, where one in the scale of the boxes is 0.
    public var firstLevel: Int { Int(exactly: (Oracle.log(1 / scales[0]) / Oracle.log(2)).rounded()) ?? 0 }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let boxes = try RegionOps.boxes(operands)
        let levels = try (2..<operands.count).map { try Oracle.operand(operands, $0) }
        let values = try levels.map { try $0.doubles() }
        let channels = levels[0].shape[1]
        var result: [Double] = []
        for (image, box) in boxes {
            let level = level(of: box)
            let extents = Array(levels[level].shape[2...])
            let rows = samples(box, axis: 0, scales[level], extents[0])
            let columns = samples(box, axis: 1, scales[level], extents[1])
            for channel in 0..<channels {
                let start = (image * channels + channel) * extents[0] * extents[1]
                for row in rows {
                    for column in columns {
                        result.append(pooled(row, column) { values[level][start + $0 * extents[1] + $1] })
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: .float32, shape: [boxes.count, channels] + size)]
    }

    /// The level that a box is read from.
    func level(of box: [Double]) -> Int {
        guard scales.count > 1 else { return 0 }
        let extent = ((box[2] - box[0]) * (box[3] - box[1])).squareRoot()
        let wanted = (4 + Oracle.log(extent / 224) / Oracle.log(2) + 1e-6).rounded(.down) - Double(firstLevel)
        return wanted > 0 ? Int(Swift.min(wanted, Double(scales.count - 1))) : 0
    }

    /// A sample along one axis: two neighbours and their weights; none outside the image.
    typealias Sample = [(place: Int, weight: Double)]

    /// The samples of every element of the result along an axis.
    func samples(_ box: [Double], axis: Int, _ scale: Double, _ extent: Int) -> [[Sample]] {
        // In f32, as ONNX Runtime: how many samples there are hangs on the last bit of a bin's extent.
        let shift: Float = halfPixel ? 0.5 : 0
        let first = Float(box[1 - axis]) * Float(scale) - shift
        let given = Float(box[3 - axis]) * Float(scale) - shift - first
        let length = !halfPixel && given < 1 ? 1 : given
        let (start, bin) = (Double(first), Double(length / Float(size[axis])))
        // Extents of boxes that are no numbers, or beyond any image, take one sample.
        let count = samples > 0 ? samples : bin < 0x1p20 ? Swift.max(0, Int(Swift.max(bin, 0).rounded(.up))) : 1
        return (0..<size[axis]).map { index in
            (0..<count).map { sample -> Sample in
                let position = start + (Double(index) + (Double(sample) + 0.5) / Double(count)) * bin
                guard position >= -1, position <= Double(extent) else { return [] }
                let inside = Swift.min(Swift.max(position, 0), Double(extent - 1))
                let low = Int(inside)
                return [(low, 1 - (inside - Double(low))), (Swift.min(low + 1, extent - 1), inside - Double(low))]
            }
        }
    }

    private func pooled(_ rows: [Sample], _ columns: [Sample], _ element: (Int, Int) -> Double) -> Double {
        if rows.isEmpty || columns.isEmpty { return 0 }
        var (sum, largest) = (0.0, -Double.infinity)
        func add(_ product: Double) {
            sum += product
            if product > largest { largest = product }
        }
        for v in rows {
            for u in columns {
                if u.isEmpty || v.isEmpty { add(0) }
                for a in v { for b in u { add(a.weight * b.weight * element(a.place, b.place)) } }
            }
        }
        return mode == .max ? largest : sum / Double(rows.count * columns.count)
    }
}

extension RegionOps {
    /// Checks boxes, images and the first level.
    /// - Returns: how many boxes there are.
    static func regions(_ context: inout InferContext, size: [Int]) throws -> Dim {
        try context.expect(0, "boxes", [.float32])
        try context.expect(2, "level 0", [.float32])
        try context.expect(2, "level 0", rank: 4)
        let (boxes, first) = (try context.operand(0), try context.operand(2))
        let hasImages = context.optional(1) != nil
        let expected = "boxes are \(boxes.type); expected \(hasImages ? "[R, 4]" : "[N, R, 4] where no images are named")"
        guard boxes.rank == (hasImages ? 2 : 3) else { throw DLCError(expected) }
        try context.require(boxes.shape[boxes.rank - 1], equals: 4, expected)
        guard size.count == 2, size.allSatisfy({ $0 >= 1 && $0 <= 1 << 12 }) else {
            throw DLCError("size is \(size); expected rows and columns, each 1 to \(1 << 12)")
        }
        for axis in 2..<4 {
            try context.require(.atLeast, first.shape[axis], 1, "level 0 is \(first.type); regions of images without elements do not exist")
        }
        guard let images = context.optional(1) else {
            try context.require(boxes.shape[0], equals: first.shape[0], "boxes are \(boxes.type) for the images \(first.type)")
            return try boxes.shape[0].times(boxes.shape[1])
        }
        try context.expect(1, "images", [.int64])
        try context.require(
            images.shape, equals: [boxes.shape[0]], "images are \(images.type), boxes are \(boxes.type); expected [R] and [R, 4]")
        return boxes.shape[0]
    }

    /// Every box with its image.
    static func boxes(_ operands: [Tensor?]) throws -> [(image: Int, box: [Double])] {
        let (boxes, first) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 2))
        let (values, count) = (try boxes.doubles(), boxes.count / 4)
        let images = try Oracle.optional(operands, 1)?.integers()
        return try (0..<count).map { index in
            let image = images.map { Int($0[index]) } ?? index / (count / first.shape[0])
            guard image >= 0, image < first.shape[0] else { throw DLCError("box \(index) lies in image \(image) of \(first.shape[0])") }
            return (image, Array(values[index * 4..<index * 4 + 4]))
        }
    }
}
