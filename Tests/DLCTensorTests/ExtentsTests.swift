@testable import DLCTensor
import Testing

/// Numbers that data decide, as extents.
@Suite struct ExtentsTests {
    private func extents(_ numbers: [Int64], isSigned: Bool) throws -> [Int] {
        try Tensor(numbers, shape: [numbers.count]).asExtents(isSigned: isSigned).shape
    }

    @Test func numbersAreExtentsOrDifferencesOfTwo() throws {
        #expect(try extents([3, 0, 1 << 40], isSigned: false) == [0, 3, 0, 1 << 40])
        #expect(try extents([3, -2], isSigned: true) == [0, 3, 0, 0, 2])
    }

    /// The product of what stands for the end in several dimensions is more than any integer.
    @Test func theLargestIntegersAreTheEnd() throws {
        #expect(try extents([.max, .min, .max], isSigned: true) == [0, 1 << 48, 0, 0, 1 << 48, 1 << 48, 0])
    }

    @Test func otherNumbersThatAreTooLargeAreErrors() throws {
        #expect { try extents([1_764_363_756_000_000_000], isSigned: true) } throws: { "\($0)".contains("at most 2^48") }
        #expect { try extents([-1], isSigned: false) } throws: { "\($0)".contains("expected 0 or more") }
    }
}
