import DLC

/// Where the pixels of a tensor that holds a picture lie, and which numbers stand for black and white.
///
/// `[H, W]`, `[C, H, W]` and `[H, W, C]` with 1 or 3 channels, each with dimensions of 1 in front.
public struct PicturePlanes: Sendable {
    public let channels: Int
    public let height: Int
    public let width: Int
    private let channelsLast: Bool
    /// Per channel: a level of 0…1 is (level − mean) / deviation in the tensor.
    private let mean: [Double]
    private let deviation: [Double]

    /// - Parameter mean: one number per channel, or one for all.
    /// - Throws: where the shape is that of no picture.
    public init(_ shape: [Int], mean: [Double] = [0], deviation: [Double] = [1]) throws {
        var rest = shape[...]
        while rest.count > 3, rest.first == 1 { rest.removeFirst() }
        let extents = Array(rest)
        switch extents.count {
        case 2: (channels, height, width, channelsLast) = (1, extents[0], extents[1], false)
        case 3 where extents[0] == 1 || extents[0] == 3:
            (channels, height, width, channelsLast) = (extents[0], extents[1], extents[2], false)
        case 3 where extents[2] == 1 || extents[2] == 3:
            (channels, height, width, channelsLast) = (extents[2], extents[0], extents[1], true)
        default: throw DLCError("\(shape) is no picture of 1 or 3 channels")
        }
        guard height > 0, width > 0 else { throw DLCError("\(shape) is an empty picture") }
        let count = channels
        self.mean = mean.count == count ? mean : [Double](repeating: mean.first ?? 0, count: count)
        self.deviation = deviation.count == count ? deviation : [Double](repeating: deviation.first ?? 1, count: count)
    }

    public var count: Int { channels * height * width }

    public func index(_ channel: Int, _ y: Int, _ x: Int) -> Int {
        channelsLast ? (y * width + x) * channels + channel : (channel * height + y) * width + x
    }

    /// The number that stands for a level of 0…1 in a channel.
    public func value(_ level: Double, channel: Int) -> Double { (level - mean[channel]) / deviation[channel] }

    /// A tensor of one level.
    func filled(_ level: Double) -> [Double] {
        var values = [Double](repeating: 0, count: count)
        forEach { channel, y, x in values[index(channel, y, x)] = value(level, channel: channel) }
        return values
    }

    /// One number per pixel from those of its channels.
    public func combined(_ values: [Double], _ combine: ([Double]) -> Double) -> [Double] {
        (0..<height * width).map { pixel in combine((0..<channels).map { values[index($0, pixel / width, pixel % width)] }) }
    }

    /// The picture that the numbers are.
    public func raster(_ values: [Double]) throws -> Raster {
        try raster { values[$0] * deviation[$1] + mean[$1] }
    }

    /// Numbers of any sign, 0 in a middle grey and the largest magnitude black or white.
    public func signedRaster(_ values: [Double]) throws -> Raster {
        let greatest = values.lazy.map(abs).filter(\.isFinite).max() ?? 0
        return try raster { index, _ in 0.5 + (greatest > 0 ? values[index] / (2 * greatest) : 0) }
    }

    private func raster(_ level: (_ index: Int, _ channel: Int) -> Double) throws -> Raster {
        var pixels = [UInt8](repeating: 0, count: count)
        forEach { channel, y, x in
            let level = level(index(channel, y, x), channel)
            pixels[(y * width + x) * channels + channel] = level.isNaN ? 0 : UInt8((min(max(level, 0), 1) * 255).rounded())
        }
        return try Raster(height: height, width: width, channels: channels, pixels: pixels)
    }

    private func forEach(_ body: (_ channel: Int, _ y: Int, _ x: Int) -> Void) {
        for y in 0..<height { for x in 0..<width { for channel in 0..<channels { body(channel, y, x) } } }
    }
}
