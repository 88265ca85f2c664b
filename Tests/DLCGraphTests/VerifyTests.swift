import DLCGraph
import DLCOps
import Testing

@Suite struct VerifyTests {
    @Test func whatTheBuilderMakesIsRight() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 4]))
        let w = builder.constant(try Tensor([Float](repeating: 1, count: 8), shape: [4, 2]))
        try builder.output("y", try builder.add1(MatMul(), [x, w]))
        try builder.graph.verify()
    }

    @Test func portsHaveNamesOfTheirOwn() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [2]))
        try builder.output("y", x)
        #expect(throws: DLCError.self) {
            try builder.output("y", x)
            try builder.graph.verify()
        }
    }

    @Test func operandsThatDoNotFitNameBothShapes() throws {
        var builder = GraphBuilder(name: "g")
        let a = try builder.input("a", TensorType(.float32, [2, 3]))
        let b = try builder.input("b", TensorType(.float32, [4, 5]))
        let error = #expect(throws: DLCError.self) { try builder.add1(MatMul(), [a, b]) }
        let text = "\(try #require(error))"
        #expect(text.contains("[2, 3]") && text.contains("[4, 5]"))
    }

    @Test func missingAndSuperfluousOperandsAreErrors() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [2]))
        #expect(throws: DLCError.self) { try builder.add1(Unary(.relu), []) }
        #expect(throws: DLCError.self) { try builder.add1(Unary(.relu), [x, x]) }
        #expect(throws: DLCError.self) { try builder.add1(Unary(.relu), [nil]) }
    }
}
