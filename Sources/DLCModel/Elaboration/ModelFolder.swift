import DLCTensor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The folder of a model file, below which all that it imports lies; links that lead out of it are refused.
struct ModelFolder {
    let path: String

    init(_ path: String) { self.path = path.isEmpty ? "./" : path }

    /// The text of a file by its path below the folder.
    func text(of file: String) throws -> String {
        guard let folder = Self.realPath(path) else { throw failure() }
        guard let whole = Self.realPath(path + file) else { throw failure() }
        guard whole.hasPrefix(folder == "/" ? folder : folder + "/") else { throw DLCError("leads out of the main file's folder") }
        // A device or a pipe could be read without end.
        let descriptor = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw DLCError("is no file") }
        // One byte more than a file may have is enough for the parser to refuse it.
        var bytes = [UInt8](repeating: 0, count: Parser.Limits.bytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count) }
            guard got >= 0 else { throw failure() }
            if got == 0 { break }
            count += got
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func failure() -> DLCError { DLCError("cannot be read: \(String(cString: strerror(errno)))") }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
