import DLCTensor
import Testing

@testable import DLCData

@Suite struct SoundDatasets {
    private static let expected: [(String, [Double])] = [
        (Sounds.pcm16Stereo, [32767 / 65536.0, -0.5, 0.5, 0, -100 / 32768.0]),
        (Sounds.pcm24, [0, -1, 8_388_607 / 8388608.0, 1 / 8388608.0, -1 / 8388608.0]),
        (Sounds.pcm8, [0, -1, 127 / 128.0, 1 / 128.0, -0.5]),
        (Sounds.pcm32, [0, -1, Double(Float((0x1p31 - 1) / 0x1p31)), 0.5, -0.25]),
        (Sounds.float32, [0, -1, 0.5, 0.25, 1.5]),
    ]

    @Test(arguments: expected.indices) func samplesAreThoseOfTheFile(index: Int) throws {
        try withTemporaryFolder { folder in
            let (sound, expected) = Self.expected[index]
            let path = try folder.write(decoded(sound), "a.wav")
            let data = try Datasets.open(path, wanting: [WantedField("x", .float32, [5])])
            #expect(data.count == 1)
            #expect(try data.batch([0])["x"]?.numbers == expected)
            var options = DataOptions()
            options.sound.hop = 1
            let frames = try Datasets.open(path, wanting: [WantedField("x", .float32, [1, 2])], options: options)
            #expect(frames.count == 4)
            #expect(try frames.batch([3, 0])["x"]?.numbers == [expected[3], expected[4], expected[0], expected[1]])
        }
    }

    @Test func filesInFoldersOfClasses() throws {
        try withTemporaryFolder { folder in
            try folder.write(decoded(Sounds.pcm8), "s/no/a.wav")
            try folder.write(decoded(Sounds.float32), "s/yes/b.wav")
            let fields = [WantedField("x", .float32, [7]), WantedField("y", .int64, []), WantedField("mask", .float32, [7])]
            var options = DataOptions()
            options.sources = ["y": "label"]
            let data = try Datasets.open("\(folder.path)/s", wanting: fields, options: options)
            #expect(data.classNames == ["no", "yes"])
            let batch = try data.batch([1, 0])
            #expect(try batch["x"]?.numbers == Self.expected[4].1 + [0, 0] + Self.expected[2].1 + [0, 0])
            #expect(try batch["y"]?.numbers == [1, 0])
            #expect(try batch["mask"]?.numbers == [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0])
        }
    }

    @Test func framesGoOnInTheNextFile() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b", "c"] { try folder.write(decoded(name == "b" ? Sounds.pcm8 : Sounds.float32), "s/\(name).wav") }
            let data = try Datasets.open("\(folder.path)/s", wanting: [WantedField("x", .float32, [2])])
            #expect(data.count == 6 && data.isContinuous)
            #expect(try data.batch([5, 2, 1])["x"]?.numbers == [0.5, 0.25, 0, -1, 0.5, 0.25])
        }
    }
}
