import DLCGraph

/// The adjoint of average pooling, its gradient: every element of dy goes in equal parts to the elements that its window
/// averages, padding counted as in `Pool`.
///
/// dy is of the pooled shape `[N, C, spatial…]` (`[N, spatial…, C]` with `channelsLast`); the result has the spatial extents
/// `extents`.
public struct AveragePoolGradient: Operator {
    public var kernel: [Int] = []
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each spatial dimension, then behind each.
    public var pads: [Dim] = []
    public var ceilMode = false
    public var countIncludePad = false
    /// The spatial extents of what was pooled.
    public var extents: [Dim] = []
    public var channelsLast = false

    public init() {}

    /// The gradient of a pooling operator over an image with the given spatial extents.
    public init(like pool: Pool, extents: [Dim]) {
        (kernel, strides, dilations, pads) = (pool.kernel, pool.strides, pool.dilations, pool.pads)
        (ceilMode, countIncludePad, channelsLast) = (pool.ceilMode, pool.countIncludePad, pool.channelsLast)
        self.extents = extents
    }

    /// The pooling operator whose gradient this is.
    public var pool: Pool {
        var pool = Pool(.average, kernel: kernel, strides: strides, pads: pads)
        (pool.dilations, pool.ceilMode, pool.countIncludePad, pool.channelsLast) = (dilations, ceilMode, countIncludePad, channelsLast)
        return pool
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        AveragePoolGradient(), name: "average_pool_gradient", operands: ["dy"], results: ["dx"], examples: examples
    ) {
        Attribute("kernel", \.kernel)
        Attribute("strides", \.strides)
        Attribute("dilations", \.dilations)
        Attribute("pads", \.pads)
        Attribute("ceil_mode", \.ceilMode)
        Attribute("count_include_pad", \.countIncludePad)
        Attribute("extents", \.extents)
        Attribute("channels_last", \.channelsLast)
    }

    private static let examples: @Sendable () throws -> [Example] = {
        func example(
            _ name: String, _ pool: Pool, _ extents: [Dim], _ dy: [Int], type: ElementType = .float32,
            _ change: (inout Pool) -> Void = { _ in }
        ) throws -> Example {
            var pool = pool
            change(&pool)
            return Example(name, AveragePoolGradient(like: pool, extents: extents), [try .random(seed: 1, type: type, shape: dy)])
        }
        let padded = Pool(.average, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1])
        return [
            try example("2x2", Pool(.average, kernel: [2, 2], strides: [2, 2]), [7, 6], [2, 3, 3, 3]),
            try example("padding not counted", padded, [7, 6], [2, 3, 4, 3]),
            try example("padding counted", padded, [7, 6], [2, 3, 4, 3]) { $0.countIncludePad = true },
            try example("ceiling", Pool(.average, kernel: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1]), [7, 6], [2, 3, 4, 3]) {
                ($0.ceilMode, $0.countIncludePad) = (true, true)
            },
            try example("channels last", padded, [9, 8], [1, 5, 4, 5]) { $0.channelsLast = true },
            try example("dilated", Pool(.average, kernel: [2, 2]), [7, 6], [2, 3, 5, 3]) { $0.dilations = [2, 3] },
            try example("1-D f64", Pool(.average, kernel: [3], pads: [1, 1]), [9], [1, 2, 9], type: .float64),
        ]
    }

    private var windows: Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "dy", ElementType.floats)
        let (dy, batch, channels, positions) = try context.image(0, channelsLast: channelsLast)
        try windows.check(spatial: positions.count)
        try windows.requirePadding(&context)
        guard extents.count == positions.count else { throw DLCError("extents \(extents.text) must have \(positions.count) entries") }
        let expected = try windows.counts(extents, ceilMode: ceilMode, &context)
        try context.require(
            Shape(positions), equals: Shape(expected), "dy is \(dy.type); \(extents.text) have \(Shape(expected).text) windows")
        return [Fact(dy.element, ImageIndex.shape(batch, channels, extents, channelsLast: channelsLast))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let dy = try Oracle.operand(operands, 0)
        let (extents, pads) = (try Oracle.numbers(extents, "extents"), try Oracle.numbers(pads, "pads"))
        let input = ImageIndex(dy.shape, channelsLast: channelsLast)
        let shape = ImageIndex.shape(dy.shape[0], input.channels, extents, channelsLast: channelsLast)
        let output = ImageIndex(shape, channelsLast: channelsLast)
        let values = try dy.doubles()
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        let rank = extents.count
        Oracle.forEach(input.spatial) { position in
            var (inside, counted) = ([[Int]](), 0)
            Oracle.forEach(kernel) { k in
                let source = (0..<rank).map { position[$0] * strides[$0] + k[$0] * dilations[$0] - pads[$0] }
                let isInside = (0..<rank).allSatisfy { source[$0] >= 0 && source[$0] < extents[$0] }
                let isPadded = (0..<rank).allSatisfy { source[$0] < extents[$0] + pads[$0 + rank] }
                if isInside { inside.append(source) }
                if countIncludePad ? isPadded : isInside { counted += 1 }
            }
            for n in 0..<shape[0] {
                for c in 0..<output.channels {
                    for place in inside { result[output.offset(n, c, place)] += values[input.offset(n, c, position)] / Double(counted) }
                }
            }
        }
        return [try Tensor(doubles: result, type: dy.type, shape: shape)]
    }
}
