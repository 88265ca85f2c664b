import CKernels

/// Non-maximum suppression with a place for every box that could be kept.
package struct NonMaxSuppressionKernel: Kernel {
    package static let name = "non_max_suppression"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("boxes", .only(.float32), "B N 4"), OperandRule("scores", .only(.float32), "B C N"),
            OperandRule("overlap?", .only(.float32), "1"), OperandRule("score?", .only(.float32), "1"),
        ],
        results: [OperandRule("result", .only(.int64), "B C L")], reportsStatus: true,
        complaint: "the overlap of boxes lies outside of 0 to 1")

    /// Whether boxes are given by their centres.
    package var centred = false
    package var overlap = 0.0
    /// Scores that are not above it are passed over.
    package var score = -Double.infinity

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("centred", &centred)
        try fields("overlap", &overlap)
        try fields("score", &score)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (scores, result) = (try step("scores"), try step("result"))
        var nms = dlc_nms()
        (nms.batch, nms.classes, nms.boxes) = (Int64(scores.shape[0]), Int64(scores.shape[1]), Int64(scores.shape[2]))
        nms.limit = Int64(result.shape[2])
        nms.centred = centred
        (nms.overlap, nms.score) = (Float(overlap), Float(score))
        return try PreparedKernel(nms, slots: step.slots) { dlc_nms_prepare(step.isa, $0, $1) }
    }
}

extension dlc_roi_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_roi_kind> = [
        DLC_ROI_ALIGN_MEAN: "align_mean", DLC_ROI_ALIGN_MAX: "align_max", DLC_ROI_POOL: "pool",
    ]
}

/// Features of regions, from one level or a pyramid; channels last in the result, first in the levels.
package struct RegionKernel: Kernel {
    package static let name = "region"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("boxes", .only(.float32), "*"), OperandRule("images?", .only(.int64), "#R"),
            OperandRule("levels...", .only(.float32), "B C _ _", .strided, sampled: true),
        ],
        results: [OperandRule("result", .only(.float32), "R _ _ C")], reportsStatus: true)

    package var kind = DLC_ROI_ALIGN_MEAN
    /// Whether boxes are moved by half an element.
    package var halfPixel = false
    /// Per bin and direction; 0 for as many as the bin has elements.
    package var samples = 0
    package var firstLevel = 0
    /// Elements of each level per unit of the boxes.
    package var scales: [Double] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("half_pixel", &halfPixel)
        try fields("samples", &samples)
        try fields("first_level", &firstLevel)
        try fields("scales", &scales)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step("result")
        let shape = [result.shape[0], result.shape[3], result.shape[1], result.shape[2]]
        let roi = try parameters(
            boxes: step("boxes"), hasImages: step.optional("images") != nil, levels: step.repeated("levels"), features: shape)
        return try PreparedKernel(roi, slots: step.slots) { dlc_roi_prepare(step.isa, $0, $1) }
    }

    /// The kernels' struct for features of a shape `[regions, channels, height, width]`.
    fileprivate func parameters(boxes: BoundOperand, hasImages: Bool, levels: [BoundOperand], features: [Int]) throws -> dlc_roi {
        guard let first = levels.first, levels.count == scales.count else {
            throw DLCError("\(scales.count) scales for \(levels.count) levels")
        }
        let (regions, images) = (features[0], first.shape[0])
        guard boxes.count == 4 * regions, boxes.shape.last == 4 || boxes.count == 0 else {
            throw DLCError("boxes have extents \(boxes.shape); expected four numbers for each of \(regions)")
        }
        guard hasImages || (boxes.rank == 3 && boxes.shape[0] == images) else {
            throw DLCError("boxes have extents \(boxes.shape); expected as many for each of \(images) images")
        }
        guard (0...Self.mostSamples).contains(samples) else { throw DLCError("\(samples) samples; expected 0 to \(Self.mostSamples)") }
        var roi = dlc_roi()
        roi.kind = kind
        roi.half_pixel = halfPixel
        (roi.samples, roi.first) = (Int32(samples), Int32(clamping: firstLevel))
        roi.levels = Int32(levels.count)
        roi.batch = Int64(images)
        (roi.regions, roi.height, roi.width) = (Int64(regions), Int64(features[2]), Int64(features[3]))
        roi.channels = Int64(features[1])
        let described = zip(levels, scales).map { x, scale in
            dlc_roi_level(
                height: Int64(x.shape[2]), width: Int64(x.shape[3]), image_stride: Int64(x.strides[0]), row_stride: Int64(x.strides[2]),
                column_stride: Int64(x.strides[3]), channel_stride: Int64(x.strides[1]), scale: Float(scale))
        }
        try fill(&roi.level, described)
        return roi
    }

    private static let mostSamples = 1 << 10
}

/// The gradient of features of regions with respect to the levels; channels last in the results.
package struct RegionGradientKernel: Kernel {
    package static let name = "region_gradient"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("boxes", .only(.float32), "*"), OperandRule("images?", .only(.int64), "#R"),
            OperandRule("dy", .only(.float32), "R C _ _", .strided), OperandRule("levels...", .only(.float32), "B C _ _", .strided),
        ],
        results: [OperandRule("dlevels...", .only(.float32), "B _ _ C")], reportsStatus: true)

    /// The kernel whose gradient it is.
    package var region = RegionKernel()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("region", &region) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (dy, levels, results) = (try step("dy"), step.repeated("levels"), step.repeated("dlevels"))
        guard results.count == levels.count else { throw DLCError("\(results.count) results for \(levels.count) levels") }
        for (level, result) in zip(levels, results) {
            try result.expect([level.shape[0], level.shape[2], level.shape[3], level.shape[1]], "dlevels")
        }
        var gradient = dlc_roi_gradient()
        gradient.roi = try region.parameters(
            boxes: step("boxes"), hasImages: step.optional("images") != nil, levels: levels, features: dy.shape)
        (gradient.region_stride, gradient.channel_stride) = (Int64(dy.strides[0]), Int64(dy.strides[1]))
        (gradient.row_stride, gradient.column_stride) = (Int64(dy.strides[2]), Int64(dy.strides[3]))
        return try PreparedKernel(gradient, slots: step.slots) { dlc_roi_gradient_prepare(step.isa, $0, $1) }
    }
}
