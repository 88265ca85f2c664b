import DLCGraph
import DLCOps
import Testing

@Suite struct GraphParserTests {
    private func parse(_ text: String) throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    @Test func textOfAParsedGraphIsTheSameText() throws {
        let text = try parse("graph g(%x: f32[N, 3]) -> (%y) {\n  %y: f32[N, 3] = relu(%x)\n}").text()
        #expect(try parse(text).text() == text)
        #expect(text.contains("f32[N, 3]"))
    }

    @Test func errorsNameTheLine() throws {
        let missing = #expect(throws: DLCError.self) { try parse("graph g(%x: f32[2]) -> (%y) {\n  %y: f32[2] = relu(%z)\n}") }
        #expect("\(try #require(missing))".contains("line 2"))
        let unknown = #expect(throws: DLCError.self) { try parse("graph g(%x: f32[2]) -> (%y) {\n  %y: f32[2] = rleu(%x)\n}") }
        #expect("\(try #require(unknown))".contains("rleu"))
    }

    @Test func aTypeThatInferenceDoesNotGiveIsAnError() throws {
        #expect(throws: DLCError.self) { try parse("graph g(%x: f32[2]) -> (%y) {\n  %y: f32[3] = relu(%x)\n}") }
    }

    @Test(arguments: [
        "", "graph", "graph g(", "graph g() -> () ", "graph g() -> (%y) {}", "graph g() -> () {} }", "graph g(%x: f32[2]) -> (y = %x) {} z",
    ])
    func brokenTextIsAnError(_ text: String) {
        #expect(throws: DLCError.self) { try parse(text) }
    }

    /// Signs are counted, not nested.
    @Test func manySignsAreOne() throws {
        let minuses = String(repeating: "-", count: 100_001)
        let graph = try parse("graph g(%x: f32[N + \(minuses)(2 - N) + 5]) -> (y = %x) {\n}")
        #expect(graph.type(graph.inputs[0].value).shape == [try Dim(symbol: "N").times(2).plus(3)])
    }

    @Test func nestingHasALimit() {
        let open = String(repeating: "(", count: 100_000)
        #expect(throws: DLCError.self) { try parse("graph g(%x: f32[\(open)N]) -> (y = %x) {\n}") }
    }

    @Test func aConstantOfOneValueIsWrittenOnceAndHasALimit() throws {
        let graph = try parse("graph g() -> (%c) {\n  %c = constant {value: i64[2, 2] (-3...)}\n}")
        #expect(graph.type(graph.outputs[0].value) == TensorType(.int64, [2, 2]))
        #expect(try parse(graph.text()).text() == graph.text())
        let large = "  %c = constant {value: f32[16777217] (0.0...)}\n"
        #expect(throws: DLCError.self) { try parse("graph g() -> (%c) {\n\(large)}") }
        #expect(throws: DLCError.self) { try parse("graph g() -> (%c) {\n  %c = constant {value: f32[3] (1.0, 2.0...)}\n}") }
    }

    @Test func everyPrefixOfAGraphIsAnErrorOrAGraph() throws {
        let text = "graph g(%x: f32[N, max(N, 3)]) -> (%y, %c) {\n  %c = constant {value: i64[2] (0, -1)}\n"
            + "  %y: f32[N, max(N, 3)] = relu(%x) \"layer\"\n}"
        #expect(throws: Never.self) { try parse(text) }
        for count in 0..<text.count { _ = try? parse(String(text.prefix(count))) }
    }
}
