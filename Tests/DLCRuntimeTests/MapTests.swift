import DLC
import Testing

/// Tables of scores as maps.
@Suite struct MapTests {
    @Test func rowsAreMapsFromLabelsToScores() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 2]))
        try builder.output("scores", builder.add1(Unary(.neg), [x]))
        try builder.output("plain", x)
        builder.setMetadata("scores.labels", "ham\nspam, eggs")
        let session = try Session(CompiledModel(Compiler.compile(builder.graph)), threads: 1)
        for rows in [[1, 2, 3, 4], []] as [[Float]] {
            try session.setInput(0, Tensor(rows, shape: [rows.count / 2, 2]))
            try session.run()
            let maps = try session.maps("scores")
            #expect(maps == stride(from: 0, to: rows.count, by: 2).map { ["ham": -Double(rows[$0]), "spam, eggs": -Double(rows[$0 + 1])] })
        }
        #expect { try session.maps("plain") } throws: { "\($0)".contains("says no labels") }
        #expect { try session.maps("x") } throws: { "\($0)".contains("scores, plain") }
    }
}
