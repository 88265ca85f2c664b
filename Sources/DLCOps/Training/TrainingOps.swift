import DLCGraph

/// The operators of this folder.
enum TrainingOps {
    static let definitions: [OperatorDefinition] = [
        Gradient.definition,
        StopGradient.definition,
        RectifyGradient.definition,
        Random.definition,
        ConvWeightGradient.definition,
        MaxPoolGradient.definition,
        MaxPoolSelect.definition,
        AveragePoolGradient.definition,
        BatchNormTraining.definition,
        BatchNormGradient.definition,
        ResizeGradient.definition,
        GatherGradient.definition,
        RegionAlignGradient.definition,
        RegionPoolGradient.definition,
        AttentionGradient.definition,
    ] + RecurrentGradient.table
}
