import DLCGraph

/// The windows of a max pooling that a gradient goes through, shared by `MaxPoolGradient` and `MaxPoolSelect`.
package struct MaxPoolWindows: Sendable {
    var kernel: [Int] = []
    var strides: [Int] = []
    var dilations: [Int] = []
    var pads: [Dim] = []
    var ceilMode = false
    var channelsLast = false

    private var windows: Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    /// The shape of the pooled x.
    func pooled(_ context: inout InferContext) throws -> Shape {
        try context.expect(0, "x", ElementType.floats)
        let (_, batch, channels, spatial) = try context.image(0, channelsLast: channelsLast)
        try windows.check(spatial: spatial.count)
        try windows.requirePadding(&context)
        return ImageIndex.shape(batch, channels, try windows.counts(spatial, ceilMode: ceilMode, &context), channelsLast: channelsLast)
    }

    /// The offset in x of the maximum of every window, in the order of the result's elements; -1 where a window lies in the
    /// padding. The first in row order counts, and what is no number before any number, as in `Pool`.
    func maxima(_ x: Tensor) throws -> (places: [Int], shape: [Int]) {
        let input = ImageIndex(x.shape, channelsLast: channelsLast)
        let extents = try Oracle.numbers(windows.counts(input.spatial.map { Dim($0) }, ceilMode: ceilMode), "shape")
        let (values, pads) = (try x.doubles(), try Oracle.numbers(pads, "pads"))
        let shape = ImageIndex.shape(x.shape[0], input.channels, extents, channelsLast: channelsLast)
        let output = ImageIndex(shape, channelsLast: channelsLast)
        var places = [Int](repeating: -1, count: shape.reduce(1, *))
        for n in 0..<x.shape[0] {
            for c in 0..<input.channels {
                Oracle.forEach(extents) { position in
                    var best = -1
                    Oracle.forEach(kernel) { k in
                        let source = k.indices.map { position[$0] * strides[$0] + k[$0] * dilations[$0] - pads[$0] }
                        guard zip(source, input.spatial).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return }
                        let place = input.offset(n, c, source)
                        let isFirst = best < 0
                        if isFirst || values[place] > values[best] || (values[place].isNaN && !values[best].isNaN) { best = place }
                    }
                    places[output.offset(n, c, position)] = best
                }
            }
        }
        return (places, shape)
    }

    /// Windows with their images, and a tensor of the pooled shape or of x's.
    static func examples(isPooled: Bool, _ make: (MaxPoolWindows) -> any Operator) throws -> [Example] {
        func windows(
            _ kernel: [Int], _ strides: [Int], _ pads: [Dim], dilations: [Int]? = nil, ceil: Bool = false, last: Bool = false
        ) -> MaxPoolWindows {
            MaxPoolWindows(
                kernel: kernel, strides: strides, dilations: dilations ?? kernel.map { _ in 1 }, pads: pads, ceilMode: ceil,
                channelsLast: last)
        }
        let x = try Tensor.random(seed: 1, shape: [2, 3, 7, 6])
        let equal = try Tensor((0..<36).map { Float($0 % 3) }, shape: [1, 1, 6, 6])
        let cases: [(String, MaxPoolWindows, Tensor, [Int])] = [
            ("2x2", windows([2, 2], [2, 2], [0, 0, 0, 0]), x, [2, 3, 3, 3]),
            ("overlapping", windows([3, 3], [2, 2], [1, 1, 1, 1]), x, [2, 3, 4, 3]),
            ("ceiling", windows([3, 3], [2, 2], [0, 0, 0, 0], ceil: true), x, [2, 3, 3, 3]),
            (
                "channels last", windows([3, 3], [2, 2], [1, 1, 1, 1], last: true), try .random(seed: 2, shape: [1, 9, 8, 5]), [1, 5, 4, 5]
            ),
            (
                "2x2, last", windows([2, 2], [2, 2], [0, 0, 0, 0], last: true), try .random(seed: 3, shape: [2, 8, 9, 17]), [2, 4, 4, 17]
            ),
            ("dilated", windows([2, 2], [1, 1], [0, 0, 0, 0], dilations: [2, 3]), x, [2, 3, 5, 3]),
            ("equal", windows([2, 2], [2, 2], [0, 0, 0, 0]), equal, [1, 1, 3, 3]),
            ("1-D f64", windows([3], [1], [1, 1]), try .random(seed: 4, type: .float64, shape: [1, 2, 9]), [1, 2, 9]),
        ]
        return try cases.map { name, windows, x, pooled in
            let other = try Tensor.random(seed: 9, type: x.type, shape: isPooled ? pooled : x.shape)
            return Example(name, make(windows), [x, other], isDifferentiable: name != "equal")
        }
    }
}

/// An operator whose attributes are those windows.
package protocol HasMaxPoolWindows: Operator {
    var windows: MaxPoolWindows { get set }
}

extension HasMaxPoolWindows {
    package var kernel: [Int] { windows.kernel }
    package var strides: [Int] { windows.strides }
    package var dilations: [Int] { windows.dilations }
    package var pads: [Dim] { windows.pads }
    package var ceilMode: Bool { windows.ceilMode }
    package var channelsLast: Bool {
        get { windows.channelsLast }
        set { windows.channelsLast = newValue }
    }
}

/// The gradient of max pooling: every element of dy goes to the maximum of its window in x, the first in row order; where
/// windows overlap, they add up. x is `[N, C, spatial…]` (`[N, spatial…, C]` with `channelsLast`), dy of the pooled shape.
public struct MaxPoolGradient: HasMaxPoolWindows {
    package var windows: MaxPoolWindows

    public init(like pool: Pool = Pool(.max)) { windows = MaxPoolWindows(pool) }

    init(_ windows: MaxPoolWindows) { self.windows = windows }

    /// The adjoint: what this operator passes on of a tensor like x.
    public var select: MaxPoolSelect { MaxPoolSelect(windows) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        MaxPoolGradient(), name: "max_pool_gradient", operands: ["x", "dy"], results: ["dx"],
        examples: { try MaxPoolWindows.examples(isPooled: true) { MaxPoolGradient($0) } }
    ) {
        Attribute("kernel", \.windows.kernel)
        Attribute("strides", \.windows.strides)
        Attribute("dilations", \.windows.dilations)
        Attribute("pads", \.windows.pads)
        Attribute("ceil_mode", \.windows.ceilMode)
        Attribute("channels_last", \.windows.channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let expected = try windows.pooled(&context)
        let (x, dy) = (try context.operand(0), try context.operand(1))
        let reason = "dy is \(dy.type); expected \(TensorType(x.element, expected)) for x \(x.type)"
        guard dy.element == x.element else { throw DLCError(reason) }
        try context.require(dy.shape, equals: expected, reason)
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, dy) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1).doubles())
        var result = [Double](repeating: 0, count: x.count)
        for (place, value) in zip(try windows.maxima(x).places, dy) where place >= 0 { result[place] += value }
        return [try Tensor(doubles: result, type: x.type, shape: x.shape)]
    }
}

/// The elements of t at the places of the maxima of x's windows, 0 for a window in the padding: the adjoint of
/// `MaxPoolGradient`. t has x's shape.
public struct MaxPoolSelect: HasMaxPoolWindows {
    package var windows: MaxPoolWindows

    public init(like pool: Pool = Pool(.max)) { windows = MaxPoolWindows(pool) }

    init(_ windows: MaxPoolWindows) { self.windows = windows }

    /// The adjoint: what puts a tensor of the pooled shape back.
    public var gradient: MaxPoolGradient { MaxPoolGradient(windows) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        MaxPoolSelect(), name: "max_pool_select", operands: ["x", "t"],
        examples: { try MaxPoolWindows.examples(isPooled: false) { MaxPoolSelect($0) } }
    ) {
        Attribute("kernel", \.windows.kernel)
        Attribute("strides", \.windows.strides)
        Attribute("dilations", \.windows.dilations)
        Attribute("pads", \.windows.pads)
        Attribute("ceil_mode", \.windows.ceilMode)
        Attribute("channels_last", \.windows.channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let pooled = try windows.pooled(&context)
        let (x, t) = (try context.operand(0), try context.operand(1))
        let reason = "t is \(t.type); expected \(x.type) as x is"
        guard t.element == x.element else { throw DLCError(reason) }
        try context.require(t.shape, equals: x.shape, reason)
        return [Fact(x.element, pooled)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, t) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1).doubles())
        let (places, shape) = try windows.maxima(x)
        return [try Tensor(doubles: places.map { $0 < 0 ? 0 : t[$0] }, type: x.type, shape: shape)]
    }
}

extension MaxPoolWindows {
    /// The windows of a pooling operator.
    init(_ pool: Pool) {
        self.init(
            kernel: pool.kernel, strides: pool.strides, dilations: pool.dilations, pads: pool.pads, ceilMode: pool.ceilMode,
            channelsLast: pool.channelsLast)
    }
}
