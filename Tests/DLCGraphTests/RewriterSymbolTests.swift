import DLCGraph
import DLCOps
import Testing

/// Types and symbols of graphs that are rebuilt: extents are the same expressions, and symbols of data keep their names.
@Suite struct RewriterSymbolTests {
    private func graph(_ text: String) throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    private let relu = """
        graph g(%x: f32[2, N]) -> (%y) {
            %t: f32[N, 2] = transpose(%x) {perm: [1, 0]} "turn"
            %y: f32[N, 2] = relu(%t) "act"
        }
        """

    /// The message of the error that a rule's sweep throws.
    private func refusal(_ text: String, _ rule: Rewriter.Rule) throws -> String {
        do {
            _ = try graph(text).rewritten(by: rule)
            return ""
        } catch let error as DLCError {
            return "\(error)"
        }
    }

    @Test func anotherShapeIsRefusedWithTheNodeInTheMessage() throws {
        let message = try refusal(relu) { rewriter, node in
            node.name == "act" ? [try rewriter.add1(Transpose([1, 0]), node.operands)] : nil
        }
        #expect(message.contains("relu act") && message.contains("f32[2, N]") && message.contains("f32[N, 2]"))
    }

    @Test func anotherElementTypeRankOrNumberOfResultsIsRefused() throws {
        #expect(
            try refusal(relu) { rewriter, node in node.op is Unary ? [try rewriter.add1(Cast(to: .float64), node.operands)] : nil }
                .contains("f64"))
        let reshaped = try refusal(relu) { rewriter, node in
            node.op is Unary ? [try rewriter.add1(Reshape(shape: [1, Dim(symbol: "N"), 2]), node.operands)] : nil
        }
        #expect(reshaped.contains("f32[1, N, 2]"))
        #expect(try refusal(relu) { _, node in node.op is Unary ? [] : nil }.contains("0 values for 1 results"))
    }

    @Test func anExtentThatMayDifferIsRefused() throws {
        let text = """
            graph g(%x: f32[N], %z: f32[M]) -> (%y) {
                %y: f32[N] = relu(%x)
            }
            """
        #expect(try refusal(text) { rewriter, node in [try rewriter.mapped(rewriter.old.inputs[1].value)] }.contains("f32[M]"))
    }

    @Test func aRuleThatFailsKeepsTheNodeAndIsReported() throws {
        let before = try graph(relu)
        var reports: [String] = []
        let after = try before.rewritten(declined: { reports.append("\($0)") }) { rewriter, node in
            node.op is Unary ? [try rewriter.add1(Transpose([0, 1, 2]), node.operands)] : nil
        }
        #expect(after.graph.text() == before.text() && after.changes == 0)
        #expect(reports.count == 1 && reports.first?.contains("relu act") == true)
    }

    @Test func symbolsThatDataDeterminesKeepTheirNames() throws {
        let before = try graph(
            """
            graph g(%x: f32[4], %z: f32[4]) -> (%y) {
                %a: i64[1, nonzero.1] = non_zero(%x)
                %b: i64[1, nonzero.2] = non_zero(%z)
                %y: i64[2, nonzero.2] = expand(%b) {shape: dims(2; nonzero.2)}
            }
            """)
        let once = try before.rewritten { _, _ in nil }.graph
        #expect(once.text() == before.withoutDeadNodes().text())
        #expect(try once.rewritten { _, _ in nil }.graph.text() == once.text())
        try once.verify()
    }

    @Test func symbolsOfNodesThatMergeFollow() throws {
        let before = try graph(
            """
            graph g(%x: f32[4]) -> (%y) {
                %r: f32[4] = relu(%x)
                %a: i64[1, nonzero.1] = non_zero(%x)
                %b: i64[1, nonzero.2] = non_zero(%r)
                %y: i64[2, nonzero.2] = expand(%b) {shape: dims(2; nonzero.2)}
            }
            """)
        let after = try before.rewritten { _, node in node.op is Unary ? [node.operands[0]].compactMap { $0 } : nil }.graph
        #expect(after.text().contains("i64[2, nonzero.1] = expand(%a) {shape: dims(2; nonzero.1)}"))
        try after.verify()
    }

    @Test func inputsOfOtherTypesSettleSymbols() throws {
        let text = """
            graph g(%x: f32[N, 3]) -> (%y) {
                %y: f32[2, N, 3] = expand(%x) {shape: dims(2; N; 3)}
            }
            """
        let settled = try graph(text).retyped([TensorType(.float32, [5, 3])])
        #expect(settled.text().contains("%y: f32[2, 5, 3] = expand(%x) {shape: dims(2; 5; 3)}"))
        try settled.verify()
    }

    @Test func deadNodesGoAndInputsStay() throws {
        let before = try graph(
            """
            graph g(%x: f32[2], %unread: f32[3]) -> (%y) {
                %dead: f32[3] = relu(%unread)
                %y: f32[2] = relu(%x)
            }
            """)
        let after = before.withoutDeadNodes()
        #expect(after.nodes.count == 1 && after.inputs.count == 2)
        try after.verify()
    }

    @Test func anOrderThatReadsTooEarlyOrLeavesOutIsFound() throws {
        let before = try graph(relu)
        #expect(throws: DLCError.self) { try before.keeping([1, 0]).verify() }
        #expect(throws: DLCError.self) { try before.keeping([0]).verify() }
        try before.keeping([0, 1]).verify()
    }
}
