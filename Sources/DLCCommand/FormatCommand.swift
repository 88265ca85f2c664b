import ArgumentParser
import DLC
import DLCTensorFiles
import DLCModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `dlc format`: model files in their canonical layout.
struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "format",
        abstract: "Rewrite model files (.dlm) in the canonical layout.",
        discussion: """
            Only blanks and line breaks change. A folder stands for all .dlm files in it and below. The names of files that \
            changed are printed; a file with mistakes is reported and left as it is. The name - reads standard input and writes \
            standard output.

            EXAMPLES
              dlc format Models
              dlc format --check Models
              dlc format - < network.dlm
            """)

    @ArgumentParser.Argument(help: ArgumentHelp("Files, folders or -.", valueName: "file"))
    var files: [String]

    @Flag(help: "Change nothing; print the files that would change. The status is 1 where there are any.")
    var check = false

    func run() throws {
        var changed = 0
        var mistakes: [Diagnostic] = []
        for path in try files.flatMap({ try ModelFileSearch.files($0) }) {
            do {
                if try format(path) { changed += 1 }
            } catch let errors as ModelErrors {
                mistakes += errors.diagnostics
            }
        }
        if !mistakes.isEmpty { throw ModelErrors(mistakes) }
        if check && changed > 0 { throw DLCError(changed == 1 ? "1 file is not formatted" : "\(changed) files are not formatted") }
    }

    /// Formats a file in its place, or only looks.
    /// - Returns: whether its layout was another.
    private func format(_ path: String) throws -> Bool {
        let isStream = path == "-"
        let bytes = try isStream ? StandardInput.bytes() : located(path) { try Self.bytes(of: MappedFile(path: path)) }
        let name = isStream ? "standard input" : path
        guard let text = String(validating: bytes, as: UTF8.self) else { throw DLCError("is not text in UTF-8", at: [name]) }
        let formatted = try SourceFormatter.format(SourceFile(path: name, text: text))
        let isChanged = formatted != text
        if check {
            if isChanged { print(name) }
        } else if isStream {
            print(formatted, terminator: "")
        } else if isChanged {
            try replace(path, with: formatted)
            print(path)
        }
        return isChanged
    }

    private static func bytes(of file: MappedFile) -> [UInt8] { withExtendedLifetime(file) { Array(file.bytes) } }

    /// Writes the file that a link leads to, not over the link, and keeps its permissions.
    private func replace(_ path: String, with text: String) throws {
        guard let resolved = realpath(path, nil) else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [path]) }
        defer { free(resolved) }
        let target = String(cString: resolved)
        var status = stat()
        guard stat(target, &status) == 0 else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [path]) }
        try Staging.file(target) {
            try TextFile.write(text, to: $0)
            chmod($0, status.st_mode & 0o7777)
        }
    }
}

/// The model files that a name on the command line stands for.
enum ModelFileSearch {
    /// - Throws: where there is no such file, or no model file in the folder.
    static func files(_ path: String) throws -> [String] {
        if path == "-" { return [path] }
        var status = stat()
        guard stat(path, &status) == 0 else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [path]) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            if path.hasSuffix(".dlm") { return [path] }
            throw DLCError("is no model file; expected a name that ends in .dlm, or a folder", at: [path])
        }
        let found = try walk(path)
        if found.isEmpty { throw DLCError("holds no .dlm file", at: [path]) }
        return found
    }

    /// In the order of their names. Hidden folders, and links to folders, which may lead in circles, are left out.
    private static func walk(_ folder: String) throws -> [String] {
        guard let directory = opendir(folder) else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: [folder]) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return try names.filter { !$0.hasPrefix(".") }.sorted().flatMap { name -> [String] in
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { return [] }
            if status.st_mode & S_IFMT == S_IFDIR { return try walk(path) }
            return name.hasSuffix(".dlm") ? [path] : []
        }
    }
}

enum StandardInput {
    /// All of it, of which no more is read than a model file may have, and one byte.
    static func bytes() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Parser.Limits.bytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress.map { $0 + count }, $0.count - count) }
            guard got >= 0 else { throw DLCError("cannot be read: \(String(cString: strerror(errno)))", at: ["standard input"]) }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }
}
