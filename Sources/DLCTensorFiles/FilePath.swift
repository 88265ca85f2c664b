import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Names of files, and what is there.
package enum FilePath {
    /// The path from the root, links resolved; as it is where nothing is there.
    package static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What stands before the name, with its slash; empty for a file where one is.
    package static func folder(_ path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isFile(_ path: String) -> Bool { mode(path) == S_IFREG }
    package static func isFolder(_ path: String) -> Bool { mode(path) == S_IFDIR }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// The path, or with the first number behind it that is free.
    package static func free(_ path: String) -> String {
        if !exists(path) { return path }
        var number = 2
        while exists("\(path)-\(number)") { number += 1 }
        return "\(path)-\(number)"
    }

    /// Makes a folder and those above it that are missing.
    /// - Throws: where something else has the name, or the system refuses.
    package static func makeFolder(_ path: String) throws {
        var end = path.startIndex
        while end != path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            if mkdir(part, 0o777) != 0, !isFolder(part) {
                throw DLCError("cannot make the folder: \(String(cString: strerror(errno)))", at: [part])
            }
        }
    }

    private static func free(_ pointer: UnsafeMutablePointer<CChar>) { release(pointer) }
}

private func release(_ pointer: UnsafeMutablePointer<CChar>) { free(pointer) }
