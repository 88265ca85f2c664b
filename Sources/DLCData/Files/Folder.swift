import DLCTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Folders and names of files, without Foundation.
enum Folder {
    /// The names in a folder, sorted by their bytes so that every machine has the same order; hidden ones are left out.
    static func names(in path: String) throws -> [String] {
        guard let folder = opendir(path) else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [path]) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func join(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

    /// The last part of a path.
    static func name(of path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }

    /// The folder that a file lies in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What stands behind the last dot, in lower case; of `a.csv.gz` it is `csv.gz`.
    static func kind(of path: String) -> String {
        let parts = name(of: path).lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return "" }
        if parts.last == "gz", parts.count > 2 { return "\(parts[parts.count - 2]).gz" }
        return String(parts[parts.count - 1])
    }

    /// The name without its folder and what stands behind its last dot.
    static func stem(of path: String) -> String {
        let name = name(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }
}
