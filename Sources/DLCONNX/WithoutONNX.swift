#if !ONNX
public import DLCGraph

// The same functions in a build without the package trait ONNX, so that clients need no conditions.

private let absence = DLCError("this build has no ONNX; build with the package trait ONNX")

/// Throws, because this build has no ONNX.
public func importONNX(path: String, _ settings: InputSettings = InputSettings()) throws -> Graph { throw absence }

/// Throws, because this build has no ONNX.
public func importONNX(text: String, _ settings: InputSettings = InputSettings()) throws -> Graph { throw absence }

/// Throws, because this build has no ONNX.
public func outlineONNX(path: String) throws -> ONNXOutline { throw absence }

/// Throws, because this build has no ONNX.
public func exportONNX(_ graph: Graph, opset: Int? = nil, to path: String) throws { throw absence }

/// Throws, because this build has no ONNX.
public func respelledInONNX(_ graph: Graph, opset: Int? = nil) throws -> Graph { throw absence }

/// Throws, because this build has no ONNX.
public func readONNXInitializers(path: String) throws -> [(name: String, tensor: Tensor)] { throw absence }

/// Throws, because this build has no ONNX.
public enum ONNXTensorFile {
    public static func read(_ path: String) throws -> (name: String, tensor: Tensor) { throw absence }
    public static func write(_ tensor: Tensor, name: String, to path: String) throws { throw absence }
}

/// Throws, because this build has no ONNX.
public enum ONNXDataFile {
    public static func read(_ path: String, _ kind: Container.Kind) throws -> Datum { throw absence }
    public static func write(_ value: Datum, _ kind: Container.Kind, name: String, to path: String) throws { throw absence }
}

/// Throws, because this build has no ONNX.
public enum ONNXMapFile {
    public static func read(_ path: String) throws -> (keys: Tensor, values: Tensor) { throw absence }
    public static func write(_ table: Tensor, keys: Tensor, name: String, to path: String) throws { throw absence }
}
#endif
