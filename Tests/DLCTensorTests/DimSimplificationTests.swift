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

    /// The last row of a sequence that may be empty is put behind it again and again.
    @Test func maximaInsideOfMaximaAreSums() throws {
        var lengths = [Dim(symbol: "T")]
        for _ in 0..<40 {
            let length = lengths[lengths.count - 1]
            lengths.append(try length.plus(length.minus(Dim.max(0, length.minus(1)))))
        }
        #expect(lengths[1].description == "2*T - max(0, T - 1)" && lengths[3].description == "4*T - 3*max(0, T - 1)")
        for count in 0..<5 {
            var expected = count
            for length in lengths {
                #expect(try length.evaluate(["T": count]) == expected)
                expected += expected - max(0, expected - 1)
            }
        }
        // Slopes that are no whole numbers of pieces, and bounds from both sides.
        let t = Dim(symbol: "T")
        let (a, b) = (try Dim.max(0, t.times(3).minus(7)), try Dim.min(5, t))
        let nested = try Dim.max(a.minus(b), Dim.min(a, 2)).plus(Dim.max(b, a.times(-1)))
        for count in 0..<20 {
            let (x, y) = (max(0, 3 * count - 7), min(5, count))
            #expect(try nested.evaluate(["T": count]) == max(x - y, min(x, 2)) + max(y, -x), "\(nested) at \(count)")
        }
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

    /// What a truth says to be below 0 is not the greatest beside 0.
    @Test func productsWithTruthsLoseWhatIsBelowZero() throws {
        let length = try s.quotient(20).minus(4)
        let isNegative = try length.isNegative()
        let positive = try Dim.max(0, length)
        #expect(isNegative.constant == nil && positive != length)
        #expect(try isNegative.times(positive) == 0)
        #expect(try isNegative.times(Dim.max(0, length.plus(1))) == 0)
        #expect(try isNegative.times(Dim.max(0, length.plus(2))) != 0)
        #expect(try isNegative.not().times(positive) == positive)
        #expect(try isNegative.times(Dim.max(positive, n.minus(s))) == isNegative.times(Dim.max(0, n.minus(s))))
        // A position that counts from the end where it is negative.
        #expect(try Dim.select(isNegative, length.plus(positive), length) == length)
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
