import DLCTensor

#if Images
    import CImage
#endif

/// Pixels of 0…255, channels interleaved, rows from the top.
public struct Picture: Sendable {
    public var width: Int
    public var height: Int
    public var channels: Int
    public var pixels: [Float]

    public init(width: Int, height: Int, channels: Int, pixels: [Float]) {
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }
}

extension Picture {
    #if Images
        /// Reads a PNG or JPEG file.
        public init(_ path: String) throws { try self.init(path, dlc_image_read) }

        /// Reads the indices of a PNG file with a palette, or in grey of at most 8 bits.
        public init(indices path: String) throws { try self.init(path, dlc_image_read_indices) }

        private init(_ path: String, _ read: (UnsafePointer<CChar>?, UnsafeMutablePointer<dlc_image>?) -> Int32) throws {
            var image = dlc_image()
            defer { dlc_image_free(&image) }
            guard read(path, &image) != 0, let pixels = image.pixels else {
                throw DLCError(withUnsafeBytes(of: image.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
            }
            (width, height, channels) = (Int(image.width), Int(image.height), Int(image.channels))
            self.pixels = UnsafeBufferPointer(start: pixels, count: width * height * channels).map(Float.init)
        }
    #else
        /// Throws, because this build reads no pictures.
        public init(_ path: String) throws { throw DLCError("this build reads no pictures; build with the package trait Images") }

        /// Throws, because this build reads no pictures.
        public init(indices path: String) throws { try self.init(path) }
    #endif

    /// In grey (luma of ITU-R BT.601, in the fixed-point form that Pillow uses) or in three channels.
    public func converted(channels wanted: Int) -> Picture {
        if wanted == channels { return self }
        var result = Picture(width: width, height: height, channels: wanted, pixels: [])
        result.pixels.reserveCapacity(width * height * wanted)
        for pixel in 0..<width * height {
            if wanted == 1 {
                let (red, green, blue) = (pixels[pixel * 3], pixels[pixel * 3 + 1], pixels[pixel * 3 + 2])
                result.pixels.append(((red * 19595 + green * 38470 + blue * 7471 + 32768) / 65536).rounded(.down))
            } else {
                for _ in 0..<wanted { result.pixels.append(pixels[pixel]) }
            }
        }
        return result
    }

    /// Resized by a triangle filter as wide as the pixels of the coarser side: bilinear, without aliasing when shrinking.
    public func resized(height newHeight: Int, width newWidth: Int) throws -> Picture {
        if newHeight == height && newWidth == width { return self }
        guard try Checked.count([newHeight, newWidth, channels]) <= 1 << 28, try Checked.count([height, newWidth, channels]) <= 1 << 28
        else {
            throw DLCError("a picture of \(newHeight) × \(newWidth) is too large")
        }
        var wide = Picture(
            width: newWidth, height: height, channels: channels, pixels: [Float](repeating: 0, count: height * newWidth * channels))
        for (x, taps) in Self.taps(from: width, to: newWidth).enumerated() {
            for y in 0..<height {
                for channel in 0..<channels {
                    var sum: Float = 0
                    for (index, weight) in taps.weights.enumerated() {
                        sum += weight * pixels[(y * width + taps.first + index) * channels + channel]
                    }
                    wide.pixels[(y * newWidth + x) * channels + channel] = sum
                }
            }
        }
        let row = newWidth * channels
        var result = Picture(width: newWidth, height: newHeight, channels: channels, pixels: [Float](repeating: 0, count: newHeight * row))
        for (y, taps) in Self.taps(from: height, to: newHeight).enumerated() {
            for (index, weight) in taps.weights.enumerated() {
                for column in 0..<row { result.pixels[y * row + column] += weight * wide.pixels[(taps.first + index) * row + column] }
            }
        }
        return result
    }

    /// For each new pixel the first old one that it takes, and their weights, which sum to 1.
    private static func taps(from old: Int, to new: Int) -> [(first: Int, weights: [Float])] {
        let scale = Double(old) / Double(new)
        let support = max(scale, 1)
        return (0..<new).map { index in
            let center = (Double(index) + 0.5) * scale
            let first = max(0, Int((center - support + 0.5).rounded(.down)))
            let end = min(old, Int((center + support + 0.5).rounded(.down)))
            let weights = (first..<max(end, first + 1)).map { (place: Int) -> Double in
                let distance = Double(place) + 0.5 - center
                return max(0, 1 - abs(distance / support))
            }
            let sum = weights.reduce(0, +)
            return (first, weights.map { Float($0 / sum) })
        }
    }
}
