import DLCGraph

/// Resize of a region that data decide (`tf_crop_and_resize` with a computed roi, as TensorFlow's exports cut boxes out of maps), one
/// axis after another as arithmetic on gathered elements; formulas: ONNX Resize.
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
            func elements(_ index: Value) throws -> Value {
                try reader.add1(Gather(axis: axis), [y, reader.cast(reader.apply(.min, index, last), .int64)])
            }
            if mode == .nearest {
                y = try elements(rounded(inside, &reader))
                continue
            }
            let lower = try reader.apply(.floor, inside)
            let upper = try reader.apply(.add, lower, reader.scalar(1, like: lower))
            let weight = try reader.reshape(reader.cast(reader.apply(.sub, inside, lower), x.element), line)
            let (near, far) = (try elements(lower), try elements(upper))
            let rest = try reader.apply(.sub, reader.scalar(1, like: weight), weight)
            y = try reader.apply(.add, reader.apply(.mul, near, rest), reader.apply(.mul, far, weight))
        }
        guard let outside else { return y }
        return try reader.select(outside, reader.scalar(extrapolation, like: y), y)
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
    private func rounded(_ position: Value, _ reader: inout ONNXReader) throws -> Value {
        switch rounding {
        case .floor: return try reader.apply(.floor, position)
        case .ceil: return try reader.apply(.ceil, position)
        case .preferFloor: return try reader.apply(.ceil, reader.apply(.sub, position, reader.scalar(0.5, like: position)))
        case .preferCeil: return try reader.apply(.floor, reader.apply(.add, position, reader.scalar(0.5, like: position)))
        }
    }
}
