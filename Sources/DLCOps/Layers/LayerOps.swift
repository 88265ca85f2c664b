import DLCGraph

/// The operators of this folder.
enum LayerOps {
    static let definitions: [OperatorDefinition] =
        [
            Conv.definition,
            IntegerConv.definition,
            ConvTranspose.definition,
            ColumnsToImage.definition,
            MatMul.definition,
            Gemm.definition,
            IntegerProduct.definition,
            BatchNormalization.definition,
            LayerNormalization.definition,
            GroupNormalization.definition,
            RMSNormalization.definition,
            LpNormalization.definition,
            LRN.definition,
            Determinant.definition,
            Inverse.definition,
            Resize.definition,
        ] + Recurrent.table + Pool.table + Reduce.table + Softmax.table
}
