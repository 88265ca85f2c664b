import DLCGraph
import DLCOps

/// An image made larger by interpolation.
public struct UpsampleLayer: Layer {
    public enum Mode: String, Sendable, CaseIterable, ArgumentConvertible { case nearest, linear, bilinear, bicubic }

    /// Nil for 2, or what `size` asks for.
    public var scale: Extents?
    public var size: [Dim]?
    public var mode = Mode.nearest
    public var alignCorners = false

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "upsample",
        doc: "x `[N, C, spatial…]` with every spatial extent times a whole number, or with the extents of `size`, interpolated."
    ) {
        Argument("scale", \.scale, "how many times as large; 2 where there is no size either", .positional)
        Argument("size", \.size, "spatial extents of the result, in place of a scale")
        Argument("mode", \.mode, "how elements between those of x are computed")
        Argument("alignCorners", \.alignCorners, "whether the corners of x are those of the result")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let rank = try ImageWindows.spatialRank(x)
        var factors: [Double] = []
        let spatial: [Dim]
        if let size {
            guard scale == nil else { throw DLCError("both scale and size are given; expected one of them") }
            guard size.count == rank, size.allSatisfy({ $0.constant ?? 1 >= 1 }) else {
                throw DLCError("size is \(size); expected \(rank) extents from 1, one per spatial dimension of \(x.type)")
            }
            spatial = size
        } else {
            let whole = try (scale ?? 2).spread(over: rank, "scale")
            factors = [1, 1] + whole.map(Double.init)
            spatial = try zip(x.shape[2...], whole).map { try $0.times(Dim($1)) }
        }
        let kind: ResizeMode =
            switch mode {
            case .nearest: .nearest;
            case .linear, .bilinear: .linear;
            case .bicubic: .cubic
            }
        let coordinates: ResizeCoordinates = kind == .nearest ? .asymmetric : alignCorners ? .alignCorners : .halfPixel
        let op = Resize(sizes: Shape(x.shape[..<2]) + spatial, scales: factors, mode: kind, coordinates: coordinates, rounding: .floor)
        return [try context.add(op, x)]
    }
}

/// Channels moved into space.
public struct PixelShuffleLayer: Layer {
    public var factor = 2

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "pixelShuffle", doc: "`[N, C·f², H, W]` becomes `[N, C, H·f, W·f]`.", source: "Shi et al., 2016"
    ) {
        Argument("factor", \.factor, "f, how many times as large", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 4, factor >= 1, factor <= 1 << 12 else {
            throw DLCError("x is \(x.type), factor \(factor); expected [N, C, H, W] and at least 1")
        }
        let channels = try x.extent(1)
        guard channels % (factor * factor) == 0 else { throw DLCError("\(factor)² does not divide the \(channels) channels of \(x.type)") }
        let (depth, f) = (Dim(channels / (factor * factor)), Dim(factor))
        let parts = try context.add(Reshape(shape: [x.shape[0], depth, f, f, x.shape[2], x.shape[3]]), x)
        let moved = try context.add(Transpose([0, 1, 4, 2, 5, 3]), parts)
        return [try context.add(Reshape(shape: [x.shape[0], depth, x.shape[2].times(f), x.shape[3].times(f)]), moved)]
    }
}

/// The inverse of max pooling.
public struct MaxUnpoolLayer: Layer {
    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "maxUnpool",
        doc:
            "Zeros in the shape of `like`, the tensor that was pooled, with the elements of x at the places that max pooling took them from.",
        source: "Zeiler et al., 2011", operands: ["x", "indices", "like"])

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (x, indices, like) = (try operand(operands, 0), try operand(operands, 1), try operand(operands, 2))
        guard indices.shape == x.shape else { throw DLCError("x is \(x.type), indices are \(indices.type); expected one shape") }
        let zeros = try context.add(Fill(shape: [like.shape.product()], value: Tensor(filling: 0, type: x.element, shape: [])))
        let flat: Shape = [try x.shape.product()]
        let filled = try context.add(
            ScatterElements(axis: 0), zeros, context.add(Reshape(shape: flat), indices), context.add(Reshape(shape: flat), x))
        return [try context.add(Reshape(shape: like.shape), filled)]
    }
}

extension TensorValue {
    public func upsample(
        _ scale: some ExtentsConvertible = 2, mode: UpsampleLayer.Mode = .nearest, alignCorners: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        try applying(UpsampleLayer(scale: scale.extents, mode: mode, alignCorners: alignCorners), name: name)
    }
    public func upsample(
        size: [Dim], mode: UpsampleLayer.Mode = .nearest, alignCorners: Bool = false, name: String? = nil
    ) throws -> TensorValue {
        try applying(UpsampleLayer(size: size, mode: mode, alignCorners: alignCorners), name: name)
    }
    public func pixelShuffle(_ factor: Int, name: String? = nil) throws -> TensorValue {
        try applying(PixelShuffleLayer(factor: factor), name: name)
    }
    public func maxUnpool(_ indices: TensorValue, like: TensorValue, name: String? = nil) throws -> TensorValue {
        try applying(MaxUnpoolLayer(), indices, like, name: name)
    }
    /// Max pooling with the flat index of every maximum, for `maxUnpool`.
    public func maxPoolWithIndices(
        _ kernel: some ExtentsConvertible, stride: (any ExtentsConvertible)? = nil, padding: some PaddingConvertible = 0,
        name: String? = nil
    ) throws -> (y: TensorValue, indices: TensorValue) {
        var layer = PoolingLayer(.max)
        (layer.kernel, layer.stride, layer.padding) = (kernel.extents, stride?.extents, padding.padding)
        let results = try builder.layer(layer, name: name).results([self])
        return (results[0], results[1])
    }
}
