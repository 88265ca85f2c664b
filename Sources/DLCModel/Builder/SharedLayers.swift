import DLCGraph

/// Layers that are made once and applied several times with the same weights.
extension ModelBuilder {
    public func dense(
        _ units: Int, bias: Bool = true, transposed: Bool = false, init initialiser: Initialiser = .standard, name: String? = nil
    ) -> LayerInstance {
        layer(DenseLayer(units: units, bias: bias, transposed: transposed, initialiser: initialiser), name: name)
    }

    public func embedding(_ count: Int, _ width: Int, init initialiser: Initialiser = .normal(1), name: String? = nil) -> LayerInstance {
        layer(EmbeddingLayer(count: count, width: width, initialiser: initialiser), name: name)
    }

    public func conv(
        _ channels: Int, kernel: some ExtentsConvertible = 1, stride: some ExtentsConvertible = 1, padding: some PaddingConvertible = 0,
        dilation: some ExtentsConvertible = 1, groups: Int = 1, bias: Bool = true, init initialiser: Initialiser = .standard,
        name: String? = nil
    ) -> LayerInstance {
        let layer = ConvolutionLayer(
            channels: channels, kernel: kernel.extents, stride: stride.extents, padding: padding.padding, dilation: dilation.extents,
            groups: groups, bias: bias, initialiser: initialiser)
        return self.layer(layer, name: name)
    }

    /// Any layer by the name that a model file uses.
    /// - Throws: where there is none of that name, or `CallProblems`.
    public func layer(_ layerName: String, _ arguments: [CallArgument] = [], name: String? = nil) throws -> LayerInstance {
        guard let definition = AllLayers.named(layerName) else { throw DLCError("there is no layer \(layerName)") }
        let (layer, operands) = try definition.matching(arguments)
        guard operands.isEmpty else { throw DLCError("\(layerName) is made without its tensors here") }
        return self.layer(layer, name: name)
    }
}
