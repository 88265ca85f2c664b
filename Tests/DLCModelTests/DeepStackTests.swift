@testable import DLCModel
import Testing

@Suite struct DeepStackTests {
    /// Files that nest as deep as the budgets allow, of different forms.
    static let forms: [(name: String, text: String)] = {
        let chains = [".relu()", " + x", "[:]"].map { part in
            let chain = String(repeating: part, count: 190)
            let blocks = "block f(x) { return x\(chain) }\nblock g(x) { return x.f()\(chain) }"
            return (part, "\(blocks)\nmodel M(x: f32[1, 4]) {\n    return x.g()\(chain)\n}")
        }
        let nested = String(repeating: "relu(", count: 45) + "x" + String(repeating: ")", count: 45)
        let blocks = (0..<28).map { "block b\($0)(x) { if true { return x.b\($0 + 1)(name: \"\\(\"a\\(1)\")\") } }" }.joined(
            separator: "\n")
        let loops = String(repeating: "for i in 0..<1 { ", count: 95) + "y = y.relu()" + String(repeating: " }", count: 95)
        return chains + [
            ("parentheses", "model M(x: f32[1, 4]) { return \(nested) }"),
            ("blocks", blocks + "\nblock b28(x) { return \(nested) }\nmodel M(x: f32[1, 4]) { return x.b0() }"),
            ("loops", "model M(x: f32[1, 4]) {\n    y = x\n    \(loops)\n    return y\n}"),
        ]
    }()

    /// A quarter of the stack is enough for each of them, in debug builds too, which need the most.
    @Test(arguments: forms.map(\.name)) func aQuarterIsEnough(_ name: String) throws {
        let text = try #require(Self.forms.first { $0.name == name }).text
        let model = try Model.load("a.dlm", stack: DeepStack.bytes / 4, read: { _ in text })
        #expect(model.graph.outputs.count == 1)
    }

    /// Reading alone fits the least stack that systems give to threads; without optimisation it takes four times as much.
    @Test(arguments: forms.map(\.name)) func readingFitsAnyThread(_ name: String) throws {
        #if DEBUG
        let bytes = 2 << 20
        #else
        let bytes = 512 << 10
        #endif
        let text = try #require(Self.forms.first { $0.name == name }).text
        #expect(try DeepStack.run(bytes: bytes) { Parser.parse(SourceFile(path: "a.dlm", text: text)).errors.isEmpty })
    }

    @Test func errorsAndResultsComeBack() throws {
        #expect(try DeepStack.run { 7 } == 7)
        #expect { try DeepStack.run { throw DLCError("no") } } throws: { "\($0)" == "no" }
        #expect(throws: ModelErrors.self) { try Model.load("a.dlm", read: { _ in "model" }) }
        #expect(throws: DLCError.self) { try DeepStack.run(bytes: -1) {} }
    }
}
