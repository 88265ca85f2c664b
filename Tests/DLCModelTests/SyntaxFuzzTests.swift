@testable import DLCModel
import Testing

/// Reading ends, with errors in the order of the text and within it, whatever a file holds.
@Suite struct SyntaxFuzzTests {
    /// Numbers that look random and are the same in every run (splitmix64).
    struct Random {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(max(limit, 1)))
        }
    }

    private func read(_ bytes: some Collection<UInt8>) {
        let file = SourceFile(path: "fuzz.dlm", text: String(decoding: bytes, as: UTF8.self))
        let (tree, errors) = Parser.parse(file)
        let starts = errors.map(\.range.start)
        #expect(errors.count <= Parser.Limits.errors)
        #expect(starts == starts.sorted() && (0...file.bytes.count).contains(starts.last ?? 0), "\(file.text)")
        for error in errors { #expect(!error.description.isEmpty) }
        guard errors.isEmpty else { return }
        // What is read is laid out, and read alike then.
        guard let formatted = try? SourceFormatter.format(file) else { Issue.record("not formatted: \(file.text)"); return }
        let again = SourceFile(path: "fuzz.dlm", text: formatted)
        #expect((try? SourceFormatter.format(again)) == formatted, "\(file.text)")
        #expect(outline(Parser.parse(again).tree) == outline(tree), "\(file.text)")
    }

    @Test(arguments: SyntaxFiles.networks) func truncatedFiles(file: SourceFile) {
        for end in stride(from: 0, to: file.bytes.count, by: 7) { read(file.bytes[..<end]) }
        for start in stride(from: 0, to: file.bytes.count, by: 31) { read(file.bytes[start...]) }
    }

    @Test(arguments: SyntaxFiles.networks + SyntaxFiles.wrong) func filesWithoutAToken(file: SourceFile) {
        let tokens = Lexer.tokens(of: file, 0..<file.bytes.count).tokens
        for (index, token) in tokens.enumerated() where index % 3 == 0 {
            read(file.bytes[..<token.bytes.lowerBound] + file.bytes[token.bytes.upperBound...])
        }
    }

    @Test(arguments: SyntaxFiles.networks) func filesWithOtherTokens(file: SourceFile) {
        var random = Random(state: UInt64(file.bytes.count))
        let all = SyntaxFiles.networks.flatMap { file in Lexer.tokens(of: file, 0..<file.bytes.count).tokens.map { file.bytes[$0.bytes] } }
        let tokens = Lexer.tokens(of: file, 0..<file.bytes.count).tokens
        for _ in 0..<150 {
            var bytes = file.bytes
            for _ in 0...random.below(3) {
                let place = tokens[random.below(tokens.count)].bytes
                guard place.upperBound <= bytes.count else { continue }
                let other = all[random.below(all.count)]
                if random.below(2) == 0 {
                    bytes.replaceSubrange(place, with: other)
                } else {
                    bytes.insert(contentsOf: other, at: place.lowerBound)
                }
            }
            read(bytes)
        }
    }

    @Test func filesWithOtherBytes() {
        var random = Random(state: 1)
        let odd = Array("(){}[]\"\\:,.=?<>-+*/~@%!&|\n\r\t #';_09e\u{0}\u{e9}\u{1F600}".utf8) + [0xFF, 0xC0]
        for _ in 0..<1500 {
            var bytes = SyntaxFiles.networks[random.below(SyntaxFiles.networks.count)].bytes
            for _ in 0...random.below(8) { bytes[random.below(bytes.count)] = odd[random.below(odd.count)] }
            read(bytes)
        }
    }

    @Test func noise() {
        var random = Random(state: 2)
        let words =
            Symbol.allCases.map(\.rawValue) + Keyword.allCases.map(\.rawValue) + [
                "x", "f32", "1", "0.5", "\"", "\\(", "\n", "state", "next", "//", "$",
            ]
        for round in 0..<1500 {
            let text = (0..<random.below(60)).map { _ in words[random.below(words.count)] }.joined(separator: round % 2 == 0 ? " " : "")
            read("block f(x) {\n\(text)\n}\n".utf8)
        }
    }

    @Test(arguments: [
        "(", "[", "{", "-", "!", "x(", "x[", "a ? ", "a ? b : ", "2 ** ", "if x { ", "if x { } else ", "for i in x { ", "x.y", "x + ",
        ".f()",
        "f(x)", "[1]", "\"\\(", "\"\\(\"", "block f(x) { ", "model M(", "f32[", "a, ", "a = ", "///\n", "x[1:", "}", ")", ",", "repeat ",
        "a && b || ",
    ]) func repetitionsOfAnyDepth(part: String) {
        for start in ["", "block f(x) {\n    y = ", "block f(x) {\n    ", "model M(a: f32["] {
            for count in [90, 300, 5000] {
                let text = start + String(repeating: part, count: count)
                read(text.utf8)
                read((text + "x }").utf8)
            }
        }
    }

    @Test func hugeFilesAreRefused() {
        let file = SourceFile(path: "a.dlm", text: String(repeating: "\n", count: Parser.Limits.bytes + 1))
        #expect(Parser.parse(file).errors.map(\.message) == ["the file has 1048577 bytes; a model file has at most 1048576"])
    }

    @Test func treesAreShallowEnough() throws {
        for part in [".f()", " + x", "[0]"] {
            let text = "block f(x) { return x" + String(repeating: part, count: Parser.Limits.depth + 1) + " }"
            let errors = Parser.parse(SourceFile(path: "a.dlm", text: text)).errors
            #expect(errors.map(\.message) == ["the expression has more than 400 levels"])
        }
        let text = "block f(x) { return " + String(repeating: "(", count: 101) + "x" + String(repeating: ")", count: 101) + " }"
        #expect(
            Parser.parse(SourceFile(path: "a.dlm", text: text)).errors.map(\.message) == [
                "more than 100 levels of brackets, signs and braces within one another"
            ])
    }
}
