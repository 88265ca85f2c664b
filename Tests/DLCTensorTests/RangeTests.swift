@testable import DLCTensor
import Testing

@Suite struct RangeTests {
    private func range(_ limits: [Int64]) throws -> [Int64] {
        try Tensor.range(limits.map { try Tensor([$0], shape: []) }).array(of: Int64.self)
    }

    @Test func integersAreCountedExactly() throws {
        let large: Int64 = 1 << 53
        #expect(try range([large, large + 3, 1]) == [large, large + 1, large + 2])
        #expect(try range([.max - 2, .max, 1]) == [.max - 2, .max - 1])
        #expect(try range([.min, .min + 5, 3]) == [.min, .min + 3])
        #expect(try range([5, -4, -3]) == [5, 2, -1])
        #expect(try range([5, 5, -1]).isEmpty && range([5, 6, -1]).isEmpty && range([6, 5, 1]).isEmpty)
        #expect(try range([.min, .max, .max]) == [.min, -1, .max - 1])
    }

    @Test func whatHasNoEndIsAnError() throws {
        for limits in [[0, 1, 0], [.min, .max, 1], [.max, .min, -1]] as [[Int64]] {
            #expect { try range(limits) } throws: { "\($0)".contains("has no end") }
        }
        for limits in [[0, .infinity, 1], [0, 1, 0], [0, .nan, 1], [0, 1, 1e-300]] as [[Double]] {
            #expect { try Tensor.rangeCount(limits.map { try Tensor([$0], shape: []) }) } throws: { "\($0)".contains("has no end") }
        }
    }

    @Test func floatsAreCountedAsTheyAreRead() throws {
        let limits = try [0.5, 3, 0.75].map { try Tensor([$0], shape: []) }
        #expect(try Tensor.range(limits).array(of: Double.self) == [0.5, 1.25, 2, 2.75])
    }
}
