import DLCGraph

/// Resize of a region that data decide (`tf_crop_and_resize` with a computed roi, as TensorFlow's exports cut boxes out of maps), and by
/// scales that data decide: one axis after another as arithmetic on gathered elements; formulas: ONNX Resize.
extension Resize {
    /// - Parameter axes: to which the entries of the roi, the operand at 1, belong.
    /// - Throws: for modes that read more than two elements, and scales, whose lengths need numbers.
    func readRegion(_ axes: [Int], _ reader: inout ONNXReader) throws -> Value {
        guard mode != .cubic, !antialias, scales.isEmpty else {
            throw DLCError("roi is computed at run time; it must be a constant for mode cubic, for antialias and beside scales")
        }
        let (x, roi) = (try reader.fact(0), try reader.fact(1))
        guard mode == .nearest || x.element.isFloat else { throw DLCError("x is \(x.type); expected floats for mode \(mode.rawValue)") }
        guard roi.rank == 1, roi.element.isFloat else { throw DLCError("roi is \(roi.type); expected \(2 * axes.count) floats") }
        try reader.require(.equal, roi.shape[0], Dim(2 * axes.count), "roi is \(roi.type) for \(axes.count) axes of x \(x.type)")
        let bounds = try reader.cast(reader.required(1), .float32)
        var (y, outside) = (try reader.required(0), Value?.none)
        for (place, axis) in axes.enumerated() {
            func bound(_ index: Int) throws -> Value { try reader.reshape(reader.slice(bounds, axis: 0, from: index, count: 1), []) }
            let (start, end) = (try bound(place), try bound(axes.count + place))
            let (position, last) = try positions(axis, start: start, end: end, from: x.shape[axis], &reader)
            let isOutside = try reader.apply(
                .or, reader.apply(.less, position, reader.scalar(0, like: position)), reader.apply(.greater, position, last))
            var line = Shape(repeating: 1, count: x.rank)
            line[axis] = sizes[axis]
            let spread = try reader.reshape(isOutside, line)
            outside = try outside.map { try reader.apply(.or, $0, spread) } ?? spread
            // What lies outside, or is not a number, reads the first element.
            let isInside = try reader.apply(
                .and, reader.apply(.greaterOrEqual, position, reader.scalar(0, like: position)), reader.apply(.lessOrEqual, position, last))
            let inside = try reader.select(isInside, position, reader.scalar(0, like: position))
            y = try sampled(y, axis, at: inside, last: last, rounding, &reader)
        }
        guard let outside else { return y }
        return try reader.select(outside, reader.scalar(extrapolation, like: y), y)
    }

    /// Resize by scales that data decide, along the axes that these, an operand, belong to.
    /// - Parameter isUpsample: whether what shrinks is rounded up, as before opset 11.
    /// - Throws: for modes that read more than two elements.
    func readScaled(_ index: Int, _ axes: [Int], isUpsample: Bool = false, _ reader: inout ONNXReader) throws -> Value {
        guard mode != .cubic, !antialias, coordinates != .cropAndResize else {
            throw DLCError("scales are computed at run time; they must be constants for mode cubic, for antialias and tf_crop_and_resize")
        }
        let (x, given) = (try reader.fact(0), try reader.fact(index))
        guard mode == .nearest || x.element.isFloat else { throw DLCError("x is \(x.type); expected floats for mode \(mode.rawValue)") }
        guard given.rank == 1, given.element == .float32 else { throw DLCError("scales are \(given.type); expected \(axes.count) f32") }
        try reader.require(.equal, given.shape[0], Dim(axes.count), "scales are \(given.type) for \(axes.count) axes of x \(x.type)")
        var y = try reader.required(0)
        for (place, axis) in axes.enumerated() {
            let scale = try reader.slice(reader.required(index), axis: 0, from: place, count: 1)
            let extent = try reader.extent(x.shape[axis], like: scale)
            let product = try reader.cast(reader.apply(.floor, reader.apply(.mul, extent, scale)), .int64)
            let size = try reader.builder.numbers(of: product, isSigned: false)
            guard let count = reader.builder.fact(size).content?.first else { throw DLCError("the extents of the result are not known") }
            let last = try reader.extent(x.shape[axis].minus(1), like: scale)
            let position = try scaled(count, by: scale, from: x.shape[axis], &reader)
            let inside = try reader.apply(.max, reader.apply(.min, position, last), reader.scalar(0, like: position))
            guard isUpsample, mode == .nearest else {
                y = try sampled(y, axis, at: inside, last: last, rounding, &reader)
                continue
            }
            let isLess = try reader.apply(.less, scale, reader.scalar(1, like: scale))
            let nearest = try reader.select(isLess, reader.apply(.ceil, inside), reader.apply(.floor, inside))
            y = try sampled(y, axis, at: nearest, last: last, .floor, &reader)
        }
        return y
    }

    /// Where the elements of a result of `count` lie along an axis of `extent`, in f32.
    private func scaled(_ count: Dim, by scale: Value, from extent: Dim, _ reader: inout ONNXReader) throws -> Value {
        let index = try reader.cast(reader.range(count), .float32)
        func number(_ value: Double) throws -> Value { try reader.scalar(value, like: scale) }
        func centred() throws -> Value { try reader.apply(.div, reader.apply(.add, index, number(0.5)), scale) }
        func halfPixel() throws -> Value { try reader.apply(.sub, centred(), number(0.5)) }
        let isMany = try reader.apply(.greater, reader.extent(count, like: scale), number(1))
        switch coordinates {
        case .asymmetric: return try reader.apply(.div, index, scale)
        case .halfPixelForNearest: return try centred()
        case .halfPixel: return try halfPixel()
        case .pytorchHalfPixel: return try reader.select(isMany, halfPixel(), number(0))
        case .alignCorners:
            // Corners of the result's length before it is rounded.
            let (length, one) = (try reader.apply(.mul, reader.extent(extent, like: scale), scale), try number(1))
            let isLong = try reader.apply(.and, isMany, reader.apply(.not, reader.apply(.equal, length, one)))
            let place = try reader.apply(.mul, index, reader.extent(extent.minus(1), like: scale))
            return try reader.select(isLong, reader.apply(.div, place, reader.apply(.sub, length, one)), number(0))
        case .halfPixelSymmetric:
            let length = try reader.extent(extent, like: scale)
            let share = try reader.apply(.div, reader.extent(count, like: scale), reader.apply(.mul, scale, length))
            let offset = try reader.apply(
                .mul, reader.apply(.mul, length, number(0.5)), reader.apply(.sub, number(1), share))
            return try reader.apply(.add, offset, halfPixel())
        case .cropAndResize: throw DLCError("tf_crop_and_resize reads a region")
        }
    }

    /// x's elements along an axis at positions that lie inside of it: the nearest, or between two in a straight line.
    private func sampled(
        _ x: Value, _ axis: Int, at position: Value, last: Value, _ rounding: ResizeRounding, _ reader: inout ONNXReader
    ) throws -> Value {
        func elements(_ index: Value) throws -> Value {
            try reader.add1(Gather(axis: axis), [x, reader.cast(reader.apply(.min, index, last), .int64)])
        }
        if mode == .nearest { return try elements(Self.rounded(position, rounding, &reader)) }
        let fact = reader.builder.fact(x)
        var line = Shape(repeating: 1, count: fact.rank)
        line[axis] = reader.builder.shape(position)[0]
        let lower = try reader.apply(.floor, position)
        let upper = try reader.apply(.add, lower, reader.scalar(1, like: lower))
        let weight = try reader.reshape(reader.cast(reader.apply(.sub, position, lower), fact.element), line)
        let (near, far) = (try elements(lower), try elements(upper))
        let rest = try reader.apply(.sub, reader.scalar(1, like: weight), weight)
        return try reader.apply(.add, reader.apply(.mul, near, rest), reader.apply(.mul, far, weight))
    }

    /// Where the result's elements lie along an axis of `from` elements, and the last of these, in f32.
    private func positions(
        _ axis: Int, start: Value, end: Value, from: Dim, _ reader: inout ONNXReader
    ) throws -> (positions: Value, last: Value) {
        let last = try reader.extent(from.minus(1), like: start)
        let index = try reader.cast(reader.range(sizes[axis]), .float32)
        let steps = try reader.extent(sizes[axis].minus(1), like: start)
        let one = try reader.scalar(1, like: start)
        let span = try reader.apply(.mul, index, reader.apply(.sub, end, start))
        let moved = try reader.apply(.div, reader.apply(.mul, span, last), reader.apply(.max, steps, one))
        let many = try reader.apply(.add, reader.apply(.mul, start, last), moved)
        let middle = try reader.apply(.mul, reader.apply(.mul, reader.apply(.add, start, end), reader.scalar(0.5, like: start)), last)
        return (try reader.select(reader.apply(.greaterOrEqual, steps, one), many, middle), last)
    }

    /// The index of the nearest element.
    private static func rounded(_ position: Value, _ rounding: ResizeRounding, _ reader: inout ONNXReader) throws -> Value {
        switch rounding {
        case .floor: return try reader.apply(.floor, position)
        case .ceil: return try reader.apply(.ceil, position)
        case .preferFloor: return try reader.apply(.ceil, reader.apply(.sub, position, reader.scalar(0.5, like: position)))
        case .preferCeil: return try reader.apply(.floor, reader.apply(.add, position, reader.scalar(0.5, like: position)))
        }
    }
}
