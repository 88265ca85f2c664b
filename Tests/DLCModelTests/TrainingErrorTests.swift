import Foundation
@testable import DLCModel
import Testing

/// Wrong trainings of `ElaborationCases/trainings.dlm`, in the format of `SyntaxFiles.wrong`.
private let wrong = SyntaxFiles.elaborations("trainings.dlm")

@Suite struct TrainingErrorTests {
    @Test func casesAreFound() { #expect(wrong.count >= 40) }

    /// Every error of every case, with line, column, message and advice, and no other.
    @Test(arguments: wrong) func mistakesAreReported(file: SourceFile) {
        let expected = file.text.split(separator: "\n").filter { $0.hasPrefix("// expect: ") }.map { String($0.dropFirst(11)) }
        let found = trainingErrors(["a.dlm": file.text]).map(\.summary)
        #expect(!expected.isEmpty)
        if found != expected { Issue.record("\(file.path)\n\(found.map { "// found: \($0)" }.joined(separator: "\n"))") }
    }

    @Test func bothPlacesAreShown() {
        let text = """
            training T(x: f32[N, 2]) {
                loss = x.dense(1).sum()
                minimize loss, by: sgd()
                minimize 2 * loss, by: adam()
                return loss
            }
            """
        let errors = trainingErrors(["a.dlm": text])
        #expect(errors.map(\.description) == ["""
            a.dlm:4:5: error: two `minimize` move dense.weight; `over:` says which parameters each moves
                    minimize 2 * loss, by: adam()
                    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~
            a.dlm:3:5: note: the other one
                    minimize loss, by: sgd()
                    ^~~~~~~~~~~~~~~~~~~~~~~~
            """])
    }

    @Test func aFileSaysWhichTraining() throws {
        let text = "training A(x: f32[2]) { minimize (x * parameter([2], name: \"p\")).sum(), by: sgd()\n return y: x * 1 }\n"
        #expect(throws: DLCError.self) { try Training.load("a.dlm") { _ in text + text.replacing("training A", with: "training B") } }
        #expect(throws: DLCError.self) { try Training.load("a.dlm", training: "C") { _ in text } }
        #expect(throws: DLCError.self) { try Model.load("a.dlm") { _ in text } }
        #expect(try Training.load("a.dlm", training: "A") { _ in text }.trained == ["p"])
    }

    @Test func swiftSaysTheSame() {
        #expect(throws: TrainingProblems.self) {
            try Training("T") { builder in
                let x = try builder.input("x", .float32, [2])
                try builder.minimize(x.sum(), by: SGD())
                try builder.output("y", x.relu())
            }
        }
    }
}

/// The mistakes in the training of `a.dlm`.
func trainingErrors(_ files: [String: String]) -> [Diagnostic] {
    do {
        _ = try trained(files)
        return []
    } catch let errors as ModelErrors {
        return errors.diagnostics
    } catch {
        Issue.record("\(error)")
        return []
    }
}
