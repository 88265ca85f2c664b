import Foundation
@testable import DLCModel
import Testing

/// Wrong files of `ElaborationCases/wrong.dlm`, in the format of `SyntaxFiles.wrong`.
private let wrong = SyntaxFiles.elaborations("wrong.dlm")

@Suite struct ElaborationErrorTests {
    @Test func casesAreFound() { #expect(wrong.count >= 60) }

    /// Every error of every case, with line, column, message and advice, and no other.
    @Test(arguments: wrong) func mistakesAreReported(file: SourceFile) {
        let expected = file.text.split(separator: "\n").filter { $0.hasPrefix("// expect: ") }.map { String($0.dropFirst(11)) }
        #expect(!expected.isEmpty)
        #expect(elaborationErrors(["a.dlm": file.text]).map(\.summary) == expected)
    }

    @Test func aMistakeInABlockShowsWhereItWasCalled() {
        let errors = elaborationErrors(["a.dlm": "block f(x) {\n    return x.rellu()\n}\nmodel M(x: f32[1, 4]) { return x.f() }\n"])
        #expect(
            errors.map(\.description) == [
                """
                a.dlm:2:14: error: no layer or block is called `rellu`; did you mean `relu`?
                        return x.rellu()
                                 ^~~~~
                a.dlm:4:34: note: in the block `f` called here
                    model M(x: f32[1, 4]) { return x.f() }
                                                     ^
                """
            ])
    }

    @Test(arguments: [
        ("import \"../b.dlm\"", "1:8 `../b.dlm` is outside of the main file's folder"),
        ("import \"/b.dlm\"", "1:8 `/b.dlm` is outside of the main file's folder"),
        ("import \"c.dlm\"", "1:8 `c.dlm` there is no file c.dlm"),
        ("import \"a.dlm\"", "1:8 files import one another: a.dlm imports a.dlm"),
        ("import \"b.dlm\"", "1:8 files import one another: a.dlm imports b.dlm imports a.dlm"),
        ("import \"d.dlm\"\nblock f(x) { return x }", "1:8 `d.dlm` has a block `f`, which is defined already"),
    ]) func wrongImportsAreReported(first: String, message: String) {
        let errors = elaborationErrors([
            "a.dlm": first + "\nmodel M(x: f32[1]) { return x }", "b.dlm": "import \"a.dlm\"", "d.dlm": "block f(x) { return relu(x) }",
        ])
        #expect(errors.count == 1)
        #expect(errors.first.map { "\($0.range.position.line):\($0.range.position.column) \($0.message)" } == message)
    }

    @Test(arguments: [
        (["clases": "3"], "1:7 the model `M` has no parameter `clases` to set; did you mean `classes`?"),
        (["x": "3"], "1:7 `x` is an input of the model `M`, which cannot be set; it has `classes`, `rate`, `deep`, `widths`, `T`"),
        (["classes": "ten"], "1:23 `classes` is set to `ten`; what fits is an integer such as 10"),
        (["rate": "fast"], "1:37 `rate` is set to `fast`; what fits is a number such as 0.5"),
        (["deep": "yes"], "1:49 `deep` is set to `yes`; what fits is true or false"),
        (["widths": "1,a"], "1:63 `widths` is set to `1,a`; what fits is values with commas between, each as in [1, 2]"),
        (["T": "0"], "1:87 `T` is set to `0`; what fits is an integer from 1"),
        (["N": "1"], "1:7 the model `M` has no parameter `N` to set; it has `classes`, `rate`, `deep`, `widths`, `T`"),
        (["classes": "10.5"], "1:23 `classes` is set to `10.5`; what fits is an integer such as 10"),
        (["classes": "1 +"], "1:23 `classes` is set to `1 +`; what fits is an integer such as 10"),
        (["classes": ""], "1:23 `classes` is set to ``; what fits is an integer such as 10"),
        (["widths": "[1, 2"], "1:63 `widths` is set to `[1, 2`; what fits is values with commas between, each as in [1, 2]"),
    ]) func wrongSettingsAreReported(settings: [String: String], message: String) {
        let text =
            "model M(x: f32[1, 4], classes = 10, rate = 0.5, deep = false, widths = [1, 2], t: f32[T]) { return a: x.dense(classes), b: t }"
        #expect(elaborationErrors(["a.dlm": text], settings: settings).map(\.summary) == [message])
    }

    @Test func budgetsEndRunawayFiles() {
        var deep = "block b0(x) { return relu(x) }\n"
        for level in 1...40 { deep += "block b\(level)(x) { return x.b\(level - 1)().b\(level - 1)() }\n" }
        deep += "model M(x: f32[1, 4]) { return x.b40() }"
        #expect(elaborationErrors(["a.dlm": deep]).count == 1)
        var wide = deep.replacing("x.b40()", with: "x.b20()")
        #expect(
            elaborationErrors(["a.dlm": wide], budget: .init(steps: 10_000)).map(\.message) == [
                "the model takes more than 10000 steps to build"
            ])
        wide = "model M(x: f32[1, 4]) { for i in 0..<2000 { x = x * i }\n return x }"
        #expect(elaborationErrors(["a.dlm": wide], budget: .init(nodes: 1000)).map(\.message) == ["the model has more than 1000 operators"])
    }

    @Test func manyMistakesAreFoundInOneRun() {
        let lines = (0..<100).map { "    y\($0) = x.foo\($0)()\n" }.joined()
        #expect(elaborationErrors(["a.dlm": "model M(x: f32[1]) {\n\(lines)    return x\n}"]).count == 50)
    }

    @Test func filesAreReadBelowTheirFolderOnly() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dlm-\(UUID())")
        try FileManager.default.createDirectory(at: folder.appending(path: "models"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "block f(x) { return relu(x) }".write(to: folder.appending(path: "outside.dlm"), atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "models/link.dlm"), withDestinationURL: folder.appending(path: "outside.dlm"))
        let main = folder.appending(path: "models/main.dlm")
        try "import \"link.dlm\"\nmodel M(x: f32[1]) { return f(x) }".write(to: main, atomically: true, encoding: .utf8)
        let error = #expect(throws: ModelErrors.self) { try Model.load(main.path()) }
        #expect(error?.diagnostics.map(\.message) == ["`link.dlm` leads out of the main file's folder"])
        #expect(throws: DLCError.self) { try Model.load(folder.appending(path: "none.dlm").path()) }
        #expect(throws: DLCError.self) { try Model.load("/dev/zero") }
    }
}

/// The mistakes in the model of `a.dlm`.
func elaborationErrors(
    _ files: [String: String], settings: [String: String] = [:], budget: Elaborator.Budget = .init()
) -> [Diagnostic] {
    do {
        _ = try elaborated(files, settings: settings, budget: budget)
        return []
    } catch let errors as ModelErrors {
        return errors.diagnostics
    } catch {
        Issue.record("\(error)")
        return []
    }
}

/// The model of `a.dlm` among files that are given as text.
func elaborated(_ files: [String: String], settings: [String: String] = [:], budget: Elaborator.Budget = .init()) throws -> Model {
    try Model.load("a.dlm", settings: settings, budget: budget) { path in
        guard let text = files[path] else { throw DLCError("there is no file \(path)") }
        return text
    }
}

extension Diagnostic {
    var summary: String { "\(range.position.line):\(range.position.column) \(message)" + (help.map { "; \($0)" } ?? "") }
}
