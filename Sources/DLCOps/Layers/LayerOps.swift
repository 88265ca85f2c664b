import DLCGraph

/// The operators of this folder.
enum LayerOps {
    static let definitions: [OperatorDefinition] =
        [
            Conv.definition,
            ConvTranspose.definition,
            MatMul.definition,
            Gemm.definition,
            BatchNormalization.definition,
            LayerNormalization.definition,
            LRN.definition,
        ] + Pool.table + Reduce.table + Softmax.table
}
