import DLCTensor

/// Numbers over a plane as a picture in colours, alone or laid over the picture that they are about.
public struct HeatMap {
    public let height: Int
    public let width: Int
    /// Row by row.
    public let values: [Double]
    public var colours: ColourMap
    /// The numbers that have the first and the last colour.
    public var range: (low: Double, high: Double)

    /// - Parameter tensor: `[H, W]`; further dimensions of 1 before them are dropped.
    /// - Parameter isSigned: whether 0 is the middle, of white, between negative and positive.
    /// - Throws: where the tensor has another shape or no elements.
    public init(_ tensor: Tensor, isSigned: Bool = false) throws {
        let shape = tensor.shape
        guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }), tensor.count > 0 else {
            throw DLCError("a heat map is [H, W] with elements, found \(tensor.type)\(shape)")
        }
        self.init(height: shape[shape.count - 2], width: shape[shape.count - 1], values: try tensor.doubles(), isSigned: isSigned)
    }

    private init(height: Int, width: Int, values: [Double], isSigned: Bool) {
        (self.height, self.width, self.values) = (height, width, values)
        let bounds = PictureGrid.bounds(values[...])
        if isSigned {
            let greatest = max(-bounds.low, bounds.high)
            (colours, range) = (.diverging, (-greatest, greatest))
        } else {
            (colours, range) = (.viridis, bounds)
        }
    }

    /// The map in colours, of its own extents.
    public func raster() throws -> Raster {
        try Raster(height: height, width: width, channels: 3, pixels: values.flatMap { colours.colour(level($0)) })
    }

    /// The map stretched over a picture, bilinearly between the centres of its cells.
    /// - Parameter opacity: the share of the map's colours, of 0…1; the picture is seen in grey beneath.
    public func overlay(on picture: Raster, opacity: Double = 0.6) throws -> Raster {
        let beneath = try picture.coloured()
        let rows = Self.taps(height, picture.height)
        let columns = Self.taps(width, picture.width)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(beneath.pixels.count)
        for (y, row) in rows.enumerated() {
            for (x, column) in columns.enumerated() {
                let (top, bottom) = (row.first * width, row.second * width)
                let above = values[top + column.first] * (1 - column.part) + values[top + column.second] * column.part
                let below = values[bottom + column.first] * (1 - column.part) + values[bottom + column.second] * column.part
                let place = (y * picture.width + x) * 3
                let (red, green, blue) = (beneath.pixels[place], beneath.pixels[place + 1], beneath.pixels[place + 2])
                let grey = 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)
                for colour in colours.colour(level(above * (1 - row.part) + below * row.part)) {
                    pixels.append(UInt8((Double(colour) * opacity + grey * (1 - opacity)).rounded()))
                }
            }
        }
        return try Raster(height: picture.height, width: picture.width, channels: 3, pixels: pixels)
    }

    /// Where a value lies in the range, as 0…1 inside it.
    private func level(_ value: Double) -> Double {
        let width = range.high - range.low
        if width > 0 { return (value - range.low) / width }
        return value.isNaN ? value : range.low < 0 || range.high > 0 ? 1 : 0.5
    }

    /// For each new place its two old neighbours and the share of the second.
    private static func taps(_ old: Int, _ new: Int) -> [(first: Int, second: Int, part: Double)] {
        (0..<new).map { index in
            let place = min(max((Double(index) + 0.5) * Double(old) / Double(new) - 0.5, 0), Double(old - 1))
            let first = Int(place)
            return (first, min(first + 1, old - 1), place - Double(first))
        }
    }
}
