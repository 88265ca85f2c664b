import DLCTensor
import Testing

/// Extents that nobody gives are such that the model can be shown and run.
@Suite struct CompletingTests {
    private let batch = Dim(symbol: "batch")
    private let h = Dim(symbol: "h")
    private let w = Dim(symbol: "w")

    private func binding(_ constraints: [Constraint]) -> ShapeBinding {
        ShapeBinding(inputs: [ShapeBinding.Input(name: "x", shape: [batch, 3, h, w])], constraints: constraints)
    }

    @Test func extentsAre1WhereNothingAsksForMore() throws {
        let even = Constraint(.divides, 1, h, reason: "")
        #expect(binding([even]).completing([:]) == ["batch": 1, "h": 1, "w": 1])
        #expect(binding([]).completing(["w": 7]) == ["batch": 1, "h": 1, "w": 7])
    }

    @Test func extentsFitWindowsAndStages() throws {
        // A window of 5 fits h + 2, and what is halved five times and doubled again meets what is halved four times.
        let window = Constraint(.atLeast, try h.plus(2), 5, reason: "")
        let stages = Constraint(
            .equal, try w.plus(15).quotient(16), try w.plus(31).quotient(32).times(2), reason: "")
        let found = binding([window, stages]).completing([:])
        #expect(found == ["batch": 1, "h": 3, "w": 32])
        #expect(try binding([window, stages]).values([[1, 3, 3, 32]]) == found)
    }

    @Test func givenExtentsStayAndEquationsAreSolved() throws {
        // What a file was traced with: rows of 63 beside a given batch.
        let rows = Constraint(.equal, try batch.times(h), try batch.times(63), reason: "")
        #expect(binding([rows]).completing(["batch": 2]) == ["batch": 2, "h": 63, "w": 1])
        // Nothing can be done for an extent that is given.
        let least = Constraint(.atLeast, h, 9, reason: "")
        #expect(binding([least]).completing(["h": 3])["h"] == 3)
    }

    @Test func impossibleOnesEnd() throws {
        let never = Constraint(.equal, try h.times(2), try w.times(2).plus(1), reason: "")
        let found = binding([never]).completing([:])
        #expect(found.keys.sorted() == ["batch", "h", "w"])
        let huge = Constraint(.atLeast, h, Dim(1 << 40), reason: "")
        #expect(throws: DLCError.self) {
            let extents = binding([huge]).completing([:])
            _ = try binding([huge]).values([[1, 3, extents["h"] ?? 0, 1]])
        }
    }
}
