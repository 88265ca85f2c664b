import DLCTensor
import Testing

@Suite struct DimTests {
    let n = Dim(symbol: "N")
    let t = Dim(symbol: "T")

    @Test func equalExpressionsAreEqual() throws {
        #expect(try n.plus(t).times(2) == t.times(2).plus(n.times(2)))
        #expect(try n.minus(n) == 0)
        #expect(try n.times(t).quotient(t) == n)
        #expect(try n.plus(1).times(t).quotient(n.plus(1)) == t)
    }

    @Test func quotientsFoldWhatDivides() throws {
        #expect(try n.times(4).plus(3).quotient(2).description == "2*N + 1")
        #expect(try n.times(4).plus(n).quotient(2).description == "floor(5*N, 2)")
        #expect(try n.quotient(2).quotient(3) == n.quotient(6))
        #expect(try Dim(-7).quotient(2) == -4)
        #expect(try Dim(-7).remainder(2) == 1)
    }

    @Test(arguments: [0, 1, 2, 7, 64]) func evaluationFollowsTheExpression(value: Int) throws {
        let dim = try Dim.max(n.plus(1).ceilingQuotient(2), 3).plus(n.remainder(5))
        #expect(try dim.evaluate(["N": value]) == max((value + 2) / 2, 3) + value % 5)
    }

    @Test func overflowThrows() throws {
        #expect(throws: DLCError.self) { try Dim(.max).plus(1) }
        #expect(throws: DLCError.self) { try n.times(Dim(.max)).times(2) }
        #expect(throws: DLCError.self) { try Dim(.min).quotient(-1) }
        #expect(throws: DLCError.self) { try n.quotient(0) }
        #expect(throws: DLCError.self) { try n.evaluate([:]) }
    }

    @Test func broadcastsAreCanonical() throws {
        let both = try Dim.broadcast([n, t])
        #expect(both.description == "broadcast(N, T)")
        #expect(try Dim.broadcast([t, 1, n, t]) == both)
        #expect(try Dim.broadcast([both, Dim(symbol: "H")]) == Dim.broadcast([Dim(symbol: "H"), t, n]))
        #expect(try Dim.broadcast([n, 1]) == n)
        #expect(try Dim.broadcast([both, 5]) == 5)
        #expect(try Dim.broadcast([n, 0]) == 0)
        #expect(try Dim.broadcast([n, t.plus(2)]) == t.plus(2))
        #expect(try Dim.broadcast([]) == 1)
        // Extents are not negative, whatever their expressions say.
        let shorter = try t.minus(3)
        #expect(try Dim.broadcast([Dim.max(0, shorter), shorter]) == shorter)
        #expect(try Dim.broadcast([n, Dim.max(0, shorter), shorter]) == Dim.broadcast([shorter, n]))
        #expect(try Dim.broadcast([n, Dim.max(0, shorter)]).description == "broadcast(N, max(0, T - 3))")
        #expect(throws: DLCError.self) { try Dim.broadcast([5, n, 3]) }
    }

    /// What NumPy gives for every pair of extents, and an error where it gives one.
    @Test(arguments: [0, 1, 2, 3], [0, 1, 2, 3]) func broadcastsEvaluate(a: Int, b: Int) throws {
        let both = try Dim.broadcast([n, t]).times(10)
        if a == b || a == 1 || b == 1 {
            #expect(try both.evaluate(["N": a, "T": b]) == (a == 1 ? b : a) * 10)
        } else {
            #expect(throws: DLCError.self) { try both.evaluate(["N": a, "T": b]) }
        }
    }

    @Test func foldingGivesTheSameValue() throws {
        let dim = try Dim.min(n.times(3).plus(t), t.times(5)).quotient(2).minus(4)
        var nothing: Void = ()
        let value = try dim.folded(
            number: { _, value in value }, symbol: { _, name in name == "N" ? 6 : 5 }, part: { try $1.evaluate(["N": 6, "T": 5]) },
            operation: { _, operation, x in
                switch operation {
                case .add: x[0] + x[1]
                case .multiply: x[0] * x[1]
                case .divide: x[0] / x[1]
                case .modulo: x[0] % x[1]
                case .maximum: max(x[0], x[1])
                default: min(x[0], x[1])
                }
            }, real: { _, _, x in x[0] }, &nothing)
        #expect(try value == dim.evaluate(["N": 6, "T": 5]))
    }
}
