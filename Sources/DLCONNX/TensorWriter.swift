#if ONNX
internal import CKernels
internal import CONNX
internal import DLCGraph

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Writes tensors into TensorProto messages, or beside the model where a file would pass protobuf's limit.
struct TensorWriter {
    private enum Target {
        /// The message itself.
        case model
        /// A file for large tensors.
        case file(ExternalFile)
        /// A table, where the model is only read again.
        case table(TensorTable)
        /// Nothing is written, since only the operators' forms are tried.
        case nothing
    }

    private let target: Target

    /// Up to this many bytes of constants stay inside the model.
    private static let insideLimit = 1_900_000_000
    /// Smaller tensors stay inside the model always.
    private static let externalThreshold = 1024

    init(inside: ()) { target = .model }

    init(discarding: ()) { target = .nothing }

    /// Tensors with names go to `table`; messages have only their names.
    init(keeping table: TensorTable) { target = .table(table) }

    /// - Parameter path: the model's; external data goes to `NAME.data` in the same folder.
    init(for graph: Graph, path: String) throws {
        var bytes = 0
        for node in graph.nodes { if let constant = node.op as? Constant { bytes += constant.value.byteCount } }
        for state in graph.states { bytes += state.initial.byteCount }
        target = bytes > Self.insideLimit ? .file(try ExternalFile(path: path + ".data")) : .model
    }

    private var external: ExternalFile? {
        guard case .file(let file) = target else { return nil }
        return file
    }

    /// Whether tensors go to a file of their own.
    var isExternal: Bool { external != nil }

    /// Puts the file for large tensors in place; to be called after the last tensor.
    func finish() throws { try external?.finish() }

    func write(_ tensor: Tensor, name: String?, to message: connx_tensor) throws {
        if case .nothing = target { return }
        if let name {
            name.withView { connx_tensor_set_name(message, $0) }
            if case .table(let table) = target { return table.tensors[name] = tensor }
        }
        connx_tensor_set_type(message, Int32(tensor.type.onnx))
        for extent in tensor.shape { connx_tensor_add_dim(message, Int64(extent)) }
        if tensor.type == .string { return try Self.addStrings(of: tensor, to: message) }
        try fileBytes(tensor) { bytes in
            if let external, bytes.count >= Self.externalThreshold {
                let offset = try external.append(bytes)
                external.name.withView {
                    connx_tensor_set_external(message, $0, Int64(offset), Int64(bytes.count))
                }
            } else if !connx_tensor_set_raw(message, bytes.baseAddress, bytes.count) {
                throw DLCError("out of memory")
            }
        }
    }
}

/// Tensors by name, beside a model that says only the names.
final class TensorTable {
    var tensors: [String: Tensor] = [:]
}

extension TensorWriter {
    /// Strings lie in the message always.
    private static func addStrings(of tensor: Tensor, to message: connx_tensor) throws {
        for text in try tensor.texts() {
            let isAdded = text.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { connx_tensor_add_string(message, connx_string(data: $0.baseAddress, size: $0.count)) }
            }
            if !isAdded { throw DLCError("out of memory") }
        }
    }
}

/// The bytes of a tensor as they lie in a file, elements of fewer than eight bits packed.
private func fileBytes(_ tensor: Tensor, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try tensor.withUnsafeBytes { bytes in
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<tensor.byteCount])
        if tensor.type.bits >= 8 { return try body(bytes) }
        var packed = [UInt8](repeating: 0, count: (tensor.count * tensor.type.bits + 7) / 8)
        packed.withUnsafeMutableBytes { dlc_pack_narrow(tensor.type.kernelType, bytes.baseAddress, $0.baseAddress, Int64(tensor.count)) }
        try packed.withUnsafeBytes(body)
    }
}

/// A file of tensors' bytes, each at a multiple of 64. It is written beside its final place, because the tensors
/// may lie in the very file that it replaces.
private final class ExternalFile {
    let name: String
    private let path: String
    private let file: UnsafeMutablePointer<FILE>
    private var size = 0
    private var partPath: String { path + ".part" }

    init(path: String) throws {
        guard let file = fopen(path + ".part", "wb") else { throw DLCError("\(path): \(String(cString: strerror(errno)))") }
        self.file = file
        self.path = path
        name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        let padding = [UInt8](repeating: 0, count: (64 - size % 64) % 64)
        let written = fwrite(padding, 1, padding.count, file) + fwrite(bytes.baseAddress, 1, bytes.count, file)
        guard written == padding.count + bytes.count, fflush(file) == 0 else {
            throw DLCError("\(path): \(String(cString: strerror(errno)))")
        }
        defer { size += written }
        return size + padding.count
    }

    func finish() throws {
        guard rename(partPath, path) == 0 else { throw DLCError("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit {
        fclose(file)
        unlink(partPath)
    }
}
#endif
