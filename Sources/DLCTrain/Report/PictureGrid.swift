import DLCTensor

/// Pictures side by side as one: what a batch holds, what a generator makes, what a layer's filters look like.
public struct PictureGrid {
    /// Values that are black and white.
    public enum Range: Sendable {
        /// The same for all pictures.
        case fixed(low: Double, high: Double)
        /// The least and the greatest value of all.
        case all
        /// The least and the greatest value of each picture.
        case each
    }

    /// Pictures to a row; nil makes the grid as square as it can be.
    public var columns: Int?
    /// Pixels between pictures and around them.
    public var gap = 2
    /// The brightness of the gaps.
    public var gapLevel: UInt8 = 128
    /// The side of the square that each pixel becomes.
    public var scale = 1
    public var range: Range

    public init(range: Range, columns: Int? = nil, gap: Int = 2, gapLevel: UInt8 = 128, scale: Int = 1) {
        (self.range, self.columns, self.gap, self.gapLevel, self.scale) = (range, columns, max(0, gap), gapLevel, max(1, scale))
    }

    /// One picture of all.
    /// - Parameter tensor: `[N, C, H, W]` of numbers; with C 1 or 3 each of the N is a picture, else each of the N · C channels
    ///   is one in grey, the channels of one n in a row. `[C, H, W]` and `[H, W]` are one such.
    /// - Throws: where the tensor has another rank or no elements.
    public func raster(_ tensor: Tensor) throws -> Raster {
        guard (2...4).contains(tensor.rank), tensor.count > 0 else {
            throw DLCError("pictures are [N, C, H, W] with elements, found \(tensor.type)\(tensor.shape)")
        }
        var shape = [Int](repeating: 1, count: 4 - tensor.rank) + tensor.shape
        var perRow = columns
        if shape[1] != 1, shape[1] != 3 {
            perRow = perRow ?? shape[1]
            shape = [shape[0] * shape[1], 1, shape[2], shape[3]]
        }
        let (count, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
        let across = min(max(1, perRow ?? Int(Double(count).squareRoot().rounded(.up))), count)
        let down = (count + across - 1) / across
        let rowHeight = try Checked.add(Checked.multiply(height, scale), gap)
        let columnWidth = try Checked.add(Checked.multiply(width, scale), gap)
        let totalHeight = try Checked.add(Checked.multiply(down, rowHeight), gap)
        let totalWidth = try Checked.add(Checked.multiply(across, columnWidth), gap)
        let size = try Checked.count([totalHeight, totalWidth, channels])
        guard size <= 1 << 30 else { throw DLCError("a grid of \(totalHeight) × \(totalWidth) pixels is too large") }

        let levels = try levels(tensor.doubles(), pictures: count)
        var pixels = [UInt8](repeating: gapLevel, count: size)
        for picture in 0..<count {
            let (top, left) = (gap + picture / across * rowHeight, gap + picture % across * columnWidth)
            for channel in 0..<channels {
                for y in 0..<height * scale {
                    let source = ((picture * channels + channel) * height + y / scale) * width
                    let target = (top + y) * totalWidth + left
                    for x in 0..<width * scale { pixels[(target + x) * channels + channel] = levels[source + x / scale] }
                }
            }
        }
        return try Raster(height: totalHeight, width: totalWidth, channels: channels, pixels: pixels)
    }

    /// Values as 0…255; what is no number is 0.
    private func levels(_ values: [Double], pictures: Int) -> [UInt8] {
        func scaled(_ part: ArraySlice<Double>, _ bounds: (low: Double, high: Double)) -> [UInt8] {
            let width = bounds.high - bounds.low
            return part.map { value in
                let level = width > 0 ? (value - bounds.low) / width : value > bounds.low ? 1 : 0
                return level.isNaN ? 0 : UInt8((min(max(level, 0), 1) * 255).rounded())
            }
        }
        switch range {
        case .fixed(let low, let high): return scaled(values[...], (low, high))
        case .all: return scaled(values[...], Self.bounds(values[...]))
        case .each:
            let size = values.count / pictures
            return (0..<pictures).flatMap { index in
                let part = values[index * size..<(index + 1) * size]
                return scaled(part, Self.bounds(part))
            }
        }
    }

    /// The least and the greatest of the finite values.
    static func bounds(_ values: ArraySlice<Double>) -> (low: Double, high: Double) {
        let finite = values.lazy.filter(\.isFinite)
        return (finite.min() ?? 0, finite.max() ?? 0)
    }
}
