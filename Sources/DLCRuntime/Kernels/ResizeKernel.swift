import CKernels

extension dlc_resize_mode: KernelChoice {
    package static let choices: ChoiceTable<dlc_resize_mode> = [
        DLC_RESIZE_NEAREST: "nearest", DLC_RESIZE_LINEAR: "linear", DLC_RESIZE_CUBIC: "cubic",
    ]
}

extension dlc_resize_coordinates: KernelChoice {
    package static let choices: ChoiceTable<dlc_resize_coordinates> = [
        DLC_RESIZE_HALF_PIXEL: "half_pixel", DLC_RESIZE_HALF_PIXEL_SYMMETRIC: "half_pixel_symmetric",
        DLC_RESIZE_PYTORCH_HALF_PIXEL: "pytorch_half_pixel", DLC_RESIZE_ALIGN_CORNERS: "align_corners",
        DLC_RESIZE_ASYMMETRIC: "asymmetric", DLC_RESIZE_TF_CROP_AND_RESIZE: "tf_crop_and_resize",
        DLC_RESIZE_TF_HALF_PIXEL_FOR_NN: "tf_half_pixel_for_nn",
    ]
}

extension dlc_resize_rounding: KernelChoice {
    package static let choices: ChoiceTable<dlc_resize_rounding> = [
        DLC_RESIZE_ROUND_PREFER_FLOOR: "round_prefer_floor", DLC_RESIZE_ROUND_PREFER_CEIL: "round_prefer_ceil",
        DLC_RESIZE_FLOOR: "floor", DLC_RESIZE_CEIL: "ceil",
    ]
}

/// Resizing of any dimensions.
package struct ResizeKernel: Kernel {
    package static let name = "resize"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "*")], results: [OperandRule("y", .common(), "*")])

    package var mode = DLC_RESIZE_NEAREST
    package var coordinates = DLC_RESIZE_HALF_PIXEL
    package var rounding = DLC_RESIZE_ROUND_PREFER_FLOOR
    package var excludesOutside = false
    package var antialias = false
    package var cubicCoefficient = -0.75
    package var extrapolation = 0.0
    /// Extents of y over those of x; none, or 0 for a dimension, takes the quotient of the extents.
    package var scales: [Double] = []
    /// Where there are: the box that y touches from within (or from without) with one scale, −1 for dimensions that keep theirs.
    package var box: [Dim] = []
    package var isOutside = false
    /// The part of x that is resized, as shares of its extents; none for all of it.
    package var start: [Double] = []
    package var end: [Double] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("mode", &mode)
        try fields("coordinates", &coordinates)
        try fields("rounding", &rounding)
        try fields("excludes_outside", &excludesOutside)
        try fields("antialias", &antialias)
        try fields("cubic_coefficient", &cubicCoefficient)
        try fields("extrapolation", &extrapolation)
        try fields("scales", &scales)
        try fields("box", &box)
        try fields("is_outside", &isOutside)
        try fields("start", &start)
        try fields("end", &end)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let resize = try parameters(x: step("x"), y: step("y"), box: box.map(step.value))
        let made = try Self.tables(resize, step.isa)
        var known = made.resize
        let (tables, bytes) = (made.tables, Int(dlc_resize_table_bytes(&known)))
        return try PreparedKernel(resize, slots: step.slots + [.owned(tables)], owned: [tables], ownedBytes: bytes) {
            dlc_resize_prepare(step.isa, $0, $1)
        }
    }

    /// The kernels' struct for resizing an x to a y.
    func parameters(x: BoundOperand, y: BoundOperand, box: [Int]) throws -> dlc_resize {
        guard y.rank == x.rank, box.isEmpty || box.count == x.rank, [scales, start, end].allSatisfy({ $0.isEmpty || $0.count == x.rank }),
            start.count == end.count
        else {
            throw DLCError("\(scales.count) scales, and a region of \(start.count) and \(end.count) numbers, from \(x.shape) to \(y.shape)")
        }
        var resize = dlc_resize()
        resize.type = x.type.kernelType
        (resize.mode, resize.coordinates, resize.rounding) = (mode, coordinates, rounding)
        (resize.exclude_outside, resize.antialias) = (excludesOutside, antialias)
        resize.cubic_a = Float(cubicCoefficient)
        resize.extrapolation = extrapolation
        resize.rank = Int32(x.rank)
        try fill(&resize.x_extent, x.shape.map(Int64.init))
        try fill(&resize.y_extent, y.shape.map(Int64.init))
        let quotients = box.indices.filter { box[$0] >= 0 }.map { Float(box[$0]) / Float(x.shape[$0]) }
        let common = isOutside ? quotients.max() : quotients.min()
        let factors = x.shape.indices.map { axis -> Float in
            if let common, !box.isEmpty { return box[axis] >= 0 ? common : 1 }
            if !scales.isEmpty, scales[axis] > 0 { return Float(scales[axis]) }
            return x.shape[axis] == 0 ? 1 : Float(y.shape[axis]) / Float(x.shape[axis])
        }
        try fill(&resize.scale, factors)
        try fill(&resize.roi_begin, start.isEmpty ? [Float](repeating: 0, count: x.rank) : start.map { Float($0) })
        try fill(&resize.roi_end, end.isEmpty ? [Float](repeating: 1, count: x.rank) : end.map { Float($0) })
        return resize
    }

    /// A prepared resize and its tables, which belong to the caller.
    static func tables(_ resize: dlc_resize, _ isa: dlc_isa) throws -> (resize: dlc_resize, tables: UnsafeMutableRawPointer) {
        var (probe, launch) = (resize, dlc_launch())
        guard dlc_resize_prepare(isa, &probe, &launch) else { throw DLCError("no kernel for these parameters") }
        guard let tables = dlc_allocate_zeroed(dlc_resize_table_bytes(&probe)) else { throw DLCError("out of memory") }
        dlc_resize_tables(&probe, tables)
        return (probe, tables)
    }
}

/// The gradient of resizing: every element of dy goes to the elements that it was interpolated from.
package struct ResizeGradientKernel: Kernel {
    package static let name = "resize_gradient"
    package static let definition = KernelDefinition(
        operands: [OperandRule("dy", .floats, "*")], results: [OperandRule("dx", .floats, "*")])

    /// The kernel whose gradient it is.
    package var resize = ResizeKernel()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("resize", &resize) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let parameters = try resize.parameters(x: step("dx"), y: step("dy"), box: resize.box.map(step.value))
        let forward = try ResizeKernel.tables(parameters, step.isa)
        defer { dlc_free(forward.tables) }
        var gradient = dlc_resize_gradient()
        gradient.resize = forward.resize
        var (probe, launch) = (gradient, dlc_launch())
        guard dlc_resize_gradient_prepare(step.isa, &probe, &launch) else { throw DLCError("no kernel for these parameters") }
        let bytes = dlc_resize_gradient_table_bytes(&probe)
        guard let tables = dlc_allocate_zeroed(bytes) else { throw DLCError("out of memory") }
        dlc_resize_gradient_tables(&probe, forward.tables, tables)
        return try PreparedKernel(gradient, slots: step.slots + [.owned(tables)], owned: [tables], ownedBytes: Int(bytes)) {
            dlc_resize_gradient_prepare(step.isa, $0, $1)
        }
    }
}
