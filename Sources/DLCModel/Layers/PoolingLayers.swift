import DLCGraph
import DLCOps

/// Pooling over windows.
public struct PoolingLayer: Layer {
    public let kind: PoolKind
    public var kernel: Extents = 1
    /// Nil for the kernel.
    public var stride: Extents?
    public var padding = Padding.extents(0)
    public var dilation: Extents = 1
    public var ceiling = false
    public var countPadding = true

    public init(_ kind: PoolKind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .max ? Self.max : Self.average }

    static let max = LayerDefinition(
        Self(.max), name: "maxPool", doc: "The maximum of every window of x `[N, C, spatial…]`, and its flat index in x.",
        results: ["y", "indices"]
    ) {
        Argument("kernel", \.kernel, "extents of a window", .required)
        Argument("stride", \.stride, "steps between windows; none for the kernel's extents")
        Argument("padding", \.padding, "elements around the image, which are never the maximum")
        Argument("dilation", \.dilation, "steps between elements of a window")
        Argument("ceiling", \.ceiling, "whether a last window may hang over the end")
    }

    static let average = LayerDefinition(
        Self(.average), name: "averagePool", doc: "The average of every window of x `[N, C, spatial…]`."
    ) {
        Argument("kernel", \.kernel, "extents of a window", .required)
        Argument("stride", \.stride, "steps between windows; none for the kernel's extents")
        Argument("padding", \.padding, "zeros around the image")
        Argument("ceiling", \.ceiling, "whether a last window may hang over the end")
        Argument("countPadding", \.countPadding, "whether padding counts in the average")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let image = try ImageWindows(x, kernel: kernel, stride: stride ?? kernel, dilation: dilation, padding: padding)
        var op = Pool(kind, kernel: image.kernel, strides: image.strides, pads: image.pads)
        op.dilations = image.dilations
        op.ceilMode = ceiling
        op.countIncludePad = kind == .average && countPadding
        return try context.all(op, [x])
    }
}

/// One value per channel from the whole image.
public struct GlobalPoolingLayer: Layer {
    public let kind: ReduceKind
    public var keepDimensions = true

    public init(_ kind: ReduceKind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .max ? Self.max : Self.mean }

    static let mean = define(.mean, "globalAveragePool", "average", source: "Lin et al., 2013")
    static let max = define(.max, "globalMaxPool", "maximum", source: nil)

    private static func define(_ kind: ReduceKind, _ name: String, _ what: String, source: String?) -> LayerDefinition {
        LayerDefinition(
            Self(kind), name: name, doc: "The \(what) of every channel of x `[N, C, spatial…]`: `[N, C, 1…]`.", source: source
        ) {
            Argument("keepDimensions", \.keepDimensions, "whether spatial dimensions of extent 1 remain")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let axes = Array(2..<2 + (try ImageWindows.spatialRank(x)))
        return [try context.add(Reduce(kind, axes: axes, keepDims: keepDimensions), x)]
    }
}

/// Pooling to given extents: window i of n begins at ⌊i · extent / n⌋ and ends at ⌈(i + 1) · extent / n⌉, as in PyTorch.
public struct AdaptivePoolingLayer: Layer {
    public let kind: PoolKind
    public var extents: Extents = 1

    public init(_ kind: PoolKind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .max ? Self.max : Self.average }

    static let average = define(.average, "adaptiveAveragePool", "averages")
    static let max = define(.max, "adaptiveMaxPool", "maxima")

    private static func define(_ kind: PoolKind, _ name: String, _ what: String) -> LayerDefinition {
        LayerDefinition(Self(kind), name: name, doc: "The \(what) of x `[N, C, spatial…]` over windows that give the wanted extents.") {
            Argument("extents", \.extents, "spatial extents of the result", .required)
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let wanted = try extents.spread(over: ImageWindows.spatialRank(x), "extents")
        if wanted.allSatisfy({ $0 == 1 }) {
            return [try context.add(Reduce(kind == .max ? .max : .mean, axes: Array(2..<x.rank)), x)]
        }
        let given = try wanted.indices.map { try x.extent($0 + 2) }
        if given == wanted { return [x] }
        if zip(given, wanted).allSatisfy({ $0 % $1 == 0 }) {
            let kernel = zip(given, wanted).map { $0 / $1 }
            return [try context.all(Pool(kind, kernel: kernel, strides: kernel), [x])[0]]
        }
        return [try wanted.indices.reduce(x) { try pooled($0, axis: $1 + 2, to: wanted[$1], context) }]
    }

    /// One dimension at a time, window by window: averages of averages are exact because windows of one dimension are
    /// equally long for all places of the others.
    private func pooled(_ x: TensorValue, axis: Int, to count: Int, _ context: LayerContext) throws -> TensorValue {
        let extent = try x.extent(axis)
        guard count <= 1 << 12, extent <= 1 << 30 else {
            throw DLCError("pooling \(extent) places to \(count); expected at most \(1 << 12)")
        }
        let windows = try (0..<count).map { i -> TensorValue in
            let start = i * extent / count
            let end = ((i + 1) * extent + count - 1) / count
            let part = try x.sliced(axis: axis, from: Dim(start), count: Dim(end - start), context)
            return try context.add(Reduce(kind == .max ? .max : .mean, axes: [axis]), part)
        }
        return try context.all(Concat(axis: axis), windows)[0]
    }
}

extension TensorValue {
    /// `count` places of a dimension from `start` on.
    func sliced(axis: Int, from start: Dim, count: Dim, _ context: LayerContext) throws -> TensorValue {
        var (starts, sizes) = (Shape(repeating: 0, count: rank), shape)
        (starts[axis], sizes[axis]) = (start, count)
        return try context.add(Slice(starts: starts, sizes: sizes, steps: shape.map { _ in 1 }), self)
    }

    public func maxPool(
        _ kernel: some ExtentsConvertible, stride: (any ExtentsConvertible)? = nil, padding: some PaddingConvertible = 0,
        dilation: some ExtentsConvertible = 1, ceiling: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        var layer = PoolingLayer(.max)
        (layer.kernel, layer.stride, layer.padding) = (kernel.extents, stride?.extents, padding.padding)
        (layer.dilation, layer.ceiling) = (dilation.extents, ceiling)
        return try applying(layer, name: name)
    }

    public func averagePool(
        _ kernel: some ExtentsConvertible, stride: (any ExtentsConvertible)? = nil, padding: some PaddingConvertible = 0,
        ceiling: Bool = false, countPadding: Bool = true, name: String? = nil
    ) throws -> TensorValue {
        var layer = PoolingLayer(.average)
        (layer.kernel, layer.stride, layer.padding) = (kernel.extents, stride?.extents, padding.padding)
        (layer.ceiling, layer.countPadding) = (ceiling, countPadding)
        return try applying(layer, name: name)
    }

    public func globalAveragePool(keepDimensions: Bool = true, name: String? = nil) throws -> TensorValue {
        var layer = GlobalPoolingLayer(.mean)
        layer.keepDimensions = keepDimensions
        return try applying(layer, name: name)
    }

    public func globalMaxPool(keepDimensions: Bool = true, name: String? = nil) throws -> TensorValue {
        var layer = GlobalPoolingLayer(.max)
        layer.keepDimensions = keepDimensions
        return try applying(layer, name: name)
    }

    public func adaptiveAveragePool(_ extents: some ExtentsConvertible, name: String? = nil) throws -> TensorValue {
        var layer = AdaptivePoolingLayer(.average)
        layer.extents = extents.extents
        return try applying(layer, name: name)
    }

    public func adaptiveMaxPool(_ extents: some ExtentsConvertible, name: String? = nil) throws -> TensorValue {
        var layer = AdaptivePoolingLayer(.max)
        layer.extents = extents.extents
        return try applying(layer, name: name)
    }
}
