import DLCTensor
import Foundation
@testable import DLCModel
import Testing

/// The grammar for editors, `Tools/editor/dlm.tmLanguage.json`, knows the words and signs of the language.
@Suite struct SyntaxEditorTests {
    /// Every regular expression of the grammar.
    private func patterns() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let grammar = try JSONSerialization.jsonObject(with: Data(contentsOf: root.appending(path: "Tools/editor/dlm.tmLanguage.json")))
        func patterns(_ value: Any) -> [String] {
            if let list = value as? [Any] { return list.flatMap(patterns) }
            guard let object = value as? [String: Any] else { return [] }
            return object.flatMap { key, value in
                ["match", "begin", "end"].contains(key) ? [value as? String].compactMap(\.self) : patterns(value)
            }
        }
        return patterns(grammar)
    }

    /// Whether one of the grammar's patterns takes the whole of `part` in `line`.
    private func takes(_ part: String, in line: String) throws -> Bool {
        let whole = NSRange(line.startIndex..., in: line)
        return try patterns().contains { pattern in
            try NSRegularExpression(pattern: pattern).matches(in: line, range: whole).contains { match in
                (0..<match.numberOfRanges).contains { Range(match.range(at: $0), in: line).map { line[$0] == part } ?? false }
            }
        }
    }

    @Test(arguments: Keyword.allCases) func keywordsAreKnown(word: Keyword) throws {
        #expect(try takes(word.rawValue, in: "\(word.rawValue) a {"))
    }

    @Test(arguments: ElementType.computed) func typesAreKnown(type: ElementType) throws {
        #expect(try takes(type.name, in: "x: \(type.name)[N]"))
    }

    @Test(arguments: Symbol.allCases) func signsAreKnown(symbol: Symbol) throws {
        #expect(try takes(symbol.rawValue, in: "a\(symbol.rawValue)b"))
    }

    @Test(arguments: [
        ("state", "    state h: f32[1]"), ("next", "next h = a"), ("minimize", "    minimize -a"), ("freeze", "freeze \"a\""),
        ("predict", "predict y: a"), ("metadata", "metadata \"labels\": a"), ("kernel", "x.conv(3, kernel: 1)"), ("1e-5", "a + 1e-5"),
        (".infinity", "f(.infinity)"),
    ])
    func formsAreKnown(part: String, line: String) throws {
        #expect(try takes(part, in: line))
    }
}
