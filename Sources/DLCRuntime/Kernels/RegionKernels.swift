import CKernels

/// Non-maximum suppression. Operands boxes, scores; all contiguous. Integers: whether boxes have centres, whether there
/// is a threshold of scores. Numbers: the overlap, the threshold.
enum NonMaxSuppressionKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (boxes, scores, result) = (try step.contiguous(0), try step.contiguous(1), try step.contiguousResult(0))
        guard boxes.rank == 3, scores.rank == 3, boxes.shape == [scores.shape[0], scores.shape[2], 4], boxes.type == .float32,
            scores.type == .float32, result.type == .int64, result.rank == 3, Array(result.shape[..<2]) == Array(scores.shape[..<2])
        else { throw DLCError("malformed non-maximum suppression") }
        var nms = dlc_nms()
        (nms.batch, nms.classes, nms.boxes) = (Int64(scores.shape[0]), Int64(scores.shape[1]), Int64(scores.shape[2]))
        nms.limit = Int64(result.shape[2])
        nms.centred = try step.integer(0) != 0
        nms.overlap = Float(try step.number(0))
        nms.score = try step.integer(1) != 0 ? Float(step.number(1)) : -.infinity
        return try PreparedKernel(nms, slots: PreparedKernel.slots(step)) { dlc_nms_prepare(step.isa, $0, $1) }
    }
}

/// Features of regions. Operands boxes (contiguous), images (contiguous, or none), levels at any strides; the result is
/// contiguous with channels last. Integers: kind, half pixel, samples, the number of the first level. Numbers: the
/// scale of each level.
enum RegionKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (boxes, result) = (try step.contiguous(0), try step.contiguousResult(0))
        let images = step.optional(1)
        let levels = try (2..<max(2, step.operands.count)).map { try step.operand($0) }
        var roi = dlc_roi()
        guard let first = levels.first, levels.count == step.numbers.count, levels.count <= Int(DLC_ROI_LEVELS), result.rank == 4,
            boxes.count == result.shape[0] * 4, boxes.type == .float32, result.type == .float32,
            images.map({ $0.isContiguous && $0.type == .int64 && $0.count == result.shape[0] }) ?? (boxes.rank == 3 && boxes.shape[0] == first.shape[0])
        else { throw DLCError("malformed regions") }
        roi.kind = dlc_roi_kind(rawValue: UInt8(clamping: try step.integer(0)))
        roi.half_pixel = try step.integer(1) != 0
        (roi.samples, roi.first) = (Int32(clamping: try step.integer(2)), Int32(clamping: try step.integer(3)))
        roi.levels = Int32(levels.count)
        roi.batch = Int64(first.shape[0])
        (roi.regions, roi.height, roi.width, roi.channels) = (
            Int64(result.shape[0]), Int64(result.shape[1]), Int64(result.shape[2]), Int64(result.shape[3]))
        var described = [dlc_roi_level]()
        for (x, scale) in zip(levels, step.numbers) {
            guard x.rank == 4, x.type == .float32, x.shape[0] == first.shape[0], x.shape[1] == result.shape[3] else { throw DLCError("malformed regions") }
            described.append(
                dlc_roi_level(
                    height: Int64(x.shape[2]), width: Int64(x.shape[3]), image_stride: Int64(x.strides[0]), row_stride: Int64(x.strides[2]),
                    column_stride: Int64(x.strides[3]), channel_stride: Int64(x.strides[1]), scale: Float(scale)))
        }
        try fill(&roi.level, described)
        return try PreparedKernel(roi, slots: PreparedKernel.slots(step, status: true)) { dlc_roi_prepare(step.isa, $0, $1) }
    }
}
