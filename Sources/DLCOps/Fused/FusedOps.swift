import DLCGraph

/// Operators of our own, which passes introduce and kernels compute in one step.
enum FusedOps {
    static let definitions: [OperatorDefinition] = [
        FusedConv.definition,
        FusedConvTranspose.definition,
        FusedMatMul.definition,
        Attention.definition,
        ElementwiseRegion.definition,
    ]
}
