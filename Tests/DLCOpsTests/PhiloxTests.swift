import DLCGraph
import DLCOps
import Testing

/// The vectors that come with Random123 (Salmon et al., 2011), `kat_vectors`, philox4x32 with ten rounds.
@Suite struct PhiloxTests {
    @Test(arguments: [
        ([0, 0, 0, 0] as [UInt32], 0 as UInt64, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8] as [UInt32]),
        (
            [.max, .max, .max, .max], .max, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        ),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], 0x299f_31d0_a409_3822,
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        ),
    ])
    func blocksAreThePublishedOnes(_ counter: [UInt32], _ key: UInt64, _ expected: [UInt32]) {
        #expect(Philox(seed: key).block(counter[0], counter[1], counter[2], counter[3]) == expected)
    }

    @Test func normalNumbersHaveTheMomentsOfANormalDistribution() throws {
        let key = try Tensor([7, 1] as [Int64], shape: [2])
        let x = try Random(.normal, stream: 5, shape: [100_000]).evaluate([key])[0].doubles()
        let moments = (1...4).map { power in x.reduce(0) { sum, value in sum + (0..<power).reduce(1) { product, _ in product * value } } / 1e5 }
        // Five standard errors.
        #expect(abs(moments[0]) < 0.016)
        #expect(abs(moments[1] - 1) < 0.023)
        #expect(abs(moments[2]) < 0.062)
        #expect(abs(moments[3] - 3) < 0.16)
    }
}
