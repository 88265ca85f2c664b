import DLC

#if Images
import CImage
#endif

/// Turns a picture into what an input asks for: resized, in grey or in colour, in the input's layout.
///
/// An input takes pictures where it is `[H, W]`, `[C, H, W]`, `[H, W, C]` or one of these with a leading batch dimension,
/// with 1 or 3 channels. Floats get (p / 255 − mean) / std for a pixel p of 0…255, with mean 0 and std 1 unless the model's
/// metadata say otherwise under `INPUT.mean` and `INPUT.std` (one number, or one per channel); integers get p itself.
struct ImageInput {
    private let port: Plan.Port
    private let channels: Int
    private let channelsLast: Bool
    /// Extents of the picture; nil takes those of the file.
    private let height: Int?
    private let width: Int?
    private let mean: [Float]
    private let deviation: [Float]

    /// - Throws: where the input takes no pictures, or the metadata are no numbers.
    init(_ port: Plan.Port, _ metadata: [String: String]) throws {
        self.port = port
        var shape = port.shape
        if shape.count == 4 {
            guard shape[0].constant == nil || shape[0].constant == 1 else {
                throw DLCError("takes a batch of \(shape[0]), one picture is given")
            }
            shape.removeFirst()
        }
        func isChannels(_ dim: Dim) -> Bool { dim.constant == 1 || dim.constant == 3 }
        switch shape.count {
        case 2: (channels, channelsLast, height, width) = (1, true, shape[0].constant, shape[1].constant)
        case 3 where isChannels(shape[0]):
            (channels, channelsLast, height, width) = (shape[0].constant ?? 1, false, shape[1].constant, shape[2].constant)
        case 3 where isChannels(shape[2]):
            (channels, channelsLast, height, width) = (shape[2].constant ?? 1, true, shape[0].constant, shape[1].constant)
        default:
            throw DLCError("takes \(Describe.type(port.type, port.shape)), which is no picture of 1 or 3 channels")
        }
        guard port.type.isFloat || port.type == .uint8 || port.type == .int32 || port.type == .int64 else {
            throw DLCError("takes \(port.type), which pictures do not give")
        }
        mean = try Self.numbers(metadata["\(port.name).mean"], or: 0, channels, "\(port.name).mean")
        deviation = try Self.numbers(metadata["\(port.name).std"], or: 1, channels, "\(port.name).std")
        guard deviation.allSatisfy({ $0 != 0 }) else { throw DLCError("the model's metadata give a std of 0") }
    }

    /// - Throws: where the file is no picture, damaged or too large.
    func read(_ path: String) throws -> Tensor {
        var picture = try Picture(path).converted(channels: channels)
        let height = self.height ?? picture.height
        let width = self.width ?? picture.width
        guard height > 0, width > 0 else { throw DLCError("the input is empty") }
        picture = try picture.resized(height: height, width: width)
        let plane = height * width
        var values = [Float](repeating: 0, count: picture.pixels.count)
        for pixel in 0..<plane {
            for channel in 0..<channels {
                var value = picture.pixels[pixel * channels + channel]
                if port.type.isFloat { value = (value / 255 - mean[channel]) / deviation[channel] } else { value = value.rounded() }
                values[channelsLast ? pixel * channels + channel : channel * plane + pixel] = value
            }
        }
        let picked = port.shape.count == 2 ? [height, width] : channelsLast ? [height, width, channels] : [channels, height, width]
        return try Tensor(values, shape: port.shape.count == 4 ? [1] + picked : picked).converted(to: port.type)
    }

    private static func numbers(_ text: String?, or standard: Float, _ count: Int, _ key: String) throws -> [Float] {
        guard let text else { return [Float](repeating: standard, count: count) }
        let parts = text.split { $0 == "," || $0 == " " }
        let values = parts.compactMap { Float($0) }
        guard values.count == parts.count, values.count == 1 || values.count == count else {
            throw DLCError("the model's metadata give '\(text)' as \(key); expected 1 or \(count) numbers")
        }
        return values.count == count ? values : [Float](repeating: values[0], count: count)
    }
}

/// Pixels of 0…255, channels interleaved, rows from the top.
struct Picture {
    var width: Int
    var height: Int
    var channels: Int
    var pixels: [Float]
}

extension Picture {
    #if Images
    /// Reads a PNG or JPEG file.
    init(_ path: String) throws {
        var image = dlc_image()
        defer { dlc_image_free(&image) }
        guard dlc_image_read(path, &image) != 0, let pixels = image.pixels else {
            throw DLCError(withUnsafeBytes(of: image.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        (width, height, channels) = (Int(image.width), Int(image.height), Int(image.channels))
        self.pixels = UnsafeBufferPointer(start: pixels, count: width * height * channels).map(Float.init)
    }
    #else
    /// Throws, because this build reads no pictures.
    init(_ path: String) throws { throw DLCError("this build reads no pictures; build with the package trait Images") }
    #endif

    /// In grey (luma of ITU-R BT.601, in the fixed-point form that Pillow uses) or in three channels.
    func converted(channels wanted: Int) -> Picture {
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
    func resized(height newHeight: Int, width newWidth: Int) throws -> Picture {
        if newHeight == height && newWidth == width { return self }
        guard try Checked.count([newHeight, newWidth, channels]) <= 1 << 28, try Checked.count([height, newWidth, channels]) <= 1 << 28 else {
            throw DLCError("a picture of \(newHeight) × \(newWidth) is too large")
        }
        var wide = Picture(width: newWidth, height: height, channels: channels, pixels: [Float](repeating: 0, count: height * newWidth * channels))
        for (x, taps) in Self.taps(from: width, to: newWidth).enumerated() {
            for y in 0..<height {
                for channel in 0..<channels {
                    var sum: Float = 0
                    for (index, weight) in taps.weights.enumerated() { sum += weight * pixels[(y * width + taps.first + index) * channels + channel] }
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
            let weights = (first..<max(end, first + 1)).map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
            let sum = weights.reduce(0, +)
            return (first, weights.map { Float($0 / sum) })
        }
    }
}
