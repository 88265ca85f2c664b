/// Every layer there is, in the groups in which `dlc layers` and the reference page show them: one line each, or one per
/// family.
public enum AllLayers {
    public struct Group: Sendable {
        public let title: String
        public let layers: [LayerDefinition]
    }

    public static let groups: [Group] = [
        Group(title: "Dense layers and embeddings", layers: [DenseLayer.definition, EmbeddingLayer.definition]),
        Group(
            title: "Convolutions",
            layers: [
                ConvolutionLayer.definition, DepthwiseConvolutionLayer.definition, MaskedConvolutionLayer.definition,
                TransposedConvolutionLayer.definition,
            ]),
        Group(
            title: "Pooling and resampling",
            layers: [
                PoolingLayer.max, PoolingLayer.average, GlobalPoolingLayer.mean, GlobalPoolingLayer.max,
                AdaptivePoolingLayer.average, AdaptivePoolingLayer.max,
                MaxUnpoolLayer.definition, UpsampleLayer.definition, PixelShuffleLayer.definition,
            ]),
        Group(
            title: "Normalisation and dropout",
            layers: [
                BatchNormLayer.definition, LayerNormLayer.definition, RMSNormLayer.definition, GroupNormLayer.group,
                GroupNormLayer.instance,
                LocalResponseNormLayer.definition, L2NormalizeLayer.definition, DropoutLayer.elements, DropoutLayer.channels,
                DropoutLayer.examples,
            ]),
        Group(
            title: "Activations",
            layers: [
                SlopedActivationLayer.leaky, SlopedActivationLayer.elu, SlopedActivationLayer.celu, SlopedActivationLayer.thresholded,
                GeluLayer.definition, PReluLayer.definition, SoftplusLayer.definition, ClampLayer.definition, MaxoutLayer.definition,
                SoftmaxLayer.plain, SoftmaxLayer.logarithm,
            ] + FunctionLayer.activations.map { FunctionLayer($0).definition }),
        Group(title: "Recurrent layers", layers: [RecurrentLayer.rnn, RecurrentLayer.gru, RecurrentLayer.lstm]),
        Group(
            title: "Attention and transformers",
            layers: [
                DotProductAttentionLayer.definition, MultiHeadAttentionLayer.definition, AdditiveAttentionLayer.definition,
                PositionLayer.learned, PositionLayer.sinusoidal, RotaryLayer.definition, TransformerLayer.encoder, TransformerLayer.decoder,
            ]),
        Group(
            title: "Shapes and selection",
            layers: [
                FlattenLayer.definition, ReshapeLayer.definition, TransposeLayer.definition, SqueezeLayer.squeeze, SqueezeLayer.unsqueeze,
                ExpandLayer.definition, ConcatLayer.definition, StackLayer.definition, SplitLayer.definition, SliceLayer.definition,
                PadLayer.pad, PadLayer.crop, GatherLayer.definition, ScatterLayer.definition, OneHotLayer.definition,
                CastLayer.definition,
            ]),
        Group(
            title: "Regions and boxes",
            layers: [
                RegionAlignLayer.definition, PyramidAlignLayer.definition, RegionPoolLayer.definition, BoxDecodeLayer.definition,
                NonMaxSuppressionLayer.definition, TakeLayer.definition,
            ]),
        Group(
            title: "Reductions and order",
            layers: ReductionLayer.kinds.map { ReductionLayer($0).definition } + [
                ArgumentOfExtremeLayer.max, ArgumentOfExtremeLayer.min, TopKLayer.definition,
            ]),
        Group(
            title: "Functions of elements",
            layers: [ExtremeLayer.maximum, ExtremeLayer.minimum]
                + FunctionLayer.functions.map { FunctionLayer($0).definition }),
        Group(title: "Distances", layers: DistanceLayer.Kind.allCases.map { DistanceLayer($0).definition }),
        Group(
            title: "Random numbers and gradients",
            layers: [
                RandomLayer.normal, RandomLayer.uniform, GaussianNoiseLayer.definition, AugmentationLayer.shift, AugmentationLayer.flip,
                AugmentationLayer.rotation, AugmentationLayer.crop, StopGradientLayer.definition,
            ]),
        Group(title: "Losses", layers: [CrossEntropyLayer.definition] + LossLayer.Kind.allCases.map { LossLayer($0).definition }),
    ]

    public static let definitions = groups.flatMap(\.layers)

    /// The layer of that name, or nil.
    public static func named(_ name: String) -> LayerDefinition? { byName[name] }

    private static let byName = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
