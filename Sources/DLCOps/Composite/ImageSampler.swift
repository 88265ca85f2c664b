import DLCGraph

/// What lies outside of a sampled image.
enum SamplePadding: String, Sendable, CaseIterable, AttributeConvertible {
    case zeros, border, reflection
}

/// Reads images `[N, C, extents…]` at coordinates that are computed at run time, by gathers and elementwise operators.
/// Coordinates are f32 `[N, P]` per spatial dimension; samples are `[N, C, P]`.
struct ImageSampler {
    /// `[N, C, product of extents]`, or `[N, product of extents, C]` where whole pixels are read.
    private let pixels: Value
    /// Whether channels are so many that a pixel is read at once, from an image with its channels last.
    private let readsRows: Bool
    let extents: [Dim]
    let padding: SamplePadding
    /// Whether reflection turns at the centres of the outer pixels, not at their edges.
    let alignsCorners: Bool

    init(_ image: Value, padding: SamplePadding, alignsCorners: Bool, _ reader: inout ONNXReader) throws {
        let fact = reader.builder.fact(image)
        guard fact.rank >= 3 else { throw DLCError("x is \(fact.type); expected a batch, channels and at least one spatial dimension") }
        extents = Array(fact.shape[2...])
        for extent in extents { try reader.require(.atLeast, extent, 1, "x is \(fact.type), which is sampled") }
        self.padding = padding
        self.alignsCorners = alignsCorners
        let flat = try reader.reshape(image, [fact.shape[0], fact.shape[1], try extents.product()])
        readsRows = fact.shape[1].constant.map { $0 >= 4 } ?? true
        pixels = readsRows ? try reader.add1(Transpose([0, 2, 1]), [flat]) : flat
    }

    /// `extent · factor + shift` as a scalar of a value's element type.
    func number(_ axis: Int, times factor: Double = 1, plus shift: Double = 0, like x: Value, _ reader: inout ONNXReader) throws -> Value {
        if let extent = extents[axis].constant { return try reader.scalar(Double(extent) * factor + shift, like: x) }
        let product = try reader.apply(.mul, reader.extent(extents[axis], like: x), reader.scalar(factor, like: x))
        return try reader.apply(.add, product, reader.scalar(shift, like: x))
    }

    /// Coordinates at most half outside moved to the nearest pixel.
    private func clamped(_ x: Value, axis: Int, _ reader: inout ONNXReader) throws -> Value {
        if let extent = extents[axis].constant { return try reader.add1(Clip(min: 0, max: Double(extent - 1)), [x]) }
        let last = try number(axis, plus: -1, like: x, &reader)
        return try reader.apply(.max, reader.apply(.min, x, last), reader.scalar(0, like: x))
    }

    /// Coordinates moved to where the image is, as `border` and `reflection` do.
    func folded(_ x: Value, axis: Int, _ reader: inout ONNXReader) throws -> Value {
        switch padding {
        case .zeros: return x
        case .border: return try clamped(x, axis: axis, &reader)
        case .reflection:
            let low = alignsCorners ? 0 : -0.5
            if alignsCorners, extents[axis] == 1 { return try reader.apply(.mul, x, reader.scalar(0, like: x)) }
            // One pixel has no distance to turn within; the smallest one leaves its place.
            var double = try number(axis, times: 2, plus: alignsCorners ? -2 : 0, like: x, &reader)
            if extents[axis].constant == nil { double = try reader.apply(.max, double, reader.scalar(1e-30, like: x)) }
            let distance = try reader.apply(.abs, reader.apply(.sub, x, reader.scalar(low, like: x)))
            let period = try reader.add1(Binary(.mod, fmod: true), [distance, double])
            let back = try reader.apply(.sub, double, period)
            return try reader.apply(.add, reader.apply(.min, period, back), reader.scalar(low, like: x))
        }
    }

    /// The pixels `[N, C, P]` at whole coordinates, as `padding` says for those outside.
    func pixels(at coordinates: [Value], _ reader: inout ONNXReader) throws -> Value {
        try channelsFirst(values(at: coordinates, &reader), &reader)
    }

    private func channelsFirst(_ values: Value, _ reader: inout ONNXReader) throws -> Value {
        readsRows ? try reader.add1(Transpose([0, 2, 1]), [values]) : values
    }

    /// Numbers `[N, P]`, one for each point, beside the values of the points.
    private func beside(_ numbers: Value, _ reader: inout ONNXReader) throws -> Value {
        let points = reader.builder.shape(numbers)
        return try reader.reshape(numbers, readsRows ? [points[0], points[1], 1] : [points[0], 1, points[1]])
    }

    /// The same in the order of `pixels`.
    private func values(at coordinates: [Value], _ reader: inout ONNXReader) throws -> Value {
        var offset: Value?
        var isInside: Value?
        for (axis, coordinate) in coordinates.enumerated() {
            if padding == .zeros {
                let inside = try reader.apply(
                    .and, reader.apply(.greaterOrEqual, coordinate, reader.scalar(0, like: coordinate)),
                    reader.apply(.lessOrEqual, coordinate, number(axis, plus: -1, like: coordinate, &reader)))
                isInside = try isInside.map { try reader.apply(.and, $0, inside) } ?? inside
            }
            let clamped = try clamped(folded(coordinate, axis: axis, &reader), axis: axis, &reader)
            // NaN becomes the least integer.
            let index = try reader.add1(Clip(min: 0), [reader.cast(clamped, .int64)])
            offset = try offset.map {
                try reader.apply(.add, reader.apply(.mul, $0, reader.extent(extents[axis], like: index)), index)
            } ?? index
        }
        guard let offset else { throw DLCError("an image without spatial dimensions cannot be sampled") }
        let values: Value
        if readsRows {
            values = try reader.add1(GatherND(batchDims: 1), [pixels, beside(offset, &reader)])
        } else {
            let (shape, points) = (reader.builder.shape(pixels), reader.builder.shape(offset))
            let spread = try reader.add1(Expand(shape: [shape[0], shape[1], points[1]]), [beside(offset, &reader)])
            values = try reader.add1(GatherElements(axis: 2), [pixels, spread])
        }
        guard let isInside else { return values }
        return try reader.select(beside(isInside, &reader), values, reader.scalar(0, like: values))
    }

    /// Weighted sums over a box of pixels around each point.
    /// - Parameter taps: per spatial dimension, whole coordinates and their weights.
    func sum(_ taps: [[(coordinate: Value, weight: Value)]], _ reader: inout ONNXReader) throws -> Value {
        var total: Value?
        try Self.forEachChoice(taps) { choice in
            let values = try values(at: choice.map(\.coordinate), &reader)
            var weight = choice[0].weight
            for tap in choice.dropFirst() { weight = try reader.apply(.mul, weight, tap.weight) }
            let factor = try reader.cast(beside(weight, &reader), reader.builder.fact(values).element)
            let part = try reader.apply(.mul, values, factor)
            total = try total.map { try reader.apply(.add, $0, part) } ?? part
        }
        guard let total else { throw DLCError("an image without spatial dimensions cannot be sampled") }
        return try channelsFirst(total, &reader)
    }

    /// The two pixels around each coordinate, with the weights of linear interpolation.
    func linearTaps(_ x: Value, _ reader: inout ONNXReader) throws -> [(coordinate: Value, weight: Value)] {
        let one = try reader.scalar(1, like: x)
        let floor = try reader.apply(.floor, x)
        let ratio = try reader.apply(.sub, x, floor)
        return [(floor, try reader.apply(.sub, one, ratio)), (try reader.apply(.add, floor, one), ratio)]
    }

    /// The four pixels around each coordinate, with the weights of Keys' kernel (1981) for a = −0.75.
    func cubicTaps(_ x: Value, _ reader: inout ONNXReader) throws -> [(coordinate: Value, weight: Value)] {
        let a = -0.75
        let floor = try reader.apply(.floor, x)
        let ratio = try reader.apply(.sub, x, floor)
        func polynomial(_ t: Value, _ c: [Double]) throws -> Value {
            var value = try reader.scalar(c[0], like: t)
            for coefficient in c.dropFirst() {
                value = try reader.apply(.add, reader.apply(.mul, value, t), reader.scalar(coefficient, like: t))
            }
            return value
        }
        let (near, far) = ([a + 2, -(a + 3), 0, 1], [a, -5 * a, 8 * a, -4 * a])
        return try (-1...2).map { step in
            let offset = try reader.scalar(Double(step), like: x)
            let distance = try reader.apply(.abs, reader.apply(.sub, ratio, offset))
            let isNear = step == 0 || step == 1
            return (try reader.apply(.add, floor, offset), try polynomial(distance, isNear ? near : far))
        }
    }

    private static func forEachChoice<T>(_ lists: [[T]], _ body: ([T]) throws -> Void) throws {
        try Oracle.forEach(lists.map(\.count)) { index in try body(zip(lists, index).map { $0[$1] }) }
    }
}
