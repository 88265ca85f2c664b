/// A model file as it is written, with all that it imports.
public enum ModelText {
    /// - Returns: each file's path below the folder of the first, which is the one asked for, and its text.
    /// - Throws: where the file cannot be read or does not parse, `ModelErrors`.
    public static func files(of path: String) throws -> [(path: String, text: String)] {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let (folder, name) = (String(path[..<start]), String(path[start...]))
        var files: [(path: String, text: String)] = []
        var loader = ModelFileLoader(folder: folder) { name in
            let text = try ModelFolder(folder).text(of: name)
            files.append((name, text))
            return text
        }
        _ = try located(path) { try loader.load(name) }
        guard loader.errors.isEmpty else { throw ModelErrors(loader.errors) }
        return files
    }
}
