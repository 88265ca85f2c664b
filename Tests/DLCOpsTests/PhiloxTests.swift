import DLCGraph
import DLCOps
import Testing

private struct KnownBlock: Sendable {
    var counter: [UInt32]
    var seed: UInt64
    var words: [UInt32]
}

/// The vectors that come with Random123 (Salmon et al., 2011), `kat_vectors`, philox4x32 with ten rounds.
private let knownBlocks = [
    KnownBlock(counter: [0, 0, 0, 0], seed: 0, words: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    KnownBlock(counter: [.max, .max, .max, .max], seed: .max, words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    KnownBlock(
        counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], seed: 0x299f_31d0_a409_3822,
        words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
]

@Suite struct PhiloxTests {
    @Test func blocksAreThePublishedOnes() {
        for known in knownBlocks {
            let counter = known.counter
            #expect(Philox(seed: known.seed).block(counter[0], counter[1], counter[2], counter[3]) == known.words)
        }
    }

    @Test func normalNumbersHaveTheMomentsOfANormalDistribution() throws {
        let key = try Tensor([7, 1] as [Int64], shape: [2])
        let x = try Random(.normal, stream: 5, shape: [100_000]).evaluate([key])[0].doubles()
        func moment(_ power: Int) -> Double {
            var sum = 0.0
            for value in x { sum += [Double](repeating: value, count: power).reduce(1, *) }
            return sum / Double(x.count)
        }
        // Five standard errors.
        #expect(abs(moment(1)) < 0.016)
        #expect(abs(moment(2) - 1) < 0.023)
        #expect(abs(moment(3)) < 0.062)
        #expect(abs(moment(4) - 3) < 0.16)
    }
}
