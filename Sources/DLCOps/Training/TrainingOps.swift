import DLCGraph

/// The operators of this folder.
enum TrainingOps {
    static let definitions: [OperatorDefinition] = [
        Gradient.definition,
        StopGradient.definition,
        Random.definition,
    ]
}
