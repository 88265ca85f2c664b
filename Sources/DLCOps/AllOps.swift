import DLCGraph

/// Every operator there is: the tables of the folders, in which each operator or family has one line.
public enum AllOps {
    public static let definitions: [OperatorDefinition] =
        [Constant.definition, Extents.definition, Numbers.definition] + ElementwiseOps.definitions + MovementOps.definitions
        + LayerOps.definitions
        + ControlOps.definitions + SequenceOps.definitions + RegionOps.definitions + ClassicOps.definitions + TextOps.definitions
        + FusedOps.definitions + TrainingOps.definitions

    /// How ONNX operators are read and written.
    public static let mappings: [ONNXMapping] =
        definitions.flatMap(\.onnx) + CompositeOps.mappings + ClassicOps.mappings + ContribOps.mappings
}
