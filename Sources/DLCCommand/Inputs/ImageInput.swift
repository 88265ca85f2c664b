import DLC
import DLCData

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
        guard deviation.allSatisfy({ $0 > 0 }) else { throw DLCError("the model's metadata give a std that is not above 0") }
    }

    /// - Throws: where the file is no picture, damaged or too large.
    func read(_ path: String) throws -> Tensor { try tensor(of: Picture(path)) }

    func tensor(of original: Picture) throws -> Tensor {
        var picture = original.converted(channels: channels)
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
        let values = parts.compactMap { Float($0) }.filter(\.isFinite)
        guard values.count == parts.count, values.count == 1 || values.count == count else {
            throw DLCError("the model's metadata give '\(text)' as \(key); expected 1 or \(count) numbers")
        }
        return values.count == count ? values : [Float](repeating: values[0], count: count)
    }
}
