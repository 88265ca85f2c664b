/// Every layer there is: one line each, or one per family.
public enum AllLayers {
    public static let definitions: [LayerDefinition] = [
        DenseLayer.definition, EmbeddingLayer.definition,
        ConvolutionLayer.definition, DepthwiseConvolutionLayer.definition, TransposedConvolutionLayer.definition,
        PoolingLayer.max, PoolingLayer.average, GlobalPoolingLayer.mean, GlobalPoolingLayer.max,
        AdaptivePoolingLayer.average, AdaptivePoolingLayer.max,
        BatchNormLayer.definition, LayerNormLayer.definition, RMSNormLayer.definition, GroupNormLayer.group, GroupNormLayer.instance,
        LocalResponseNormLayer.definition, L2NormalizeLayer.definition,
        SlopedActivationLayer.leaky, SlopedActivationLayer.elu, SlopedActivationLayer.celu, SlopedActivationLayer.thresholded,
        GeluLayer.definition, PReluLayer.definition, SoftplusLayer.definition, ClampLayer.definition, MaxoutLayer.definition,
        SoftmaxLayer.plain, SoftmaxLayer.logarithm,
        FlattenLayer.definition, ReshapeLayer.definition, TransposeLayer.definition, SqueezeLayer.squeeze, SqueezeLayer.unsqueeze,
        ExpandLayer.definition, ConcatLayer.definition, SplitLayer.definition, SliceLayer.definition, PadLayer.pad, PadLayer.crop,
        GatherLayer.definition, OneHotLayer.definition, CastLayer.definition, DropoutLayer.definition,
        DotProductAttentionLayer.definition, MultiHeadAttentionLayer.definition, AdditiveAttentionLayer.definition,
        PositionLayer.learned, PositionLayer.sinusoidal, TransformerLayer.encoder, TransformerLayer.decoder,
        RecurrentLayer.rnn, RecurrentLayer.gru, RecurrentLayer.lstm,
        UpsampleLayer.definition, PixelShuffleLayer.definition, MaxUnpoolLayer.definition, RegionAlignLayer.definition, BoxDecodeLayer.definition,
        ArgumentOfExtremeLayer.max, ArgumentOfExtremeLayer.min, TopKLayer.definition, ExtremeLayer.maximum, ExtremeLayer.minimum,
        CrossEntropyLayer.definition,
    ] + FunctionLayer.Function.allCases.map { FunctionLayer($0).definition } + ReductionLayer.kinds.map { ReductionLayer($0).definition }
        + DistanceLayer.Kind.allCases.map { DistanceLayer($0).definition } + LossLayer.Kind.allCases.map { LossLayer($0).definition }

    /// The layer of that name, or nil.
    public static func named(_ name: String) -> LayerDefinition? { byName[name] }

    private static let byName = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
