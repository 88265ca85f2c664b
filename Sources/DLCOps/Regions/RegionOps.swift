import DLCGraph

/// Operators on boxes and on the regions of images that boxes are.
enum RegionOps {
    static let definitions: [OperatorDefinition] = [
        NonMaxSuppression.definition,
        RegionAlign.definition,
        RegionPool.definition,
    ]
}
