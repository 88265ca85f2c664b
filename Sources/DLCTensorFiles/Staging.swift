import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files appear under their names complete or not at all.
package enum Staging {
    /// Lets `body` write one file, and what it writes beside it, in a hidden folder; then moves all of it to `path`.
    /// - Throws: what `body` throws, or where the place cannot be written; nothing is left behind.
    package static func file(_ path: String, _ body: (_ temporary: String) throws -> Void) throws {
        guard let slash = path.lastIndex(of: "/") else { return try into(".", name: path, body) }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        try into(folder, name: String(path[path.index(after: slash)...]), body)
    }

    /// Lets `body` write files into a folder that appears, or grows, when all are written.
    package static func folder(_ path: String, _ body: (_ temporary: String) throws -> Void) throws {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if try isFolder(path) {
            try moved(from: try temporaryFolder(in: path), to: path, body)
        } else {
            let made = try makeParents(of: path)
            do {
                let temporary = try temporaryFolder(beside: path)
                do {
                    try body(temporary)
                    try check(rename(temporary, path), path)
                    chmod(path, 0o777 & ~currentMask())
                } catch {
                    remove(temporary)
                    throw error
                }
            } catch {
                for parent in made.reversed() { rmdir(parent) }
                throw error
            }
        }
    }

    private static func into(_ folder: String, name: String, _ body: (String) throws -> Void) throws {
        guard !name.isEmpty, name != ".", name != ".." else { throw DLCError("is no name of a file", at: ["\(folder)/\(name)"]) }
        let target = folder == "." ? name : "\(folder)/\(name)"
        if try isFolder(target) { throw DLCError("cannot write: a folder has that name", at: [target]) }
        let temporary = try located(target) { try temporaryFolder(in: folder) }
        try moved(from: temporary, to: folder) { try body("\($0)/\(name)") }
    }

    /// Runs `body` on a temporary folder and moves its files, or removes it where it fails.
    private static func moved(from temporary: String, to folder: String, _ body: (String) throws -> Void) throws {
        defer { remove(temporary) }
        try body(temporary)
        for name in entries(temporary) {
            if try isFolder("\(folder)/\(name)") { throw DLCError("cannot write: a folder has that name", at: ["\(folder)/\(name)"]) }
        }
        for name in entries(temporary) { try check(rename("\(temporary)/\(name)", "\(folder)/\(name)"), "\(folder)/\(name)") }
    }

    /// A new folder for files that shall not outlive the process, in the system's place for such.
    package static func scratchFolder() throws -> String {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        return try makeUnique("\(root.isEmpty ? "/tmp" : root)/dlc-", at: root)
    }

    /// Removes what processes that were killed have left in a folder that nobody else writes.
    package static func sweep(_ folder: String) {
        for name in entries(folder) where name.hasPrefix(".dlc-") { remove("\(folder)/\(name)") }
    }

    /// Removes a folder and the files in it.
    package static func remove(_ folder: String) {
        for name in entries(folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func temporaryFolder(in folder: String) throws -> String { try makeUnique("\(folder)/.dlc-", at: folder) }
    private static func temporaryFolder(beside path: String) throws -> String { try makeUnique("\(path).dlc-", at: path) }

    private static func makeUnique(_ prefix: String, at place: String) throws -> String {
        var bytes = Array((prefix + "XXXXXX").utf8CString)
        guard mkdtemp(&bytes) != nil else { throw DLCError("cannot write: \(reason)", at: [place]) }
        return String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes the missing folders above a path and returns them.
    private static func makeParents(of path: String) throws -> [String] {
        var made: [String] = []
        for index in path.indices where path[index] == "/" && index != path.startIndex {
            let parent = String(path[..<index])
            if mkdir(parent, 0o777) == 0 {
                made.append(parent)
            } else if errno != EEXIST {
                let message = reason
                for parent in made.reversed() { rmdir(parent) }
                throw DLCError("cannot make the folder: \(message)", at: [parent])
            }
        }
        return made
    }

    private static func isFolder(_ path: String) throws -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func entries(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func currentMask() -> mode_t {
        let mask = umask(0)
        umask(mask)
        return mask
    }

    private static func check(_ status: Int32, _ path: String) throws {
        if status != 0 { throw DLCError("cannot write: \(reason)", at: [path]) }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
