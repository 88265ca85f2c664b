import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file without a name in the folder of temporary files, written from its beginning to its end and then read anywhere. It is
/// gone when nobody holds it.
final class TemporaryFile {
    private let path: String
    private var descriptor: Int32
    private(set) var size = 0

    /// - Parameter path: the file whose content it is to hold, for messages.
    init(for path: String) throws {
        self.path = path
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array(Folder.join(folder, "dlc-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw DLCError("no temporary file can be made in \(folder): \(String(cString: strerror(errno)))", at: [path])
        }
        unlink(template)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let got = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(size))
            guard got > 0 else { throw DLCError("no temporary file can be written: \(String(cString: strerror(errno)))", at: [path]) }
            done += got
            size += got
        }
    }

    /// The file for reading.
    func finished() throws -> DataFile {
        defer { descriptor = -1 }
        return DataFile(path, descriptor: descriptor, size: size)
    }
}
