#if ONNX
internal import DLCGraph

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Bytes that a model keeps in other files: mapped, never copied, and only from below the model's folder.
struct ExternalData {
    /// The real path of the model's folder, nil where the model is not a file.
    private let folder: String?
    private var files: [String: MappedFile] = [:]

    init(modelPath: String?) {
        folder = modelPath.flatMap { path in
            let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            return Self.realPath(parent)
        }
    }

    /// `length` bytes at `offset` of the file that `location` names relative to the model's folder.
    /// - Throws: for a location that is absolute, climbs with `..`, or leads out of the folder through a symbolic
    ///   link, and for a range outside the file.
    mutating func bytes(_ location: String, offset: Int, length: Int) throws -> (UnsafeRawBufferPointer, MappedFile) {
        try located("external data '\(location)'") {
            let file = try open(location)
            guard offset >= 0, length >= 0, try Checked.add(offset, length) <= file.bytes.count else {
                throw DLCError("bytes \(offset) ..< \(offset)+\(length) are outside the file of \(file.bytes.count) bytes")
            }
            return (UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + length]), file)
        }
    }

    private mutating func open(_ location: String) throws -> MappedFile {
        if let file = files[location] { return file }
        guard let folder else { throw DLCError("the model is not a file, so it has no folder to look in") }
        guard !location.isEmpty else { throw DLCError("the location is empty") }
        guard !location.utf8.contains(0) else { throw DLCError("the location contains a zero byte") }
        guard !location.hasPrefix("/"), !location.contains("\\") else {
            throw DLCError("the location must be relative to the model")
        }
        guard !location.split(separator: "/").contains("..") else { throw DLCError("the location must not contain '..'") }
        guard let path = Self.realPath("\(folder)/\(location)") else { throw DLCError(String(cString: strerror(errno))) }
        guard path.hasPrefix(folder == "/" ? folder : folder + "/") else {
            throw DLCError("the location leads out of the model's folder")
        }
        let file = try MappedFile(path: path)
        files[location] = file
        return file
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
#endif
