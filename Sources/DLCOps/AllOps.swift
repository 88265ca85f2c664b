import DLCGraph

/// Every operator there is, one line each; families give tables.
public enum AllOps {
    public static let definitions: [OperatorDefinition] =
        [
            Constant.definition,
        ]
}
