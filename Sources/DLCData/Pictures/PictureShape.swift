import DLCTensor

/// The form in which a field takes a picture: `[H, W]`, `[C, H, W]` or `[H, W, C]` with 1 or 3 channels.
public struct PictureShape: Sendable, Equatable {
    public let channels: Int
    public let channelsLast: Bool
    /// Extents of the picture; nil takes those of the file.
    public let height: Int?
    public let width: Int?
    private let rank: Int

    /// - Returns: nil where a field of this shape is no picture.
    public init?(_ shape: [Int?]) {
        func isChannels(_ extent: Int?) -> Bool { extent == 1 || extent == 3 }
        rank = shape.count
        switch shape.count {
        case 2: (channels, channelsLast, height, width) = (1, true, shape[0], shape[1])
        case 3 where isChannels(shape[0]): (channels, channelsLast, height, width) = (shape[0] ?? 1, false, shape[1], shape[2])
        case 3 where isChannels(shape[2]): (channels, channelsLast, height, width) = (shape[2] ?? 1, true, shape[0], shape[1])
        default: return nil
        }
    }

    /// The shape of a picture of this size in this form.
    public func shape(height: Int, width: Int) -> [Int] {
        rank == 2 ? [height, width] : channelsLast ? [height, width, channels] : [channels, height, width]
    }

    /// The picture in this form: its pixels, 0…255, resized where the form has a size, in the form's order.
    /// - Throws: where the form is empty or too large.
    public func values(of original: Picture) throws -> (values: [Float], shape: [Int]) {
        let (height, width) = (height ?? original.height, width ?? original.width)
        guard height > 0, width > 0 else { throw DLCError("a picture of \(height) × \(width) is empty") }
        let picture = try original.converted(channels: channels).resized(height: height, width: width)
        let shape = shape(height: height, width: width)
        if channelsLast || channels == 1 { return (picture.pixels, shape) }
        let plane = height * width
        var values = [Float](repeating: 0, count: picture.pixels.count)
        for pixel in 0..<plane {
            for channel in 0..<channels { values[channel * plane + pixel] = picture.pixels[pixel * channels + channel] }
        }
        return (values, shape)
    }
}
