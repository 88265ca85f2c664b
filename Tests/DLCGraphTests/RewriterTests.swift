import DLCGraph
import DLCOps
import Testing

@Suite struct RewriterTests {
    /// y = relu(x), z = relu(y) over `[N, 3]`.
    private func chain() throws -> Graph {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        let y = try builder.add1(Unary(.relu), [x], name: "first")
        try builder.output("z", try builder.add1(Unary(.abs), [y], name: "second"))
        return builder.graph
    }

    @Test func aRuleThatKeepsEverythingChangesNothing() throws {
        let graph = try chain()
        let (same, changes) = try graph.rewritten { _, _ in nil }
        #expect(changes == 0)
        #expect(same.text() == graph.text())
        try same.verify()
    }

    @Test func whatNobodyReadsIsDropped() throws {
        let (graph, changes) = try chain().rewritten { rewriter, node in
            guard node.name == "second", let x = rewriter.producer(of: node.operands[0])?.operands[0] else { return nil }
            return [x]
        }
        #expect(changes == 1)
        #expect(graph.nodes.isEmpty)
        try graph.verify()
    }

    @Test func aReplacementOfAnotherTypeIsRefused() throws {
        let wrong: [@Sendable (inout Rewriter, Node) throws -> [Value]] = [
            { rewriter, node in [try rewriter.add1(Cast(to: .float64), [node.operands[0]])] },
            { rewriter, node in [try rewriter.add1(Reshape(shape: [Dim(symbol: "N").times(3)]), [node.operands[0]])] },
            { rewriter, node in [try rewriter.add1(Transpose([1, 0]), [node.operands[0]])] },
            { _, node in [] },
        ]
        for replacement in wrong {
            let error = #expect(throws: DLCError.self) {
                try chain().rewritten { rewriter, node in node.name == "second" ? try replacement(&rewriter, node) : nil }
            }
            #expect("\(try #require(error))".contains("second"))
            var declined: [DLCError] = []
            let (kept, changes) = try chain().rewritten(declined: { declined.append($0) }) { rewriter, node in
                node.name == "second" ? try replacement(&rewriter, node) : nil
            }
            #expect(changes == 0)
            #expect(declined.count == 1)
            #expect(kept.nodes.count == 2)
        }
    }

    @Test func equalNodesAreOne() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [2]))
        let first = try builder.add1(Unary(.relu), [x])
        #expect(try builder.add1(Unary(.relu), [x]) == first)
        #expect(try builder.add1(Unary(.abs), [x]) != first)
    }

    @Test func inputsOfOtherTypesAreInferredAnew() throws {
        let graph = try chain().retyped([TensorType(.float32, [5, 3])])
        #expect(graph.type(graph.outputs[0].value).shape == [5, 3])
        #expect(throws: DLCError.self) { try chain().retyped([]) }
    }
}
