import DLCGraph

/// Discrete Fourier transforms as products with small constant matrices (ONNX DFT and STFT).
enum FourierTransform {
    /// The most elements of a matrix, 64 Mi.
    private static let mostElements = 1 << 26

    static let readDFT: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "inverse", "onesided"])
        let signal = try complex(reader.required(0), &reader)
        let x = reader.builder.fact(signal)
        if let axis = reader.operand(2), reader.builder.fact(axis).content == nil, reader.builder.constant(axis) == nil {
            return [try branched(signal, over: axis, &reader)]
        }
        let given = try reader.ints(2, "axis")?.first ?? reader.attribute("axis") ?? (reader.opset < 20 ? 1 : -2)
        let axis = try InferenceRules.axis(given, rank: x.rank)
        guard x.rank >= 2, axis < x.rank - 1 else { throw DLCError("axis \(given) of x \(x.type) holds no signal") }
        let (inverse, onesided): (Bool, Bool) = (try reader.attribute("inverse") ?? false, try reader.attribute("onesided") ?? false)
        let length = try reader.dims(1, "dft_length")?.first
        let isOpen = x.shape[axis].constant == nil || (length != nil && length?.constant == nil)
        if isOpen, length ?? x.shape[axis] == x.shape[axis], !(inverse && onesided) {
            return [try open(signal, axis: axis, inverse: inverse, onesided: onesided, &reader)]
        }
        let transform = Transform(inverse: inverse, onesided: onesided, length: try reader.ints(1, "dft_length")?.first)
        return [try transform.applied(to: signal, axis: axis, &reader)]
    }

    /// x whose last dimension, real or complex as only a run knows, is filled up to real and imaginary parts.
    private static func complex(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        let fact = reader.builder.fact(x)
        guard let parts = fact.shape.last, parts.constant == nil else { return x }
        let reason = "x is \(fact.type); expected 1 or 2 as last dimension"
        let missing = try Dim(2).minus(parts)
        try reader.require(.atLeast, parts, 1, reason)
        try reader.require(.atLeast, missing, 0, reason)
        return try reader.add1(Pad(pads: Shape(repeating: 0, count: 2 * fact.rank - 1) + [missing]), [x])
    }

    /// The transform over an axis whose extent n is open: products with cosines and sines of 2π·(k·t mod n) / n, computed then.
    private static func open(
        _ x: Value, axis: Int, inverse: Bool, onesided: Bool, _ reader: inout ONNXReader
    ) throws -> Value {
        let fact = reader.builder.fact(x)
        let (count, parts) = (fact.shape[axis], fact.shape[fact.rank - 1])
        guard parts == 1 || parts == 2 else { throw DLCError("x is \(fact.type); expected 1 or 2 as last dimension") }
        let kept = onesided ? try count.quotient(2).plus(1) : count
        let products = try reader.apply(.mul, reader.reshape(reader.range(count), [count, 1]), reader.range(kept))
        let turns = try reader.cast(reader.apply(.mod, products, reader.extent(count, like: products)), fact.element)
        let unit = try reader.apply(.div, reader.scalar(2 * Double.pi, like: turns), reader.extent(count, like: turns))
        let angles = try reader.apply(.mul, turns, unit)
        let cosines = try reader.apply(.cos, angles)
        let sines = try inverse ? reader.apply(.sin, angles) : reader.apply(.neg, reader.apply(.sin, angles))
        // […, n] for each part
        let others = (0..<(fact.rank - 1)).filter { $0 != axis }
        let moved = try reader.transpose(x, others + [axis, fact.rank - 1])
        let outer = others.map { fact.shape[$0] }
        func part(_ index: Int) throws -> Value {
            try reader.reshape(reader.slice(moved, axis: fact.rank - 1, from: index, count: 1), outer + [count])
        }
        func product(_ a: Value, _ b: Value) throws -> Value { try reader.add1(MatMul(), [a, b]) }
        let re = try part(0)
        var real = try product(re, cosines)
        var imaginary = try product(re, sines)
        if parts == 2 {
            let im = try part(1)
            real = try reader.apply(.sub, real, product(im, sines))
            imaginary = try reader.apply(.add, imaginary, product(im, cosines))
        }
        var result = try reader.add1(
            Concat(axis: -1), [reader.reshape(real, outer + [kept, 1]), reader.reshape(imaginary, outer + [kept, 1])])
        if inverse { result = try reader.apply(.div, result, reader.extent(count, like: result)) }
        let perm = others + [axis, fact.rank - 1]
        return try reader.transpose(result, (0..<fact.rank).map { perm.firstIndex(of: $0) ?? $0 })
    }

    static let readSTFT: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["onesided"])
        var x = try reader.required(0)
        if try reader.fact(0).rank == 3 { x = try complex(x, &reader) }
        let signal = reader.builder.fact(x)
        guard let step = try reader.ints(1, "frame_step")?.first, step > 0 else { throw DLCError("frame_step must be a positive number") }
        let given = try reader.ints(3, "frame_length")?.first
        guard let length = given ?? reader.operand(2).flatMap({ reader.builder.shape($0).first?.constant }), length > 0,
            length <= mostElements, signal.rank == 2 || signal.rank == 3, signal.shape[1].constant ?? length >= length
        else { throw DLCError("signal is \(signal.type); expected at least one frame of a known length") }
        // [batch, frames, length, 1 or 2]
        let channels = signal.rank == 3 ? signal.shape[2] : 1
        let planar = try reader.reshape(x, [signal.shape[0], signal.shape[1], channels])
        var framed = try frames(of: planar, length: length, step: step, &reader)
        if let window = reader.operand(2) { framed = try reader.apply(.mul, framed, reader.reshape(window, [Dim(length), 1])) }
        let transform = Transform(inverse: false, onesided: try reader.attribute("onesided") ?? true, length: length)
        return [try transform.applied(to: framed, axis: 2, &reader)]
    }

    /// The most pieces that a frame is put together from.
    private static let mostPieces = 32

    /// x `[batch, n, channels]` as `[batch, frames, length, channels]`: pieces that divide the length and the step, side by side, or
    /// where they would be too many, elements by their places.
    private static func frames(of x: Value, length: Int, step: Int, _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(x)
        let count = try shape[1].minus(Dim(length)).quotient(Dim(step)).plus(1)
        let piece = greatestCommonDivisor(length, step)
        guard length / piece <= mostPieces else {
            func range(_ count: Dim, by step: Int) throws -> Value {
                let limits = try [Dim(0), count.times(Dim(step)), Dim(step)].map { try reader.add1(Extents(values: [$0], shape: []), []) }
                return try reader.add1(RangeOf(count: count), limits)
            }
            let starts = try reader.reshape(range(count, by: step), [count, 1])
            return try reader.add1(Gather(axis: 1), [x, reader.apply(.add, starts, range(Dim(length), by: 1))])
        }
        let pieces = try shape[1].quotient(Dim(piece))
        let whole = try pieces.times(Dim(piece))
        let used = whole == shape[1] ? x : try reader.slice(x, axis: 1, from: 0, count: whole)
        let blocks = try reader.reshape(used, [shape[0], pieces, Dim(piece), shape[2]])
        let parts = try (0..<length / piece).map { try reader.slice(blocks, axis: 1, from: $0, count: count, step: step / piece) }
        return parts.count == 1 ? parts[0] : try reader.add1(Concat(axis: 2), parts)
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (x, y) = (a, b)
        while y != 0 { (x, y) = (y, x % y) }
        return x
    }

    private struct Transform {
        var inverse: Bool
        var onesided: Bool
        var length: Int?

        /// The transform of a signal whose length only a run knows, by tables of cosines and sines that the run computes.
        private func tabulated(_ x: Value, axis: Int, parts: Int, _ reader: inout ONNXReader) throws -> Value {
            let fact = reader.builder.fact(x)
            let (rank, count) = (fact.rank, fact.shape[axis])
            let isMirrored = inverse && onesided
            let length = try self.length.map { Dim($0) } ?? (isMirrored ? count.minus(1).times(2) : count)
            let kept = try onesided && !inverse ? length.quotient(2).plus(1) : length
            let most = try isMirrored ? length.quotient(2).plus(1) : length
            let used = try most == count ? count : Dim.min(count, most)
            let others = (0..<(rank - 1)).filter { $0 != axis }
            let perm = others + [rank - 1, axis]
            var rows = try reader.transpose(x, perm)
            if used != count { rows = try reader.slice(rows, axis: rank - 1, from: 0, count: used) }
            func part(_ index: Int) throws -> Value { try reader.slice(rows, axis: rank - 2, from: index, count: 1) }

            let time = try reader.reshape(reader.range(used), [used, 1])
            let period = try reader.extent(length, like: time)
            let turns = try reader.apply(.mod, reader.apply(.mul, time, reader.range(kept)), period)
            let scale = try reader.apply(.div, reader.scalar(2 * Double.pi, like: x), reader.extent(length, like: x))
            let angle = try reader.apply(.mul, reader.cast(turns, fact.element), scale)
            var (cosines, sines) = (try reader.apply(.cos, angle), try reader.apply(.sin, angle))
            if inverse {
                var weight = try reader.apply(.div, reader.scalar(1, like: x), reader.extent(length, like: x))
                if isMirrored {
                    // A one-sided spectrum stands for its mirror image too, but for the middle and the start.
                    let twice = try reader.apply(.mul, time, reader.scalar(2, like: time))
                    let isAlone = try reader.apply(
                        .or, reader.apply(.equal, time, reader.scalar(0, like: time)), reader.apply(.equal, twice, period))
                    weight = try reader.apply(.mul, weight, reader.select(isAlone, reader.scalar(1, like: x), reader.scalar(2, like: x)))
                }
                cosines = try reader.apply(.mul, cosines, weight)
                sines = try reader.apply(.mul, reader.apply(.neg, sines), weight)
            }
            let (real, imaginary) = (try part(0), parts == 2 ? try part(1) : nil)
            var sums = [try reader.add1(MatMul(), [real, cosines])]
            if let imaginary { sums[0] = try reader.apply(.add, sums[0], reader.add1(MatMul(), [imaginary, sines])) }
            if !isMirrored {
                let turned = try reader.add1(MatMul(), [real, sines])
                sums.append(
                    try imaginary.map { try reader.apply(.sub, reader.add1(MatMul(), [$0, cosines]), turned) } ?? reader.apply(.neg, turned)
                )
            }
            let result = sums.count == 1 ? sums[0] : try reader.add1(Concat(axis: rank - 2), sums)
            let back = (0..<rank).map { axis in perm.firstIndex(of: axis) ?? axis }
            return try reader.transpose(result, back)
        }

        /// The transform of x `[…, n at axis, …, 1 or 2]`.
        func applied(to x: Value, axis: Int, _ reader: inout ONNXReader) throws -> Value {
            let fact = reader.builder.fact(x)
            let rank = fact.rank
            guard let parts = fact.shape[rank - 1].constant, parts == 1 || parts == 2 else {
                throw DLCError("x is \(fact.type); expected 1 or 2 as last dimension")
            }
            guard let count = fact.shape[axis].constant else { return try tabulated(x, axis: axis, parts: parts, &reader) }
            guard count <= mostElements else { throw DLCError("x is \(fact.type); a signal that long is not supported") }
            let length = self.length ?? (inverse && onesided ? 2 * (count - 1) : count)
            let kept = onesided && !inverse ? length / 2 + 1 : length
            let outputs = onesided && inverse ? 1 : 2
            let isFactored = length > Self.mostDense && length <= mostElements && Self.factor(length) > 1 && !(inverse && onesided)
            let isSmall = try Checked.multiply(Checked.multiply(count, parts), Checked.multiply(kept, outputs)) <= mostElements
            guard length > 0, isFactored || isSmall else {
                throw DLCError("a transform of length \(length) is not supported")
            }
            let others = (0..<(rank - 1)).filter { $0 != axis }
            let perm = others + [axis, rank - 1]
            let moved = try reader.transpose(x, perm)
            let result: Value
            let radices = parts == 2 && !(inverse && onesided) ? FourierButterflies.radices(of: length) : nil
            if radices != nil || (length > Self.mostDense && Self.factor(length) > 1 && !(inverse && onesided)) {
                let filled = try fitted(moved, length, &reader)
                let spectrum =
                    try radices.map { try FourierButterflies(isInverse: inverse).applied(to: filled, $0, &reader) }
                    ?? factored(filled, length, &reader)
                let whole = kept == length ? spectrum : try reader.slice(spectrum, axis: rank - 2, from: 0, count: Dim(kept))
                result = inverse ? try reader.apply(.mul, whole, reader.scalar(1 / Double(length), like: whole)) : whole
            } else {
                result = try dense(moved, length: length, kept: kept, outputs: outputs, &reader)
            }
            let back = (0..<rank).map { axis in perm.firstIndex(of: axis) ?? axis }
            return try reader.transpose(result, back)
        }

        /// Lengths up to which a transform is one product with a matrix.
        private static let mostDense = 64

        /// The greatest factor of a length that is not above its root.
        private static func factor(_ length: Int) -> Int {
            (1...Int(Double(length).squareRoot())).last { length % $0 == 0 } ?? 1
        }

        /// The transform of x `[…, count, 1 or 2]` as one product with a matrix.
        private func dense(_ x: Value, length: Int, kept: Int, outputs: Int, _ reader: inout ONNXReader) throws -> Value {
            let fact = reader.builder.fact(x)
            let (count, parts) = (fact.shape[fact.rank - 2].constant ?? 0, fact.shape[fact.rank - 1].constant ?? 0)
            let outer = Shape(fact.shape.dropLast(2))
            let rows = try reader.reshape(x, outer + [Dim(count * parts)])
            let matrix = try Tensor(
                doubles: matrix(count: count, parts: parts, length: length, kept: kept, outputs: outputs), type: fact.element,
                shape: [count * parts, kept * outputs])
            let product = try reader.add1(MatMul(), [rows, reader.constant(matrix)])
            return try reader.reshape(product, outer + [Dim(kept), Dim(outputs)])
        }

        /// x `[…, count, parts]` cut or filled with zeros to the length.
        private func fitted(_ x: Value, _ length: Int, _ reader: inout ONNXReader) throws -> Value {
            let shape = reader.builder.shape(x)
            let (axis, count) = (shape.count - 2, shape[shape.count - 2].constant ?? 0)
            if count > length { return try reader.slice(x, axis: axis, from: 0, count: Dim(length)) }
            if count == length { return x }
            var pads = [Dim](repeating: 0, count: 2 * shape.count)
            pads[shape.count + axis] = Dim(length - count)
            return try reader.add1(Pad(pads: pads), [x])
        }

        /// The transform without its scale of x `[…, N, 1 or 2]` by that of its factors (Cooley and Tukey, 1965): with
        /// n = N₂·n₁ + n₂ and k = k₁ + N₁·k₂, transforms over n₁, a turn by n₂·k₁ / N, transforms over n₂.
        private func factored(_ x: Value, _ length: Int, _ reader: inout ONNXReader) throws -> Value {
            let (shape, element) = (reader.builder.shape(x), reader.builder.fact(x).element)
            let (first, outer, rank) = (Self.factor(length), Shape(shape.dropLast(2)), shape.count)
            if length <= Self.mostDense || first == 1 {
                return try Transform(inverse: inverse, onesided: false, length: length)
                    .scaled(by: inverse ? Double(length) : 1, dense(x, length: length, kept: length, outputs: 2, &reader), &reader)
            }
            let second = length / first
            let places = Array(0..<(rank - 2))
            // […, n₂, n₁, parts] → […, n₂, k₁, 2]
            let grid = try reader.reshape(x, outer + [Dim(first), Dim(second), shape[rank - 1]])
            let inner = try factored(reader.transpose(grid, places + [rank - 1, rank - 2, rank]), first, &reader)
            let turned = try turned(inner, first, second, element, &reader)
            // […, k₁, n₂, 2] → […, k₁, k₂, 2] → […, k₂, k₁, 2]
            let across = try factored(reader.transpose(turned, places + [rank - 1, rank - 2, rank]), second, &reader)
            return try reader.reshape(reader.transpose(across, places + [rank - 1, rank - 2, rank]), outer + [Dim(length), 2])
        }

        private func scaled(by factor: Double, _ x: Value, _ reader: inout ONNXReader) throws -> Value {
            factor == 1 ? x : try reader.apply(.mul, x, reader.scalar(factor, like: x))
        }

        /// x `[…, n₂, k₁, 2]` times the turns by n₂·k₁.
        private func turned(_ x: Value, _ first: Int, _ second: Int, _ element: ElementType, _ reader: inout ONNXReader) throws -> Value {
            let axis = reader.builder.shape(x).count - 1
            var (cosines, sines) = ([Double](), [Double]())
            for n in 0..<second {
                for k in 0..<first {
                    let angle = 2 * Double.pi * Double(n * k) / Double(first * second) * (inverse ? 1 : -1)
                    cosines.append(Oracle.cos(angle))
                    sines.append(Oracle.sin(angle))
                }
            }
            let shape = [second, first, 1]
            let c = reader.constant(try Tensor(doubles: cosines, type: element, shape: shape))
            let s = reader.constant(try Tensor(doubles: sines, type: element, shape: shape))
            let re = try reader.slice(x, axis: axis, from: 0, count: 1)
            let im = try reader.slice(x, axis: axis, from: 1, count: 1)
            let real = try reader.apply(.sub, reader.apply(.mul, re, c), reader.apply(.mul, im, s))
            let imaginary = try reader.apply(.add, reader.apply(.mul, re, s), reader.apply(.mul, im, c))
            return try reader.add1(Concat(axis: axis), [real, imaginary])
        }

        /// Rows per element of the signal and part, columns per element of the result and part. Elements from `length`
        /// on count nothing.
        private func matrix(count: Int, parts: Int, length: Int, kept: Int, outputs: Int) -> [Double] {
            var values = [Double](repeating: 0, count: count * parts * kept * outputs)
            let width = kept * outputs
            let used = inverse && onesided ? min(count, length / 2 + 1) : min(count, length)
            for t in 0..<used {
                // A one-sided spectrum stands for its mirror image too.
                let isDoubled = inverse && onesided && t > 0 && 2 * t != length
                let weight = (inverse ? 1 / Double(length) : 1) * (isDoubled ? 2 : 1)
                for k in 0..<kept {
                    let angle = 2 * Double.pi * Double(t % length * k % length) / Double(length) * (inverse ? -1 : 1)
                    let (c, s) = (Oracle.cos(angle) * weight, Oracle.sin(angle) * weight)
                    let at = t * parts * width + k * outputs
                    values[at] = c
                    if outputs == 2 { values[at + 1] = -s }
                    if parts == 2 {
                        values[at + width] = s
                        if outputs == 2 { values[at + width + 1] = c }
                    }
                }
            }
            return values
        }
    }
}
