import DLCTensor
import Testing

@Suite struct ConstraintTests {
    static let n = Dim(symbol: "N")
    static let m = Dim(symbol: "M")

    private func verdict(_ relation: Constraint.Relation, _ a: Dim, _ b: Dim) -> Constraint.Verdict {
        Constraint(relation, a, b, reason: "").verdict
    }

    @Test func equalitiesAreProvedAndRefutedByDifferences() throws {
        #expect(verdict(.equal, Self.n, Self.n) == .holds)
        #expect(try verdict(.equal, Self.n.plus(Self.m), Self.m.plus(Self.n)) == .holds)
        #expect(try verdict(.equal, Self.n.plus(1), Self.n) == .fails)
        #expect(verdict(.equal, 3, 5) == .fails)
        #expect(verdict(.equal, Self.n, 5) == .open)
        #expect(verdict(.equal, Self.n, Self.m) == .open)
        // No extent is negative.
        #expect(try verdict(.equal, Self.n.plus(6), 5) == .fails)
        #expect(try verdict(.equal, Self.n.plus(5), 5) == .open)
    }

    @Test func broadcastsHoldBesideOne() throws {
        #expect(verdict(.broadcasts, Self.n, 1) == .holds)
        #expect(verdict(.broadcasts, Self.n, Self.m) == .open)
        #expect(verdict(.broadcasts, 0, 1) == .holds)
        #expect(verdict(.broadcasts, 0, 3) == .fails)
        #expect(verdict(.expands, 1, Self.n) == .holds)
        #expect(verdict(.expands, 3, 1) == .fails)
        #expect(try verdict(.expands, Self.n.plus(2), Self.n.plus(3)) == .fails)
    }

    @Test func quantitiesCompare() throws {
        #expect(verdict(.atLeast, Self.n, 0) == .holds)
        #expect(try verdict(.atLeast, Self.n.plus(Self.m), Self.n) == .holds)
        #expect(try verdict(.atLeast, Self.n, Self.n.plus(Self.m).plus(1)) == .fails)
        #expect(verdict(.atLeast, Self.n, 3) == .open)
        #expect(try verdict(.divides, 4, Self.n.times(8)) == .holds)
        #expect(verdict(.divides, 4, 6) == .fails)
        #expect(verdict(.divides, 4, Self.n) == .open)
        #expect(verdict(.divides, 0, 0) == .holds)
        #expect(verdict(.divides, 0, 4) == .fails)
    }

    /// Equal claims are one, however they were written.
    @Test func claimsAreCanonical() {
        func claim(_ relation: Constraint.Relation, _ a: Dim, _ b: Dim) -> Constraint.Claim {
            Constraint(relation, a, b, place: "\(a)", reason: "\(b)").claim
        }
        #expect(claim(.equal, Self.n, Self.m) == claim(.equal, Self.m, Self.n))
        #expect(claim(.equal, 5, Self.n) == claim(.equal, Self.n, 5))
        #expect(claim(.broadcasts, 5, Self.n) == claim(.expands, Self.n, 5))
        #expect(claim(.expands, 5, Self.n) == claim(.equal, Self.n, 5))
        #expect(claim(.expands, Self.n, 1) == claim(.equal, 1, Self.n))
        #expect(claim(.expands, Self.n, Self.m) != claim(.expands, Self.m, Self.n))
    }
}

@Suite struct ShapeBindingTests {
    let n = Dim(symbol: "N")
    let t = Dim(symbol: "T")

    private func message(_ binding: ShapeBinding, _ shapes: [[Int]]) -> String {
        do {
            return "\(try binding.values(shapes))"
        } catch {
            return "\(error)"
        }
    }

    @Test func plainSymbolsBind() throws {
        let binding = ShapeBinding(inputs: [.init(name: "x", shape: [n, 3, t])])
        #expect(try binding.values([[2, 3, 0]]) == ["N": 2, "T": 0])
        #expect(message(binding, [[2, 4, 0]]) == "4 (dimension 1 of input x) must equal 3")
    }

    @Test func everyExtentIsChecked() throws {
        let binding = ShapeBinding(inputs: [.init(name: "x", shape: [n, try n.times(2)]), .init(name: "y", shape: [n])])
        #expect(try binding.values([[3, 6], [3]]) == ["N": 3])
        #expect(message(binding, [[3, 1], [3]]) == "1 (dimension 1 of input x) must equal 6 (2*N; N is 3, dimension 0 of input x)")
        #expect(message(binding, [[3, 6], [4]]) == "dimension N is 3 in dimension 0 of input x and 4 in dimension 0 of input y")
    }

    @Test func compoundExtentsAreSolved() throws {
        let even = ShapeBinding(inputs: [.init(name: "x", shape: [try n.times(2).plus(1)])])
        #expect(try even.values([[7]]) == ["N": 3])
        #expect(message(even, [[6]]) == "6 (dimension 0 of input x) is not 2*N + 1 for any N")
        #expect(message(even, [[0]]) == "0 (dimension 0 of input x) is not 2*N + 1 for any N")
        // The mask's length gives T only when the cache has given N, in whatever order they come.
        let past = ShapeBinding(inputs: [.init(name: "mask", shape: [try n.plus(t)]), .init(name: "cache", shape: [n])])
        #expect(try past.values([[9], [4]]) == ["N": 4, "T": 5])
        #expect(message(past, [[3], [4]]).contains("is not N + T for any T"))
        // More than one solution: the symbol stays open.
        let half = ShapeBinding(inputs: [.init(name: "x", shape: [try n.quotient(2)])])
        #expect(try half.values([[3]]) == [:])
    }

    @Test func constraintsAreChecked() throws {
        let sum = Constraint(.equal, n, try t.plus(1), place: "concat rows", reason: "rows agree")
        let spread = Constraint(.broadcasts, n, t, place: "add", reason: "")
        let inputs = [ShapeBinding.Input(name: "x", shape: [n]), ShapeBinding.Input(name: "y", shape: [t])]
        let equal = ShapeBinding(inputs: inputs, constraints: [sum])
        #expect(try equal.values([[3], [2]]) == ["N": 3, "T": 2])
        #expect(message(equal, [[3], [5]])
            == "concat rows: 3 (dimension 0 of input x) must equal 6 (T + 1; T is 5, dimension 0 of input y): rows agree")
        let broadcast = ShapeBinding(inputs: inputs, constraints: [spread])
        for shapes in [[[1], [5]], [[5], [1]], [[0], [1]], [[4], [4]]] { #expect(throws: Never.self) { try broadcast.values(shapes) } }
        #expect(throws: DLCError.self) { try broadcast.values([[0], [2]]) }
    }

    /// The message says why an extent is what it is.
    @Test func settledExtentsKeepTheirReason() {
        let settled = SettledSymbol(symbol: "N", value: 5, place: "concat rows", reason: "rows agree")
        let binding = ShapeBinding(inputs: [.init(name: "x", shape: [5], declared: [n])], settled: [settled])
        #expect(message(binding, [[3]]) == "concat rows: 3 (dimension 0 of input x) must equal 5: rows agree")
        #expect(binding.contradiction(0, [3]).map { "\($0)" } == message(binding, [[3]]))
        #expect(binding.contradiction(0, [5]) == nil)
    }
}
