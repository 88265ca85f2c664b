import DLCGraph

/// Functions of elements at one place.
enum ElementwiseOps {
    static let definitions: [OperatorDefinition] =
        Unary.table + Activation.table + Binary.table + [
            Gelu.definition,
            IsInf.definition,
            Clip.definition,
            PRelu.definition,
            Where.definition,
            Cast.definition,
            NarrowCast.definition,
            QuantizeLinear.definition,
            DequantizeLinear.definition,
        ]
}
