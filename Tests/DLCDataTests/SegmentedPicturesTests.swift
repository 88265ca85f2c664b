import DLCTensor
import Testing

@testable import DLCData

@Suite struct SegmentedPictureSets {
    private let fields = [WantedField("image", .float32, [3, 3, 4]), WantedField("mask", .int64, [3, 4])]

    @Test(arguments: [PillowPictures.palette, PillowPictures.palette2]) func masksAreIndices(mask: String) throws {
        try withTemporaryFolder { folder in
            try folder.write(decoded(PillowPictures.colour), "s/images/b.png")
            try folder.write(decoded(PillowPictures.jpeg), "s/images/a.jpg")
            try folder.write(decoded(mask), "s/masks/a.png")
            try folder.write(decoded(PillowPictures.greyMask), "s/masks/b.png")
            let data = try Datasets.open("\(folder.path)/s", wanting: fields)
            #expect(data.count == 2)
            let batch = try data.batch([0, 1])
            #expect(batch["image"]?.shape == [2, 3, 3, 4])
            #expect(try batch["mask"]?.numbers == [0, 1, 2, 2, 1, 1, 0, 0, 2, 0, 1, 2, 0, 1, 2, 255, 1, 1, 0, 0, 2, 0, 1, 2])
            // Doubled: each pixel four times.
            let large = try Datasets.open("\(folder.path)/s", wanting: [fields[0], WantedField("mask", .int32, [1, 6, 8])])
            let row: [Double] = [0, 0, 1, 1, 2, 2, 2, 2]
            #expect(try Array(large.batch([0])["mask"]?.numbers[..<16] ?? []) == row + row)
        }
    }

    @Test func oneBitIsAnIndexToo() throws {
        try withTemporaryFolder { folder in
            let mask = try Picture(indices: folder.write(decoded(PillowPictures.bits), "a.png"))
            #expect(mask.pixels == [0, 1, 1, 1, 0, 0])
            #expect(throws: DLCError.self) { try Picture(indices: folder.write(decoded(PillowPictures.colour), "b.png")) }
        }
    }
}
