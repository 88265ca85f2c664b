@testable import DLCModel
import Testing

@Suite struct SyntaxFormatterTests {
    @Test func filesAreFound() { #expect(SyntaxFiles.networks.count >= 8) }

    @Test(arguments: SyntaxFiles.networks) func networksAreRead(file: SourceFile) {
        let (tree, errors) = Parser.parse(file)
        #expect(errors.map(\.description) == [])
        #expect(!tree.definitions.isEmpty)
    }

    @Test(arguments: SyntaxFiles.networks) func canonicalFilesStayAsTheyAre(file: SourceFile) throws {
        #expect(try SourceFormatter.format(file) == file.text)
    }

    @Test(arguments: SyntaxFiles.zoo) func theZooIsCanonical(file: SourceFile) throws {
        #expect(try SourceFormatter.format(file) == file.text)
    }

    /// Lines shifted, blanks doubled or left out where they may be, empty lines added: the layout comes back.
    @Test(arguments: SyntaxFiles.networks, [" ", "  ", "\t", ""]) func layoutDoesNotDependOnBlanks(file: SourceFile, blank: String) throws {
        var text = "\n\r\n"
        var end = 0
        for token in Lexer.tokens(of: file, 0..<file.bytes.count).tokens.dropLast() {
            let breaks = file.lineIndex(token.bytes.lowerBound) - file.lineIndex(end)
            let word = file.text(token.bytes)
            if breaks > 0 {
                text += String(repeating: "\(blank)\r\n", count: breaks > 1 ? 3 : 1) + blank
            } else {
                text += needsBlank(text.last, word.first) && blank.isEmpty ? " " : blank
            }
            text += word
            end = token.bytes.upperBound
        }
        #expect(try SourceFormatter.format(SourceFile(path: file.path, text: text)) == file.text)
    }

    /// Whether two characters would be read as one token, or as another.
    private func needsBlank(_ a: Character?, _ b: Character?) -> Bool {
        guard let a, let b else { return false }
        let isWord = { (c: Character) in c.isLetter || c.isNumber || c == "_" || c == "." }
        return (isWord(a) && isWord(b)) || b == "/" || a == "/"
    }

    @Test(arguments: SyntaxFiles.networks) func formattingKeepsTheTree(file: SourceFile) throws {
        // Blanks aside the text is the same, so it is enough that a disturbed file and its format are read alike.
        let squeezed = SourceFile(
            path: file.path, text: file.text.replacing("    ", with: " ").replacing(" + ", with: "+").replacing(", ", with: " ,"))
        let formatted = SourceFile(path: file.path, text: try SourceFormatter.format(squeezed))
        #expect(outline(Parser.parse(squeezed).tree) == outline(Parser.parse(formatted).tree))
        #expect(try SourceFormatter.format(formatted) == formatted.text)
    }

    @Test func wrongFilesAreRefused() {
        #expect(throws: ModelErrors.self) { try SourceFormatter.format(SourceFile(path: "a.dlm", text: "model A( {")) }
    }

    @Test(arguments: [
        ("block f(x){return x}", "block f(x) { return x }\n"),
        ("block f(x)\n{\nreturn x\n}\nblock g(x) {\n\n\nreturn x\n\n}", "block f(x) {\n    return x\n}\n\nblock g(x) {\n    return x\n}\n"),
        ("block f(x) {\nif x {\n}\nelse {\n}\n}", "block f(x) {\n    if x {\n    } else {\n    }\n}\n"),
        (
            "//a\nimport \"b\"\nimport \"c\"\n//d\nmodel M(x:f32[ ]) {\nreturn-x\n}",
            "// a\nimport \"b\"\nimport \"c\"\n\n// d\nmodel M(x: f32[]) {\n    return -x\n}\n"
        ),
        (
            "block f(x) {\ny = x.conv(3,kernel : 1)\n.relu( )\nreturn y[ : ,1 : ]\n}",
            "block f(x) {\n    y = x.conv(3, kernel: 1)\n        .relu()\n    return y[:, 1:]\n}\n"
        ),
        ("", ""),
        ("\n// only\n\n\n\n// comments", "// only\n\n// comments\n"),
    ]) func layouts(written: String, canonical: String) throws {
        let result = try SourceFormatter.format(SourceFile(path: "a.dlm", text: written))
        #expect(result == canonical)
        #expect(try SourceFormatter.format(SourceFile(path: "a.dlm", text: result)) == canonical)
    }
}
