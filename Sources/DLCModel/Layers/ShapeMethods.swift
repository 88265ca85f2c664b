import DLCGraph

/// Layers that move or select elements, by the names that a model file uses.
extension TensorValue {
    public func flatten(_ axis: Int = 1, name: String? = nil) throws -> TensorValue { try applying(FlattenLayer(axis: axis), name: name) }
    public func reshape(_ shape: [Dim], name: String? = nil) throws -> TensorValue { try applying(ReshapeLayer(shape: shape), name: name) }
    public func transpose(_ order: [Int] = [], name: String? = nil) throws -> TensorValue {
        try applying(TransposeLayer(order: order), name: name)
    }
    public func squeeze(_ axis: Int, name: String? = nil) throws -> TensorValue {
        var layer = SqueezeLayer(adds: false)
        layer.axis = axis
        return try applying(layer, name: name)
    }
    public func unsqueeze(_ axis: Int, name: String? = nil) throws -> TensorValue {
        var layer = SqueezeLayer(adds: true)
        layer.axis = axis
        return try applying(layer, name: name)
    }
    public func expand(_ shape: [Dim], name: String? = nil) throws -> TensorValue { try applying(ExpandLayer(shape: shape), name: name) }
    public func concat(_ others: TensorValue..., axis: Int = 1, name: String? = nil) throws -> TensorValue {
        try builder.layer(ConcatLayer(axis: axis), name: name).results([self] + others)[0]
    }
    public func stack(_ others: TensorValue..., axis: Int = 0, name: String? = nil) throws -> TensorValue {
        try builder.layer(StackLayer(axis: axis), name: name).results([self] + others)[0]
    }
    public func split(_ parts: some ExtentsConvertible, axis: Int = 1, name: String? = nil) throws -> [TensorValue] {
        try builder.layer(SplitLayer(parts: parts.extents, axis: axis), name: name).results([self])
    }
    public func slice(_ start: Dim, _ end: Dim? = nil, step: Int = 1, axis: Int = 1, name: String? = nil) throws -> TensorValue {
        try applying(SliceLayer(start: start, end: end, step: step, axis: axis), name: name)
    }
    public func pad(
        _ padding: some PaddingConvertible, mode: PadLayer.Mode = .constant, fill: Double = 0, name: String? = nil
    ) throws -> TensorValue {
        var layer = PadLayer(crops: false)
        (layer.padding, layer.mode, layer.fill) = (padding.padding, mode, fill)
        return try applying(layer, name: name)
    }
    public func crop(_ padding: some PaddingConvertible, name: String? = nil) throws -> TensorValue {
        var layer = PadLayer(crops: true)
        layer.padding = padding.padding
        return try applying(layer, name: name)
    }
    public func gather(_ indices: TensorValue, axis: Int = 0, name: String? = nil) throws -> TensorValue {
        try applying(GatherLayer(axis: axis), indices, name: name)
    }
    public func scatter(_ indices: TensorValue, _ updates: TensorValue, name: String? = nil) throws -> TensorValue {
        try builder.layer(ScatterLayer(), name: name).results([self, indices, updates])[0]
    }
    public func oneHot(_ depth: Int, type: ElementType = .float32, name: String? = nil) throws -> TensorValue {
        try applying(OneHotLayer(depth: depth, type: type), name: name)
    }
    public func cast(_ type: ElementType, name: String? = nil) throws -> TensorValue { try applying(CastLayer(type: type), name: name) }
    public func dropout(_ rate: Double = 0.5, name: String? = nil) throws -> TensorValue {
        try applying(DropoutLayer(rate: rate), name: name)
    }
}
