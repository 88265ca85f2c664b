import DLCGraph

/// ONNX's operators of optional values over tensors, which are there or not when the model is built.
enum OptionalValues {
    /// Whether there is a value: one bool.
    static let readHasElement: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return [reader.constant(try Tensor([reader.operand(0) != nil], shape: []))]
    }

    /// The value; it is an error where there is none.
    static let readGetElement: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return [try reader.required(0)]
    }
}
