import DLCTensor
import Testing

@testable import DLCData

@Suite struct PictureDatasets {
    private let wanted = [WantedField("image", .float32, [3, 2, 3]), WantedField("label", .int64, [], classes: 2)]

    private func fill(_ folder: TemporaryFolder, _ place: String) throws {
        try folder.write(decoded(PillowPictures.colour), "\(place)/cat/b.png")
        try folder.write(decoded(PillowPictures.grey), "\(place)/cat/a.png")
        try folder.write(decoded(PillowPictures.jpeg), "\(place)/dog/c.jpg")
    }

    @Test func foldersAreClasses() throws {
        try withTemporaryFolder { folder in
            try fill(folder, "set")
            let data = try Datasets.open("\(folder.path)/set", wanting: wanted)
            #expect(data.count == 3 && data.classNames == ["cat", "dog"])
            #expect(try data.labels() == [0, 0, 1])
            let batch = try data.batch([1, 2, 0])
            #expect(try batch["label"]?.numbers == [0, 1, 0])
            let image = try #require(batch["image"])
            #expect(image.shape == [3, 3, 2, 3])
            // What Pillow makes of `colour` by resize((3, 2), BILINEAR) in its float mode, divided by 255.
            let expected = [
                0.08403, 0.39216, 0.70028, 0.08403, 0.39216, 0.70028, 0.16807, 0.16807, 0.16807, 0.53782, 0.53782, 0.53782, 0.02401,
                0.11204,
                0.20008, 0.07683, 0.35854, 0.64026,
            ]
            let found = try image.numbers
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-5) }
            // Grey, of the size that is asked for.
            let grey = [0, 128, 255, 10, 20, 30].map { Double(Float($0) / 255) }
            #expect(Array(found[36...]) == grey + grey + grey)
        }
    }

    @Test func whatIsNoPictureIsPassedOver() throws {
        try withTemporaryFolder { folder in
            try fill(folder, "set")
            try folder.write([1], "set/cat/Thumbs.db")
            try folder.write([1], "set/dog/LICENCE")
            try folder.write([1], "set/dog/.DS_Store")
            let data = try Datasets.open("\(folder.path)/set", wanting: wanted)
            #expect(data.count == 3 && data.summary.hasSuffix("(2 other files passed over)"), "\(data.summary)")
        }
    }

    @Test func openSizesAreThoseOfTheFirstPicture() throws {
        try withTemporaryFolder { folder in
            try fill(folder, "set")
            let fields = [WantedField("x", .uint8, [nil, nil, 3])]
            let data = try Datasets.open("\(folder.path)/set/cat", wanting: fields)
            #expect(data.fields[0].shape == [2, 3, 3] && data.fields[0].channelAxis == 2 && data.classNames.isEmpty)
            #expect(try data.labels() == nil)
            #expect(try data.batch([0])["x"]?.numbers == [0, 0, 0, 128, 128, 128, 255, 255, 255, 10, 10, 10, 20, 20, 20, 30, 30, 30])
        }
    }

    @Test func partsAreReadWithTheTrainingsClasses() throws {
        try withTemporaryFolder { folder in
            try fill(folder, "set/train")
            try folder.write(decoded(PillowPictures.jpeg), "set/val/dog/c.jpeg")
            let (training, validation) = try Datasets.openParts("\(folder.path)/set", wanting: wanted)
            #expect(training.count == 3)
            #expect(try validation?.labels() == [1])
            #expect(throws: DLCError.self) { try Datasets.open("\(folder.path)/set", wanting: wanted) }
        }
    }
}

@Suite struct BenchmarkFiles {
    private static func idx(_ type: UInt8, _ shape: [UInt8], _ data: [UInt8]) -> [UInt8] {
        [0, 0, type, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + data
    }

    @Test func mnistsFourFiles() throws {
        try withTemporaryFolder { folder in
            try folder.write(Self.idx(8, [3, 2, 2], Array(0..<12)), "m/train-images-idx3-ubyte")
            try folder.write(Self.idx(8, [3], [7, 0, 9]), "m/train-labels-idx1-ubyte")
            // gzip of Python: two images of 2×2 with 100…107, in two members; labels 1 and 2.
            try folder.write(
                decoded("H4sIAAAAAAACA2Ng4GBmYGBgguGU1LR0AO3xXWUUAAAAH4sIAAAAAAACA8vIzMoGAKLLot0EAAAA"), "m/t10k-images-idx3-ubyte.gz")
            try folder.write(decoded("H4sIAAAAAAACA2Ng4GBkYGBgYmQCAHT8iWIKAAAA"), "m/t10k-labels-idx1-ubyte.gz")
            let fields = [WantedField("x", .float32, [1, 2, 2]), WantedField("y", .int64, [])]
            let (training, validation) = try Datasets.openParts("\(folder.path)/m", wanting: fields)
            let batch = try training.batch([2, 0])
            #expect(try batch["x"]?.array(of: Float.self) == [8, 9, 10, 11, 0, 1, 2, 3].map { Float($0) / 255 })
            #expect(try batch["y"]?.numbers == [9, 7])
            let test = try #require(validation)
            #expect(try test.batch([1])["x"]?.array(of: Float.self) == [104, 105, 106, 107].map { Float($0) / 255 })
            #expect(try test.labels() == [1, 2])
            let direct = try Datasets.open("\(folder.path)/m/t10k-images-idx3-ubyte.gz", wanting: fields)
            #expect(direct.count == 2)
        }
    }

    @Test func numbersOfTwoBytesAreInNetworkOrder() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(Self.idx(11, [2, 2], [0, 1, 1, 0, 0xFF, 0xFE, 0x7F, 0xFF]), "a.idx")
            let data = try Datasets.open(path, wanting: [WantedField("x", .int32, [2])])
            #expect(try data.batch([0, 1])["x"]?.numbers == [1, 256, -2, 32767])
        }
    }

    @Test func cifarsRecords() throws {
        try withTemporaryFolder { folder in
            func record(_ label: UInt8) -> [UInt8] { [label] + (0..<3072).map { UInt8(($0 / 1024) * 50) + label } }
            try folder.write(record(3) + record(1), "c/data_batch_1.bin")
            try folder.write(record(9), "c/data_batch_2.bin")
            try folder.write(record(0), "c/test_batch.bin")
            try folder.write("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "c/batches.meta.txt")
            let fields = [WantedField("image", .uint8, [3, 32, 32]), WantedField("label", .int64, [], classes: 10)]
            let (training, validation) = try Datasets.openParts("\(folder.path)/c", wanting: fields)
            #expect(training.count == 3 && validation?.count == 1 && training.classNames.count == 10)
            #expect(try training.labels() == [3, 1, 9])
            let image = try #require(training.batch([2, 0, 1])["image"]).array(of: UInt8.self)
            #expect(image[0] == 9 && image[1023] == 9 && image[1024] == 59 && image[3071] == 109 && image[3072] == 3 && image[6144] == 1)
        }
    }
}
