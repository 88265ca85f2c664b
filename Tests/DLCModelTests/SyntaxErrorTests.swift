@testable import DLCModel
import Testing

@Suite struct SyntaxErrorTests {
    @Test func casesAreFound() { #expect(SyntaxFiles.wrong.count >= 80) }

    /// Every error of every case, with line, column, message and advice, and no other.
    @Test(arguments: SyntaxFiles.wrong) func mistakesAreReported(file: SourceFile) {
        let expected = file.text.split(separator: "\n").filter { $0.hasPrefix("// expect: ") }.map { String($0.dropFirst(11)) }
        let found = Parser.parse(file).errors.map { error in
            "\(error.range.position.line):\(error.range.position.column) \(error.message)" + (error.help.map { "; \($0)" } ?? "")
        }
        #expect(!expected.isEmpty)
        #expect(found == expected)
    }

    @Test func aMessageShowsItsPlace() {
        let file = SourceFile(path: "models/a.dlm", text: "block f(x, y) {\n\ty = x.conv(3, é: 1,, 2)\n    return y\n}\n")
        #expect(Parser.parse(file).errors.map(\.description) == ["""
            models/a.dlm:2:21: error: expected a value, found `,`
                \ty = x.conv(3, é: 1,, 2)
                \t                   ^
            """])
    }

    @Test func aNoteShowsItsPlaceToo() {
        let file = SourceFile(path: "a.dlm", text: "block f(\n    width,\n    width\n) { return width }")
        #expect(Parser.parse(file).errors.map(\.description) == ["""
            a.dlm:3:5: error: `width` is a parameter already
                    width
                    ^~~~~
            a.dlm:2:5: note: the first one
                    width,
                    ^~~~~
            """])
    }

    /// What was read around a mistake is in the tree.
    @Test func theRestIsRead() {
        let file = SourceFile(path: "a.dlm", text: "block f(x) {\n  a = 1 +\n  b = 2\n}\nblok g() {}\nmodel M(x: f32[]) { return x }")
        let (tree, errors) = Parser.parse(file)
        #expect(errors.count == 2)
        #expect(tree.definitions.map(\.name.name) == ["f", "M"])
        #expect(tree.definitions.first?.body.count == 1)
    }

    @Test func errorsAreLimited() {
        let file = SourceFile(path: "a.dlm", text: "block f(x) {\n" + String(repeating: "    y = +\n", count: 1000) + "}")
        #expect(Parser.parse(file).errors.count == Parser.Limits.errors)
    }

    @Test(arguments: [
        ("conv2", ["conv", "dense"], "conv"), ("Relu", ["relu"], "relu"), ("bacthNorm", ["batchNorm", "layerNorm"], "batchNorm"),
        ("xyz", ["relu", "gelu"], nil), ("a", ["b"], nil), ("drpoout", ["dropout"], "dropout"),
    ]) func nearNamesAreFound(name: String, candidates: [String], near: String?) {
        #expect(nearestName(to: name, among: candidates) == near)
    }

    @Test(arguments: [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("same", "same", 0)])
    func distances(a: String, b: String, distance: Int) {
        #expect(editDistance(Array(a), Array(b)) == distance)
        #expect(editDistance(Array(b), Array(a)) == distance)
    }
}
