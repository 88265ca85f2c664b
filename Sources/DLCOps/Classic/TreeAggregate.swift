import DLCGraph

/// How the weights of a row's leaves make one number.
public enum TreeAggregate: String, AttributeConvertible, CaseIterable {
    case sum, average, min, max

    /// In the numbering of ONNX TreeEnsemble's `aggregate_function`.
    static let numbered: [TreeAggregate] = [.average, .sum, .min, .max]
}
