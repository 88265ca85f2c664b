/// Tensors of strings.
extension Tensor {
    /// A tensor of strings.
    /// - Throws: where their number is not the shape's product.
    public init(_ strings: [String], shape: [Int]) throws { try self.init(texts: strings.map { Array($0.utf8) }, shape: shape) }

    /// A tensor of strings as bytes, which should be UTF-8.
    /// - Throws: where their number is not the shape's product, or one has more than 2³¹ − 1 bytes.
    public init(texts: [[UInt8]], shape: [Int]) throws {
        let count = try Checked.count(shape)
        guard count == texts.count else { throw DLCError("shape \(shape) holds \(count) elements, \(texts.count) are given") }
        let handles = try StringPool.shared.intern(texts)
        defer { handles.withUnsafeBufferPointer { StringPool.shared.release($0) } }
        try self.init(type: .string, shape: shape) { target in handles.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    /// The elements as strings.
    /// - Throws: where the tensor has another element type, or a string is no UTF-8; `texts` gives the bytes of such.
    public func array(of _: String.Type) throws -> [String] {
        try texts().enumerated().map { index, text in
            guard let string = String(validating: text, as: UTF8.self) else {
                throw DLCError("string \(index) of \(type)\(shape) is no UTF-8")
            }
            return string
        }
    }

    /// The bytes of each string.
    /// - Throws: where the tensor has another element type.
    public func texts() throws -> [[UInt8]] { try withHandles { try StringPool.shared.texts($0) } }

    /// Calls `body` with what stands for each string: equal handles, equal strings.
    /// - Throws: where the tensor has another element type, or what `body` throws.
    package func withHandles<R>(_ body: (UnsafeBufferPointer<StringPool.Handle>) throws -> R) throws -> R {
        guard type == .string else { throw DLCError("the tensor holds \(type), not strings") }
        return try withUnsafeBytes { try body($0.bindMemory(to: StringPool.Handle.self)) }
    }
}

extension TensorStorage {
    /// Holds the strings whose handles the bytes are, as long as the storage lives.
    /// - Throws: where one is no handle.
    func holdStrings() throws {
        try StringPool.shared.retain(handles)
        holdsStrings = true
    }

    func releaseStrings() { if holdsStrings { StringPool.shared.release(handles) } }

    private var handles: UnsafeBufferPointer<StringPool.Handle> {
        UnsafeBufferPointer(UnsafeMutableRawBufferPointer(start: base, count: byteCount).bindMemory(to: StringPool.Handle.self))
    }
}
