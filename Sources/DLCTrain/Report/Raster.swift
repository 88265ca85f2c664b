import DLCTensor

/// A picture of bytes: rows from the top, pixels from the left, in each 1 (grey), 3 (red, green, blue) or, with a palette, one
/// index.
public struct Raster: Sendable, Equatable {
    public let height: Int
    public let width: Int
    public let channels: Int
    /// `height · width · channels` bytes.
    public var pixels: [UInt8]
    /// Colours as 0xRRGGBB, of which each pixel is an index.
    public var palette: [UInt32]?

    /// - Throws: where the picture has no pixels, their number is not that of the extents, or an index has no colour.
    public init(height: Int, width: Int, channels: Int, pixels: [UInt8], palette: [UInt32]? = nil) throws {
        guard height > 0, width > 0 else { throw DLCError("a picture of \(height) × \(width) has no pixels") }
        guard channels == 1 || channels == 3 && palette == nil else { throw DLCError("a picture has 1 or 3 channels, not \(channels)") }
        let count = try Checked.count([height, width, channels])
        guard pixels.count == count else {
            throw DLCError("a picture of \(height) × \(width) × \(channels) has \(count) bytes, not \(pixels.count)")
        }
        if let palette {
            guard (1...256).contains(palette.count) else { throw DLCError("a palette has 1 to 256 colours, not \(palette.count)") }
            if let odd = pixels.first(where: { Int($0) >= palette.count }) {
                throw DLCError("a palette of \(palette.count) colours has none of index \(odd)")
            }
        }
        (self.height, self.width, self.channels, self.pixels, self.palette) = (height, width, channels, pixels, palette)
    }

    /// In three channels.
    public func coloured() throws -> Raster {
        if channels == 3 { return self }
        let colours = palette ?? (0..<256).map { $0 * 0x01_01_01 }
        let bytes = pixels.flatMap { index -> [UInt8] in
            let colour = colours[Int(index)]
            return [UInt8(colour >> 16 & 0xFF), UInt8(colour >> 8 & 0xFF), UInt8(colour & 0xFF)]
        }
        return try Raster(height: height, width: width, channels: 3, pixels: bytes)
    }

    /// Every pixel as a square of so many.
    public func enlarged(_ factor: Int) throws -> Raster {
        guard factor > 1 else { return self }
        let (newHeight, newWidth) = try (Checked.multiply(height, factor), Checked.multiply(width, factor))
        _ = try Checked.count([newHeight, newWidth, channels])
        var bytes: [UInt8] = []
        bytes.reserveCapacity(newHeight * newWidth * channels)
        for y in 0..<height {
            var row: [UInt8] = []
            for x in 0..<width {
                let pixel = pixels[(y * width + x) * channels..<(y * width + x + 1) * channels]
                for _ in 0..<factor { row += pixel }
            }
            for _ in 0..<factor { bytes += row }
        }
        return try Raster(height: newHeight, width: newWidth, channels: channels, pixels: bytes, palette: palette)
    }
}
