import Foundation
@testable import DLCModel
import Testing

/// The files beside the tests.
enum SyntaxFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "SyntaxCases")

    /// Correct files: realistic networks, and one with every form of the language, all in canonical layout.
    static let networks: [SourceFile] = files("Networks", "dlm").map { SourceFile(path: $0.name, text: $0.text) }

    /// The models of the repository and their blocks.
    static let zoo: [SourceFile] = ["Models", "Models/blocks"].flatMap { folder in
        files("../../../\(folder)", "dlm").map { SourceFile(path: "\(folder)/\($0.name)", text: $0.text) }
    }

    /// What is wrong and how it is reported: cases that begin with a line `=== name` and hold their errors as comments
    /// `// expect: line:column message; help`, in order and complete.
    static let wrong: [SourceFile] = files("Wrong", "dlm").flatMap { name, text in
        cases(text).map { SourceFile(path: "\(name): \($0.path)", text: $0.text) }
    }

    /// Cases in that format of `ElaborationCases/NAME`.
    static func elaborations(_ name: String) -> [SourceFile] {
        let url = folder.deletingLastPathComponent().appending(path: "ElaborationCases/\(name)")
        return cases((try? String(contentsOf: url, encoding: .utf8)) ?? "")
    }

    private static func cases(_ text: String) -> [SourceFile] {
        text.components(separatedBy: "=== ").dropFirst().map { part in
            let end = part.firstIndex(of: "\n") ?? part.endIndex
            return SourceFile(path: String(part[..<end]), text: String(part[end...].dropFirst()))
        }
    }

    private static func files(_ folder: String, _ suffix: String) -> [(name: String, text: String)] {
        let found = try? FileManager.default.contentsOfDirectory(at: Self.folder.appending(path: folder), includingPropertiesForKeys: nil)
        return (found ?? []).filter { $0.pathExtension == suffix }.sorted { $0.path() < $1.path() }.map { url in
            (url.lastPathComponent, (try? String(contentsOf: url, encoding: .utf8)) ?? "")
        }
    }
}

extension SourceFile: CustomTestStringConvertible {
    public var testDescription: String { path }
}

/// A tree as indented text with everything but its ranges, so that two can be compared.
func outline(_ value: Any, _ indent: String = "") -> String {
    if value is SourceRange || value is SourceFile { return "" }
    let mirror = Mirror(reflecting: value)
    if mirror.children.isEmpty || value is String { return "\(indent)\(value)\n" }
    let head = "\(indent)\(mirror.subjectType)\n"
    return mirror.children.reduce(head) { text, child in
        let isCase = mirror.displayStyle == .enum ? "\(indent) \(child.label ?? "")\n" : ""
        return text + isCase + outline(child.value, indent + "  ")
    }
}
