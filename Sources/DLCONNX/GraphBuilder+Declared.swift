#if ONNX
internal import DLCGraph
internal import DLCOps

extension GraphBuilder {
    /// A value as an output is declared: an optional is taken out of where it is declared to be there, and put into one where it may
    /// not be.
    /// - Parameter declared: the output's type where it holds tensors.
    mutating func asDeclared(_ value: Value, _ declared: TensorType?, named name: String) throws -> Value {
        let isOptional = fact(value).type.container?.kind.isOptional ?? false
        let isDeclared = declared?.container?.kind.isOptional ?? false
        if isOptional, !isDeclared { return try add1(OptionalGetElement(), [value], resultName: name) }
        if isDeclared, !isOptional { return try add1(MakeOptional(), [value], resultName: name) }
        return value
    }
}
#endif
