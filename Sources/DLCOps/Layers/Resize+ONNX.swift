import DLCGraph

extension Resize {
    /// Resize of opset 10 has Upsample's operands and coordinates; regions, sizes and modes came with 11.
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        if reader.opset < 11 { return try readUpsample(&reader) }
        try reader.allowAttributes([
            "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value",
            "keep_aspect_ratio_policy", "mode", "nearest_mode",
        ])
        let x = try reader.fact(0)
        var op = Resize()
        op.mode = try reader.attribute("mode") ?? .nearest
        op.coordinates = try reader.attribute("coordinate_transformation_mode") ?? .halfPixel
        op.rounding = try reader.attribute("nearest_mode") ?? .preferFloor
        op.cubicCoefficient = try reader.attribute("cubic_coeff_a") ?? -0.75
        op.excludesOutside = try reader.attribute("exclude_outside") ?? false
        op.extrapolation = try reader.attribute("extrapolation_value") ?? 0
        op.antialias = try reader.attribute("antialias") ?? false
        let axes = try InferenceRules.axes(try reader.attribute("axes") ?? Array(0..<x.rank), rank: x.rank)
        let isCut = op.coordinates == .cropAndResize
        let isComputed = isCut && reader.operand(1).map { reader.builder.constant($0) == nil } == true
        if isCut, !isComputed {
            let region = try reader.doubles(1, "roi") ?? []
            guard region.count == 2 * axes.count else { throw DLCError("roi has \(region.count) entries; expected \(2 * axes.count)") }
            op.roi = [Double](repeating: 0, count: x.rank) + [Double](repeating: 1, count: x.rank)
            for (position, axis) in axes.enumerated() {
                op.roi[axis] = region[position]
                op.roi[x.rank + axis] = region[axes.count + position]
            }
        }
        let open = try isEmpty(reader, 2) ? nil : reader.fact(2).reals
        let isScaledByData = try !isEmpty(reader, 2) && open == nil && reader.operand(2).map { reader.builder.constant($0) == nil } == true
        let scales = try isEmpty(reader, 2) || open != nil || isScaledByData ? nil : reader.doubles(2, "scales")
        let sizes = try isEmpty(reader, 3) ? nil : reader.dims(3, "sizes")
        switch (scales, sizes) {
        case (nil, nil) where isScaledByData: return [try op.readScaled(2, axes, &reader)]
        case (nil, nil) where open != nil: try op.setScales(open ?? [], axes, x)
        case (let scales?, nil): try op.setScales(scales, axes, x)
        case (nil, let sizes?):
            try op.setSizes(sizes, axes, x, policy: try reader.attribute("keep_aspect_ratio_policy") ?? "stretch")
        default: throw DLCError("expects either scales or sizes")
        }
        if isComputed { return [try op.readRegion(axes, &reader)] }
        return try reader.add(op, [reader.operand(0)])
    }

    /// Upsample, and Resize of opset 10: scales as an attribute (opset 7) or an operand.
    static let readUpsample: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["mode", "scales"])
        let x = try reader.fact(0)
        var op = Resize(mode: try reader.attribute("mode") ?? .nearest, coordinates: .asymmetric, rounding: .floor)
        if let open = reader.operand(1).flatMap({ reader.builder.fact($0).reals }) {
            try op.setScales(open, Array(0..<x.rank), x)
            return try reader.add(op, [reader.operand(0)])
        }
        if let scales = reader.operand(1), reader.builder.constant(scales) == nil {
            return [try op.readScaled(1, Array(0..<x.rank), isUpsample: true, &reader)]
        }
        guard let scales: [Double] = try reader.attribute("scales") ?? reader.doubles(1, "scales") else {
            throw DLCError("scales are missing")
        }
        try op.setScales(scales, Array(0..<x.rank), x)
        if op.mode == .nearest, scales.contains(where: { $0 < 1 }) {
            guard scales.allSatisfy({ $0 <= 1 }) else {
                throw DLCError("scales \(scales) mix growing and shrinking, which opset 10 leaves open")
            }
            op.rounding = .ceil
        }
        return try reader.add(op, [reader.operand(0)])
    }

    private static func isEmpty(_ reader: ONNXReader, _ index: Int) throws -> Bool {
        guard let value = reader.operand(index) else { return true }
        return reader.builder.shape(value).first?.constant == 0
    }

    private mutating func setScales(_ given: [Double], _ axes: [Int], _ x: Fact) throws {
        guard given.count == axes.count else { throw DLCError("scales has \(given.count) entries for \(axes.count) axes of x \(x.type)") }
        scales = [Double](repeating: 1, count: x.rank)
        sizes = x.shape
        for (scale, axis) in zip(given, axes) {
            guard scale > 0, scale.isFinite else { throw DLCError("scales holds \(scale); expected positive numbers") }
            scales[axis] = scale
            sizes[axis] = try Self.scaled(x.shape[axis], Real(Double(Float(scale))))
        }
    }

    /// `floor(extent * scale)`, in single precision as ONNX Runtime.
    private static func scaled(_ extent: Dim, _ scale: Real) throws -> Dim {
        if scale.number == 1 { return extent }
        let size = try Real.apply(.floor, .float32, [Real.apply(.mul, .float32, [Real(extent), scale])]).truncated()
        guard size.constant ?? 0 < 1 << 40 else { throw DLCError("scale \(scale) makes extent \(extent) too large") }
        return size
    }

    /// Scales that depend on extents: the sizes follow from them, and they are taken as the quotients of the extents.
    private mutating func setScales(_ given: [Real], _ axes: [Int], _ x: Fact) throws {
        guard given.count == axes.count else { throw DLCError("scales has \(given.count) entries for \(axes.count) axes of x \(x.type)") }
        sizes = x.shape
        for (scale, axis) in zip(given, axes) { sizes[axis] = try Self.scaled(x.shape[axis], scale) }
    }

    private mutating func setSizes(_ given: [Dim], _ axes: [Int], _ x: Fact, policy: String) throws {
        guard given.count == axes.count else {
            throw DLCError("sizes \(given.text) has \(given.count) entries for \(axes.count) axes of x \(x.type)")
        }
        sizes = x.shape
        for (size, axis) in zip(given, axes) { sizes[axis] = size }
        guard let aspect = ResizeAspect(rawValue: policy) else {
            throw DLCError("keep_aspect_ratio_policy is \(policy); expected stretch, not_larger or not_smaller")
        }
        if aspect == .stretch { return }
        (self.aspect, box) = (aspect, Shape(repeating: -1, count: x.rank))
        for (size, axis) in zip(given, axes) { box[axis] = size }
        sizes = try fitted(x.shape)
    }

    /// The extents that touch the box.
    private func fitted(_ extents: Shape) throws -> Shape {
        let axes = box.indices.filter { box[$0].constant != -1 }
        var (sizes, scale) = (extents, Real?.none)
        for axis in axes {
            let quotient = try Real.apply(.div, .float32, [Real(box[axis]), Real(extents[axis])])
            scale = try scale.map { try Real.apply(aspect == .notLarger ? .min : .max, .float32, [$0, quotient]) } ?? quotient
        }
        for axis in axes { sizes[axis] = try Self.rounded(extents[axis], scale ?? Real(1.0)) }
        return sizes
    }

    /// `extent * scale` in single precision, rounded to the next integer, halves up.
    private static func rounded(_ extent: Dim, _ scale: Real) throws -> Dim {
        let product = try Real.apply(.convert, .float64, [Real.apply(.mul, .float32, [Real(extent), scale])])
        let size = try Real.apply(.floor, .float64, [Real.apply(.add, .float64, [product, Real(0.5)])]).truncated()
        guard abs(size.constant ?? 0) < 1 << 40 else { throw DLCError("scale \(scale) makes extent \(extent) too large") }
        return size
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Resize, let x = writer.operandFacts[0] else { return }
        try writer.require(11, "Resize")
        var attributes: [(name: String, value: AttributeValue)] = [
            ("mode", .string(op.mode.rawValue)), ("coordinate_transformation_mode", .string(op.coordinates.rawValue)),
        ]
        if op.mode == .nearest { attributes.append(("nearest_mode", .string(op.rounding.rawValue))) }
        if op.mode == .cubic { attributes.append(("cubic_coeff_a", .float(op.cubicCoefficient))) }
        if op.excludesOutside { attributes.append(("exclude_outside", .int(1))) }
        if op.coordinates == .cropAndResize { attributes.append(("extrapolation_value", .float(op.extrapolation))) }
        if op.coordinates == .halfPixelSymmetric { try writer.require(19, "half_pixel_symmetric") }
        if op.coordinates == .halfPixelForNearest, writer.opset >= 13 { throw DLCError("tf_half_pixel_for_nn needs opset 11 or 12") }
        if op.antialias {
            try writer.require(18, "antialias")
            attributes.append(("antialias", .int(1)))
        }
        // Opsets 11 and 12 want empty tensors for what is absent.
        let absent = writer.opset < 13 ? writer.constant(try Tensor([Float](), shape: [0]), "absent") : ""
        let roi = op.roi.isEmpty ? absent : writer.constant(try Tensor(op.roi.map(Float.init), shape: [op.roi.count]), "roi")
        if op.aspect != .stretch {
            try writer.require(18, "keep_aspect_ratio_policy")
            attributes.append(("keep_aspect_ratio_policy", .string(op.aspect.rawValue)))
            let axes = op.box.indices.filter { op.box[$0].constant != -1 }
            attributes.append(("axes", .ints(axes)))
            guard op.roi.isEmpty else { throw DLCError("has no form for a region of some axes") }
            guard try op.fitted(x.shape) == op.sizes else {
                throw DLCError("has no form for sizes \(op.sizes.text) beside box \(op.box.text)")
            }
            let sizes = try writer.dimensions(axes.map { op.box[$0] }, "sizes")
            writer.node("Resize", inputs: [writer.inputs[0], roi, absent, sizes], attributes: attributes)
        } else if op.scales.isEmpty || op.scalesAreQuotients(x.shape) {
            writer.node(
                "Resize", inputs: [writer.inputs[0], roi, absent, try writer.dimensions(op.sizes, "sizes")], attributes: attributes)
        } else {
            for (axis, scale) in op.scales.enumerated() where try scaled(x.shape[axis], Real(Double(Float(scale)))) != op.sizes[axis] {
                throw DLCError("has no form for sizes \(op.sizes.text) beside scales \(op.scales) of \(x.type)")
            }
            let scales = writer.constant(try Tensor(op.scales.map(Float.init), shape: [op.scales.count]), "scales")
            writer.node("Resize", inputs: [writer.inputs[0], roi, scales], attributes: attributes)
        }
    }

    /// Whether the sizes alone say the scales.
    private func scalesAreQuotients(_ shape: Shape) -> Bool {
        guard let from = shape.constants, let to = sizes.constants else { return false }
        return scales.indices.allSatisfy { from[$0] > 0 && abs(Double(to[$0]) / Double(from[$0]) - scales[$0]) < 1e-9 }
    }
}
