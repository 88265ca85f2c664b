import DLC
import DLCData
import Testing

@testable import DLCCommand

@Suite struct PictureResizing {
    /// 5×7 levels, and what Pillow 13 makes of them with `resize(…, BILINEAR)` in its float mode.
    private static let picture = Picture(
        width: 7, height: 5, channels: 1,
        pixels: [
            0, 5, 10, 15, 20, 25, 30,
            7, 25, 43, 61, 79, 97, 115,
            28, 59, 90, 121, 152, 183, 214,
            63, 107, 151, 195, 239, 27, 71,
            112, 169, 226, 27, 84, 141, 198,
        ])

    private func expect(_ found: [Float], _ expected: [Float]) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-3) }
    }

    @Test func reducingAgreesWithPillow() throws {
        expect(
            try Self.picture.resized(height: 3, width: 4).pixels,
            [8.537, 24.989, 44.44, 60.891, 47.349, 95.591, 141.253, 146.693, 117.939, 157.011, 124.371, 121.857])
    }

    @Test func reducingAndEnlargingAtOnceAgreesWithPillow() throws {
        expect(
            try Self.picture.resized(height: 2, width: 15).pixels,
            [
                12.091, 15.691, 24.091, 32.491, 40.891, 49.291, 57.691, 66.091, 74.491, 82.891, 86.636, 89.606, 96.455,
                104.855, 108.455, 68.091, 76.891, 97.424, 117.958, 138.491, 153.594, 136.115, 118.636, 139.17, 159.703,
                138.345, 110.006, 116.576, 137.109, 145.909,
            ])
    }

    @Test func channelsStayApart() throws {
        let resized = try Self.picture.converted(channels: 3).resized(height: 3, width: 4)
        let grey = try Self.picture.resized(height: 3, width: 4)
        #expect(resized.pixels == grey.pixels.flatMap { [$0, $0, $0] })
    }

    @Test func onePixelFillsAnySize() throws {
        let one = Picture(width: 1, height: 1, channels: 1, pixels: [9])
        #expect(try one.resized(height: 4, width: 5).pixels == [Float](repeating: 9, count: 20))
    }

    @Test func colourBecomesGreyAsInPillow() {
        let colour = Picture(width: 3, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 12, 200, 77])
        #expect(colour.converted(channels: 1).pixels == [76, 150, 130])
    }
}

@Suite struct PictureAsInput {
    private let colour = Picture(width: 2, height: 1, channels: 3, pixels: [0, 51, 255, 102, 153, 204])

    private func input(_ shape: Shape, _ type: ElementType = .float32, mean: String? = nil, std: String? = nil) throws -> ImageInput {
        var metadata: [String: String] = [:]
        metadata["image.mean"] = mean
        metadata["image.std"] = std
        return try ImageInput(Plan.Port(name: "image", type: type, shape: shape, location: .input(0)), metadata)
    }

    @Test func channelsFirstAreNormalizedPerChannel() throws {
        let tensor = try input([Dim(symbol: "N"), 3, 1, 2], mean: "0, 0.2, 0.5", std: "1,0.5,0.25").tensor(of: colour)
        #expect(tensor.shape == [1, 3, 1, 2])
        let expected: [Float] = [0, 0.4, 0, 0.8, 2, 1.2]
        for (a, b) in zip(try tensor.array(of: Float.self), expected) { #expect(abs(a - b) < 1e-6) }
    }

    @Test func channelsLastOfBytesAreThePixels() throws {
        let tensor = try input([2, 2, 3], .uint8).tensor(of: colour)
        let row: [UInt8] = [0, 51, 255, 102, 153, 204]
        #expect(tensor == (try Tensor(row + row, shape: [2, 2, 3])))
    }

    @Test func symbolicHeightAndWidthTakeThePictures() throws {
        let tensor = try input([1, 1, Dim(symbol: "H"), Dim(symbol: "W")]).tensor(of: colour)
        #expect(tensor.shape == [1, 1, 1, 2])
    }

    @Test(arguments: [[10], [2, 3, 8, 8], [1, 4, 8, 8], [1, 3, 8, 8, 8], [1, 3, 0, 8], [1, 3, 1 << 40, 1 << 40]])
    func whatIsNoPictureIsRefused(_ shape: [Int]) {
        #expect(throws: DLCError.self) { try input(Shape(constants: shape)).tensor(of: colour) }
    }

    @Test(arguments: [("a", "1"), ("0,0", "1"), ("0", "0"), ("nan", "1"), ("0", "-1"), ("", "1")])
    func badNormalizationIsRefused(_ mean: String, _ std: String) {
        #expect(throws: DLCError.self) { try input([3, 8, 8], mean: mean, std: std) }
    }

    @Test func boolsAreNoPicture() {
        #expect(throws: DLCError.self) { try input([3, 8, 8], .bool) }
    }
}
