@testable import DLCRuntime
@testable import DLCTensor
import Testing

/// Expressions in a plan's table.
@Suite struct DimEncodingTests {
    private let t = Dim(symbol: "T"), n = Dim(symbol: "N")

    private func read(_ bytes: [UInt8], _ count: Int = 1) throws -> [Dim] {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let dims = try (0..<count).map { _ in try reader.dim() }
            #expect(reader.isAtEnd)
            return dims
        }
    }

    private func readShapes(_ bytes: [UInt8], _ count: Int) throws -> [Shape] {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try (0..<count).map { _ in try reader.shape() }
        }
    }

    /// Every kind of expression, and one inside of another, is read as it was written, its parts once.
    @Test func expressionsAreReadAsTheyWereWritten() throws {
        let half = try Real.apply(.mul, .float32, [Real(t), Real(0.7)])
        var dims: [Dim] = [
            0, -5, Dim(1 << 40), t, try t.times(n).plus(3), try t.quotient(2), try t.quotient(n), try t.remainder(n), try Dim.max(t, n),
            try Dim.max(0, t.minus(4)), try Dim.broadcast([t, n]), try t.isZero(), try t.minus(n).isNegative(),
            try Real.apply(.floor, .float32, [half]).truncated(), try Real.apply(.convert, .float64, [half]).truncated(),
        ]
        for _ in 0..<3 {
            let inner = dims[dims.count - 1]
            dims += [
                try inner.plus(1).quotient(2).minus(n.quotient(3)), try Dim.max(inner, t.quotient(5)), try Dim.broadcast([inner.plus(t), n]),
                try inner.times(n).plus(inner.quotient(n)),
            ]
        }
        var writer = ByteWriter()
        for dim in dims { writer.dim(dim) }
        let once = writer.bytes.count
        for dim in dims { writer.dim(dim) }
        #expect(writer.bytes.count - once <= 2 * dims.count + 8, "what was written before is a number of it")
        #expect(try read(writer.bytes, 2 * dims.count) == dims + dims)
    }

    /// A shape is written once; one that is not there yet is none.
    @Test func shapesAreReadAsTheyWereWritten() throws {
        let shapes: [Shape] = [[], [t, 3], [3, t], [], [t, 3], [try t.plus(n)]]
        var writer = ByteWriter()
        for shape in shapes { writer.shape(shape) }
        let once = writer.bytes.count
        for shape in shapes { writer.shape(shape) }
        #expect(writer.bytes.count - once == shapes.count)
        #expect(try readShapes(writer.bytes, 2 * shapes.count) == shapes + shapes)
        for index in [2, 255] as [UInt8] {
            let error = #expect(throws: DLCError.self) { try readShapes([0, 0, index, 1], 2) }
            #expect(error?.description.contains("malformed") == true)
        }
    }

    /// Maxima of quotients, as pools that round up nest them: the table grows with the number of pools, and reading it makes no proofs.
    @Test func nestedExpressionsAreWrittenOnce() throws {
        var dim = t
        var writer = ByteWriter()
        for _ in 0..<4 {
            dim = try Dim.min(dim.plus(1).quotient(2), dim.plus(3).quotient(4).plus(dim.quotient(3)))
            writer.dim(dim)
        }
        #expect(writer.bytes.count < 2_000)
        var table = DimTable()
        let place = try table.place(dim)
        for length in [0, 1, 5, 224, 1_000] { #expect(try BoundSizes(table, ["T": length]).value(place, dim) == dim.evaluate(["T": length])) }
    }

    /// What no expression is: terms out of order, a term of 0, a number as an expression, a maximum of one, a quotient by 0, an
    /// expression that is not there yet, and one that never ends.
    @Test(arguments: [
        ([2, 2, 2, 0, 2, 1, 0, 1, 84], "order"), ([2, 1, 0, 1, 0, 1, 84], "order"), ([2, 1, 2, 0], "order"), ([2, 0], "order"),
        ([2, 2, 2, 1, 0, 1, 84, 2, 1, 0, 1, 84], "order"), ([2, 1, 2, 1, 3, 1, 0, 0], "operands"),
        ([2, 1, 2, 1, 1, 2, 1, 2, 1, 0, 1, 84, 0, 0], "operands"), ([2, 1, 2, 1, 5, 0, 0], "operands"), ([1, 0], "malformed"), ([3], "unknown"),
        ([2, 1, 2, 1, 9], "unknown"), ([2, 1, 2, 1, 7, 2, 200, 0], "unknown"), ([2, 1, 2, 1, 7, 2, 0, 4], "unknown"),
        ([2, 100], "promises"), (Array([[UInt8]](repeating: [2, 1, 2, 1, 5], count: 1_000).joined()), "deep"),
        ([2, 1, 2, 1, 7] + Array([[UInt8]](repeating: [2, 9, 0], count: 1_000).joined()), "deep"),
    ] as [([UInt8], String)]) func othersAreRefused(bytes: [UInt8], reason: String) {
        let error = #expect(throws: DLCError.self) { try read(bytes) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(reason))
    }
}
