import DLC
@testable import DLCRuntime
import Testing

/// The table of a plan's dimensions gives what each dimension gives by itself.
@Suite struct DimTableTests {
    @Test func allDimensionsAtOnceAreEachByItself() throws {
        let (t, n) = (Dim(symbol: "T"), Dim(symbol: "N"))
        var dims: [Dim] = [0, Dim(symbol: "unbound"), 7, -3, t, n]
        for _ in 0..<2 {
            for (a, b) in [(t, n), (try t.plus(1), try n.times(3)), (try t.times(n), 4), (try t.minus(n), 2), (dims[dims.count - 1], t)] {
                let more: [() throws -> Dim] = [
                    { try a.plus(b) }, { try a.times(b) }, { try a.quotient(b) }, { try a.remainder(b) }, { try Dim.max(a, b) },
                    { try Dim.min(a, b) }, { try Dim.broadcast([a, b]) }, { try a.isZero().times(b) }, { try b.minus(a).isNegative() },
                ]
                for make in more { if let dim = try? make() { dims.append(dim) } }
            }
        }
        var table = DimTable()
        let places = try dims.map { try table.place($0) }
        for (x, y) in [(0, 0), (1, 1), (0, 5), (5, 1), (7, 3), (3, 7), (64, 64), (1 << 40, 1 << 30), (.max, 2)] {
            let bindings = ["T": x, "N": y]
            let sizes = BoundSizes(table, bindings)
            for (dim, place) in zip(dims, places) {
                let expected = try? dim.evaluate(bindings)
                #expect((try? sizes.value(place, dim)) == expected, "\(dim) for T = \(x), N = \(y)")
            }
        }
    }
}
