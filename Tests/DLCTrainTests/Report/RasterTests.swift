import CZlib
import DLCTensor
import Testing

@testable import DLCTrain

@Suite struct RasterTests {
    /// Undoes the filters as section 9.2 of the standard says.
    private func decoded(_ file: [UInt8], _ picture: Raster) throws -> [UInt8] {
        var position = 8
        var data: [UInt8] = []
        while position < file.count {
            let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let body = Array(file[position + 4..<position + 8 + length])
            let checksum = file[position + 8 + length..<position + 12 + length].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            #expect(UInt32(crc32_z(0, body, body.count)) == checksum)
            if body.starts(with: "IDAT".utf8) { data += body.dropFirst(4) }
            position += 12 + length
        }
        let stride = picture.width * picture.channels
        var raw = [UInt8](repeating: 0, count: (stride + 1) * picture.height)
        var count = uLongf(raw.count)
        #expect(uncompress(&raw, &count, data, uLong(data.count)) == Z_OK && Int(count) == raw.count)
        var result: [UInt8] = []
        for y in 0..<picture.height {
            let filter = raw[y * (stride + 1)]
            for x in 0..<stride {
                let left = x < picture.channels ? 0 : Int(result[y * stride + x - picture.channels])
                let up = y == 0 ? 0 : Int(result[(y - 1) * stride + x])
                let corner = y == 0 || x < picture.channels ? 0 : Int(result[(y - 1) * stride + x - picture.channels])
                let guess = left + up - corner
                let distances = [abs(guess - left), abs(guess - up), abs(guess - corner)]
                let paeth = [left, up, corner][distances.firstIndex(of: distances.min() ?? 0) ?? 0]
                let predicted = [0, left, up, (left + up) / 2, paeth][Int(filter)]
                result.append(UInt8(truncatingIfNeeded: Int(raw[y * (stride + 1) + 1 + x]) + predicted))
            }
        }
        return result
    }

    @Test(arguments: [(1, 1, 1), (5, 7, 1), (16, 9, 3), (1, 40, 3)])
    func filesHoldThePixels(_ height: Int, _ width: Int, _ channels: Int) throws {
        var generator = SplitMix64(seed: 3)
        // Smooth in one half and random in the other, so that all filters are best somewhere.
        let pixels = (0..<height * width * channels).map { index in
            index % 2 == 0 ? UInt8(truncatingIfNeeded: index / channels * 3) : UInt8(truncatingIfNeeded: generator.next())
        }
        let picture = try Raster(height: height, width: width, channels: channels, pixels: pixels)
        #expect(try decoded(picture.png(), picture) == pixels)
    }

    @Test func palettesBecomeColours() throws {
        let picture = try Raster(height: 1, width: 2, channels: 1, pixels: [1, 0], palette: [0x010203, 0xFF8000])
        #expect(try decoded(picture.png(), picture) == [1, 0])
        #expect(try picture.coloured().pixels == [255, 128, 0, 1, 2, 3])
    }

    @Test func whatIsNoPictureIsRefused() {
        #expect(throws: DLCError.self) { try Raster(height: 0, width: 2, channels: 1, pixels: []) }
        #expect(throws: DLCError.self) { try Raster(height: 1, width: 2, channels: 1, pixels: [1]) }
        #expect(throws: DLCError.self) { try Raster(height: 1, width: 1, channels: 2, pixels: [1, 2]) }
        #expect(throws: DLCError.self) { try Raster(height: 1, width: 1, channels: 1, pixels: [2], palette: [0, 1]) }
        #expect(throws: DLCError.self) { try Raster(height: 1, width: 1, channels: 1, pixels: [1]).enlarged(Int.max) }
    }

    @Test func gridsLeaveGapsAndScale() throws {
        let tensor = try Tensor([0, 1, 0.5, .nan, -1, 2] as [Float], shape: [3, 1, 1, 2])
        let grid = try PictureGrid(range: .fixed(low: 0, high: 1), gap: 1, gapLevel: 9).raster(tensor)
        #expect((grid.height, grid.width, grid.channels) == (5, 7, 1))
        #expect(grid.pixels[7..<14] == [9, 0, 255, 9, 128, 0, 9])
        #expect(grid.pixels[21..<28] == [9, 0, 255, 9, 9, 9, 9])
        let large = try PictureGrid(range: .each, columns: 3, gap: 0, scale: 2).raster(tensor)
        #expect((large.height, large.width) == (2, 12) && large.pixels[0..<4] == [0, 0, 255, 255])
    }

    @Test func otherChannelsArePicturesOfTheirOwn() throws {
        let grid = try PictureGrid(range: .all, gap: 0).raster(Tensor((0..<8).map(Float.init), shape: [2, 4, 1, 1]))
        #expect((grid.height, grid.width, grid.channels) == (2, 4, 1))
        #expect(grid.pixels == (0..<8).map { UInt8((Double($0) / 7 * 255).rounded()) })
        #expect(throws: DLCError.self) { try PictureGrid(range: .all).raster(Tensor([] as [Float], shape: [0, 1, 2, 2])) }
    }

    /// matplotlib's viridis at 0, 100, 128, 201 and 255.
    @Test func viridisIsMatplotlibs() {
        let expected: [(Int, [Int])] = [
            (0, [68, 1, 84]), (100, [42, 118, 142]), (128, [33, 145, 140]), (201, [115, 208, 86]), (255, [253, 231, 37]),
        ]
        for (index, colour) in expected {
            for (a, b) in zip(ColourMap.viridis.colour(Double(index) / 255), colour) { #expect(abs(Int(a) - b) <= 2) }
        }
    }

    @Test func signedMapsAreWhiteAtZero() throws {
        let map = try HeatMap(Tensor([-1, 0, 4] as [Float], shape: [1, 1, 3]), isSigned: true).raster()
        #expect(map.pixels[3..<6] == [0xF7, 0xF7, 0xF7] && map.pixels[6..<9] == [0x67, 0x00, 0x1F])
        #expect(try HeatMap(Tensor([2, 2] as [Float], shape: [1, 2])).raster().pixels[0..<3] == [253, 231, 37])
        #expect(throws: DLCError.self) { try HeatMap(Tensor([2, 2] as [Float], shape: [2, 1, 1])) }
    }

    @Test func overlaysStretchBetweenCentres() throws {
        let map = try HeatMap(Tensor([0, 1] as [Float], shape: [1, 2]))
        let picture = try Raster(height: 1, width: 4, channels: 1, pixels: [0, 0, 0, 0])
        let overlay = try map.overlay(on: picture, opacity: 1)
        let expected = [0, 0.25, 0.75, 1].flatMap { ColourMap.viridis.colour($0) }
        #expect(overlay.pixels == expected)
        #expect(try map.overlay(on: picture, opacity: 0).pixels == [UInt8](repeating: 0, count: 12))
    }
}
