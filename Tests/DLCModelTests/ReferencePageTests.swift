import Foundation
@testable import DLCModel
import Testing

/// `Models/REFERENCE.md` says what is true.
@Suite struct ReferencePageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let page = (try? String(contentsOf: root.appending(path: "Models/REFERENCE.md"), encoding: .utf8)) ?? ""

    /// The text of each fence of a kind.
    private static func fences(_ kind: String) -> [String] {
        page.components(separatedBy: "```\(kind)\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    static let examples = fences("dlm")

    /// The examples that say in their first line which file they are, for others to import.
    private static let files = Dictionary(
        examples.compactMap { text in
            text.split(separator: "\n").first.flatMap {
                $0.hasPrefix("// ") && $0.hasSuffix(".dlm") ? (String($0.dropFirst(3)), text) : nil
            }
        }, uniquingKeysWith: { first, _ in first })

    @Test func theLayersAreThoseOfTheDefinitions() throws {
        let parts = Self.page.components(separatedBy: "<!-- layers: written by `dlc layers --markdown`, held to it by a test -->\n")
        let section = try #require(parts.last?.components(separatedBy: "<!-- end of layers -->").first)
        let isCurrent = section == AllLayers.markdown
        #expect(parts.count == 2)
        #expect(isCurrent, "put what `dlc layers --markdown` prints between the page's two marks")
    }

    @Test func theGrammarIsTheParsers() throws {
        let folder = Self.root.appending(path: "Sources/DLCModel/Syntax")
        let rules = try ["Definitions", "Statements", "Trainings", "Expressions"].flatMap { part in
            try String(contentsOf: folder.appending(path: "Parser+\(part).swift"), encoding: .utf8).split(separator: "\n").compactMap {
                line in
                line.firstMatch(of: /^\s*\/\/ ([a-z]+ := .*)$/).map { String($0.1) }
            }
        }
        #expect(rules.count > 20)
        #expect(Self.fences("ebnf").first?.split(separator: "\n").map(String.init) == rules)
    }

    @Test(arguments: examples.indices) func examplesAreBuilt(_ index: Int) throws {
        let text = Self.examples[index]
        let file = SourceFile(path: "example.dlm", text: text)
        #expect(try SourceFormatter.format(file) == text)
        let read = { (path: String) throws -> String in
            if path == "example.dlm" { return text }
            guard let other = Self.files[path] else { throw DLCError("there is no such example") }
            return other
        }
        if "\n\(text)".components(separatedBy: "\nmodel ").count == 2 { try Model.load("example.dlm", read: read).graph().verify() }
        if "\n\(text)".contains("\ntraining ") {
            let training = try Training.load("example.dlm", read: read)
            try training.step.graph().verify()
            try training.evaluation.graph().verify()
        }
    }

    @Test func everythingIsMentioned() {
        let words = Builtins.functions + Builtins.values.keys.sorted() + Keyword.allCases.map(\.rawValue)
        let text = Self.page.replacing("\\|", with: "|")
        #expect(words.filter { !Self.page.contains("`\($0)") } == [])
        #expect(Symbol.allCases.map(\.rawValue).filter { !text.contains($0) } == [])
    }
}
