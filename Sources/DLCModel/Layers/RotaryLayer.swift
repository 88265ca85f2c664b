import DLCGraph
import DLCOps

/// Positions as turns of pairs of channels.
public struct RotaryLayer: Layer {
    public var count = 0
    public var heads = 1
    public var base = 10000.0
    public var interleaved = false

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "rotaryPositions",
        doc:
            "Queries or keys x `[N, T, heads · D]` with pair i of each head's channels turned by `place · base^(-2i/D)`, so that products of "
            + "queries and keys depend on their distance. A pair is channels i and i + D/2 of a head.",
        source: "Su et al., 2021"
    ) {
        Argument("count", \.count, "the most places a sequence may have", .required)
        Argument("heads", \.heads, "how many heads the last dimension holds")
        Argument("base", \.base, "how far wavelengths reach, in units of 2π")
        Argument("interleaved", \.interleaved, "whether a pair is two neighbours, channels 2i and 2i + 1")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 3 else { throw DLCError("x is \(x.type); expected [N, length, width]") }
        try positive(count, "count")
        try positive(heads, "heads")
        if let length = x.shape[1].constant, length > count { throw DLCError("x is \(x.type); expected at most \(count) places") }
        let width = try x.extent(2)
        guard width % (2 * heads) == 0, base > 1 else {
            throw DLCError("heads is \(heads), base \(base), x is \(x.type); expected heads of an even width and a base above 1")
        }
        let pairs = width / heads / 2
        // Pairs along the last dimension but one or the last: [N, T, heads, 2, pairs] or [N, T, heads, pairs, 2].
        let axis = interleaved ? 4 : 3
        let split = try context.add(
            Reshape(shape: Shape(x.shape[..<2]) + [Dim(heads)] + (interleaved ? [Dim(pairs), 2] : [2, Dim(pairs)])), x)
        let (a, b) = (try split.sliced(axis: axis, from: 0, count: 1, context), try split.sliced(axis: axis, from: 1, count: 1, context))
        func turns(_ function: (Double) -> Double) throws -> TensorValue {
            let table = try table(pairs, x, function).sliced(axis: 0, from: 0, count: x.shape[1], context)
            return try context.add(Reshape(shape: [x.shape[1], 1] + (interleaved ? [Dim(pairs), 1] : [1, Dim(pairs)])), table)
        }
        let (cosines, sines) = (try turns(cosine), try turns(sine))
        let turned = try context.add(Concat(axis: axis), a * cosines - b * sines, b * cosines + a * sines)
        return [try context.add(Reshape(shape: x.shape), turned)]
    }

    /// A function of every place's angle for every pair, `[count, pairs]`.
    private func table(_ pairs: Int, _ x: TensorValue, _ function: (Double) -> Double) throws -> TensorValue {
        guard try Checked.multiply(count, pairs) <= 1 << 26 else { throw DLCError("a table of \(count) × \(pairs) positions is too large") }
        let values = (0..<count).flatMap { place in (0..<pairs).map { function(Double(place) * power(base, -Double($0) / Double(pairs))) } }
        return x.builder.constant(try Tensor(doubles: values, type: x.element, shape: [count, pairs]))
    }
}

extension TensorValue {
    public func rotaryPositions(
        _ count: Int, heads: Int = 1, base: Double = 10000, interleaved: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        try applying(RotaryLayer(count: count, heads: heads, base: base, interleaved: interleaved), name: name)
    }
}
