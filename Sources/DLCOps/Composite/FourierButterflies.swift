import DLCGraph

/// Discrete Fourier transforms of a few complex numbers by sums, factor by factor (Cooley and Tukey, 1965; Frigo and Johnson, 2005,
/// section 2), in the order of pocketfft, which NumPy and PyTorch compute with: up to signs of zeros its results bit for bit, and exacter
/// than a product with a matrix.
struct FourierButterflies {
    var isInverse: Bool

    /// Real and imaginary part, of one shape.
    private typealias Parts = (re: Value, im: Value)

    /// Lengths up to which this is taken; longer ones are fewer steps as products.
    private static let mostSummed = 16

    /// What a length is the product of; nil for one that is too long or has other factors.
    static func radices(of length: Int) -> [Int]? {
        guard length > 1, length <= mostSummed else { return nil }
        var (rest, radices) = (length, [Int]())
        while rest % 4 == 0 { (rest, radices) = (rest / 4, radices + [4]) }
        // A lone 2 is first.
        if rest % 2 == 0 { (rest, radices) = (rest / 2, [2] + radices) }
        for odd in [3, 5] { while rest % odd == 0 { (rest, radices) = (rest / odd, radices + [odd]) } }
        return rest == 1 ? radices : nil
    }

    /// The transform without a scale of x `[…, n, 2]`.
    func applied(to x: Value, _ radices: [Int], _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(x)
        let (outer, axis) = (Shape(shape.dropLast(2)), shape.count - 1)
        func part(_ index: Int) throws -> Value {
            try reader.reshape(reader.slice(x, axis: axis, from: index, count: 1), Shape(shape.dropLast()))
        }
        let y = try transform((part(0), part(1)), radices[...], outer, &reader)
        let columns = try [y.re, y.im].map { try reader.reshape($0, Shape(shape.dropLast()) + [1]) }
        return try reader.add1(Concat(axis: axis), columns)
    }

    /// With n = m·b + i and k = c + p·k′: sums over b, turns by i·c / n, transforms over i.
    private func transform(_ x: Parts, _ radices: ArraySlice<Int>, _ outer: Shape, _ reader: inout ONNXReader) throws -> Parts {
        guard let radix = radices.first else { return x }
        let rest = radices.dropFirst()
        let inner = rest.reduce(1, *)
        let (grid, axis) = (outer + [Dim(radix), Dim(inner)], outer.count)
        let table = (try reader.reshape(x.re, grid), try reader.reshape(x.im, grid))
        let rows = try (0..<radix).map { row -> Parts in
            (try reader.slice(table.0, axis: axis, from: row, count: 1), try reader.slice(table.1, axis: axis, from: row, count: 1))
        }
        var sums = try summed(rows, &reader)
        if inner > 1 {
            for row in 1..<radix { sums[row] = try turned(sums[row], by: row, of: radix * inner, inner, &reader) }
        }
        func joined(_ parts: [Value]) throws -> Value { try reader.add1(Concat(axis: axis), parts) }
        let whole = (try joined(sums.map(\.re)), try joined(sums.map(\.im)))
        let y = try transform(whole, rest, outer + [Dim(radix)], &reader)
        let order = Array(0..<axis) + [axis + 1, axis]
        let flat = outer + [Dim(radix * inner)]
        func ordered(_ part: Value) throws -> Value {
            try reader.reshape(reader.transpose(reader.reshape(part, grid), order), flat)
        }
        return (try ordered(y.re), try ordered(y.im))
    }

    /// The transform of 2, 3, 4 or 5 values.
    private func summed(_ x: [Parts], _ reader: inout ONNXReader) throws -> [Parts] {
        func plus(_ a: Parts, _ b: Parts) throws -> Parts { (try reader.apply(.add, a.re, b.re), try reader.apply(.add, a.im, b.im)) }
        func minus(_ a: Parts, _ b: Parts) throws -> Parts { (try reader.apply(.sub, a.re, b.re), try reader.apply(.sub, a.im, b.im)) }
        func times(_ a: Parts, _ factor: Double) throws -> Parts {
            let number = try reader.scalar(factor, like: a.re)
            return (try reader.apply(.mul, a.re, number), try reader.apply(.mul, a.im, number))
        }
        switch x.count {
        case 2: return try [plus(x[0], x[1]), minus(x[0], x[1])]
        case 4:
            let (even, odd) = (try plus(x[0], x[2]), try plus(x[1], x[3]))
            let (difference, side) = (try minus(x[0], x[2]), try minus(x[1], x[3]))
            let turned: Parts =
                isInverse ? (try reader.apply(.neg, side.im), side.re) : (side.im, try reader.apply(.neg, side.re))
            return try [plus(even, odd), plus(difference, turned), minus(even, odd), minus(difference, turned)]
        default:
            let half = x.count / 2
            let pairs = try (1...half).map { (sum: try plus(x[$0], x[x.count - $0]), difference: try minus(x[$0], x[x.count - $0])) }
            var result = x
            result[0] = try pairs.reduce(x[0]) { try plus($0, $1.sum) }
            for place in 1...half {
                var (real, side): (Parts, Parts?) = (x[0], nil)
                for (index, pair) in pairs.enumerated() {
                    let angle = 2 * Double.pi * Double(place * (index + 1) % x.count) / Double(x.count) * (isInverse ? 1 : -1)
                    real = try plus(real, times(pair.sum, Oracle.cos(angle)))
                    let term = try times(pair.difference, Oracle.sin(angle))
                    side = try side.map { try plus($0, term) } ?? term
                }
                guard let side else { continue }
                let turned: Parts = (try reader.apply(.neg, side.im), side.re)
                (result[place], result[x.count - place]) = (try plus(real, turned), try minus(real, turned))
            }
            return result
        }
    }

    /// Each of the last dimension's values i times exp(±2πi · i · row / length).
    private func turned(_ x: Parts, by row: Int, of length: Int, _ count: Int, _ reader: inout ONNXReader) throws -> Parts {
        let angles = (0..<count).map { 2 * Double.pi * Double($0 * row) / Double(length) * (isInverse ? 1 : -1) }
        let type = reader.builder.fact(x.re).element
        let cosines = reader.constant(try Tensor(doubles: angles.map { Oracle.cos($0) }, type: type, shape: [count]))
        let sines = reader.constant(try Tensor(doubles: angles.map { Oracle.sin($0) }, type: type, shape: [count]))
        func product(_ a: Value, _ b: Value) throws -> Value { try reader.apply(.mul, a, b) }
        return (
            try reader.apply(.sub, product(x.re, cosines), product(x.im, sines)),
            try reader.apply(.add, product(x.re, sines), product(x.im, cosines))
        )
    }
}
