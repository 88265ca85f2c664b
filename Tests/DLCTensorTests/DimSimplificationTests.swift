import DLCTensor
import Testing

@Suite struct DimSimplificationTests {
    let n = Dim(symbol: "N")
    let s = Dim(symbol: "S")

    @Test func maximaAndMinimaAbsorbEachOther() throws {
        #expect(try Dim.max(s, Dim.min(64, s)) == s)
        #expect(try Dim.min(s, Dim.max(s, n)) == s)
        #expect(try Dim.min(s, s.plus(1)) == s)
        #expect(try Dim.max(s, s.plus(1)) == s.plus(1))
        #expect(try Dim.max(Dim.max(s, n), Dim.max(n, s.minus(3))) == Dim.max(n, s))
        #expect(try Dim.max(Dim.max(3, s), 5) == Dim.max(5, s))
        #expect(try Dim.max(0, s) == s)
        #expect(try Dim.min(s, Dim(.max)) == s)
        #expect(try Dim.min(s, s.quotient(2)) == s.quotient(2))
        #expect(try Dim.max(s.remainder(7), 6) == 6)
    }

    @Test func quotientsAndRemaindersCancel() throws {
        #expect(try n.times(7).remainder(7) == 0)
        #expect(try n.times(6).plus(s).remainder(3) == s.remainder(3))
        #expect(try n.times(4).plus(3).quotient(8) == n.quotient(2))
        #expect(try n.times(s).plus(5).quotient(s) == n.plus(Dim(5).quotient(s)))
        #expect(try n.remainder(7).quotient(7) == 0)
        // Padding to a multiple of 7, as Swin spells it.
        let padded = try n.plus(Dim(7).minus(n.remainder(7)).remainder(7))
        #expect(try padded == n.plus(6).quotient(7).times(7))
        #expect(try padded.quotient(7) == n.ceilingQuotient(7))
        // −(−n // 2) is the quotient rounded up.
        #expect(try n.times(-1).quotient(2).times(-1) == n.ceilingQuotient(2))
        #expect(try n.minus(1).quotient(2).plus(1) == n.plus(1).quotient(2))
    }

    @Test func comparisonsAreSettledByBounds() throws {
        #expect(try n.isLess(n.plus(1)) == 1)
        #expect(try n.plus(1).isLess(n) == 0)
        #expect(try n.equals(-1) == 0)
        #expect(try n.times(2).equals(7) == 0)
        #expect(try n.equals(1).constant == nil)
        #expect(try n.equals(1).times(n.equals(1)) == n.equals(1))
        #expect(try Dim.select(n.isLess(s), n, s) == Dim.min(n, s))
        #expect(try Dim.select(s.isLess(n).not(), s, n) == Dim.max(n, s))
        #expect(try Dim.select(n.equals(-1), 1, n) == n)
        #expect(try n.minus(s).isNonNegative == false)
        #expect(try n.times(s).minus(n).isNonNegative(whereAtLeast: ["S": 1]))
    }

    /// The hostile ones of issue 9, and relatives: refused or simplified in milliseconds.
    @Test(.timeLimit(.minutes(1))) func expressionsHaveBudgets() throws {
        let clock = ContinuousClock()
        let symbols = (0..<4000).map { Dim(symbol: "s\($0)") }
        let time = try clock.measure {
            #expect(throws: DLCError.self) { try symbols.reduce(Dim(0)) { try $0.plus($1) } }
            #expect(throws: DLCError.self) { try symbols.reduce(Dim(0)) { try Dim.max($0, $1) } }
            #expect(throws: DLCError.self) { try symbols.reduce(Dim(0)) { try $0.plus($1).quotient(3) } }
            #expect(throws: DLCError.self) { try symbols.reduce(Dim(1)) { try $0.times($1) } }
            #expect(throws: DLCError.self) {
                try (0..<12).reduce(Dim(1)) { try $0.times(symbols[2 * $1].plus(symbols[2 * $1 + 1])) }
            }
            #expect(try symbols.prefix(14).reduce(Dim(0)) { try Dim.max($0, $1.times(2)) }.symbols.count == 14)
            var nested = symbols[0]
            for symbol in symbols.prefix(30) { nested = try Dim.max(nested.plus(1), Dim.min(symbol.times(2), nested)) }
        }
        #expect(time < .seconds(5), "\(time)")
    }
}
