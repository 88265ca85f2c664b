/// Colours for numbers of 0…1, interpolated between control points.
public struct ColourMap: Sendable {
    /// As 0xRRGGBB, evenly spaced.
    private let points: [UInt32]

    /// Dark blue over green to yellow, of even perceptual steps: matplotlib's viridis (Smith and van der Walt 2015, CC0), every
    /// eighth of its colours; no channel is off by more than 2 of 255.
    public static let viridis = ColourMap(points: [
        0x440154, 0x470D60, 0x48186A, 0x482374, 0x472D7B, 0x453681, 0x424086, 0x3F4989, 0x3B528B, 0x375A8D, 0x33638D,
        0x2F6A8E, 0x2C728E, 0x297A8E, 0x26818E, 0x23898E, 0x21908C, 0x1F988B, 0x1F9F88, 0x21A685, 0x28AE80, 0x31B57B,
        0x3EBC74, 0x4CC26C, 0x5DC963, 0x6ECE58, 0x82D34C, 0x96D83F, 0xABDC32, 0xC0DF24, 0xD5E21A, 0xEAE51A, 0xFDE725,
    ])

    /// Blue below, white in the middle, red above: ColorBrewer's RdBu of eleven classes, turned round (Harrower and Brewer 2003,
    /// Apache-2.0).
    public static let diverging = ColourMap(points: [
        0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B, 0x67001F,
    ])

    public static let grey = ColourMap(points: [0x000000, 0xFFFFFF])

    /// The colour of a number as red, green and blue; beyond 0…1 that of the end, and of what is no number grey.
    public func colour(_ value: Double) -> [UInt8] {
        guard !value.isNaN else { return [128, 128, 128] }
        let place = min(max(value, 0), 1) * Double(points.count - 1)
        let first = min(Int(place), points.count - 2)
        let part = place - Double(first)
        return [16, 8, 0].map { shift in
            let (a, b) = (Double(points[first] >> shift & 0xFF), Double(points[first + 1] >> shift & 0xFF))
            return UInt8((a + (b - a) * part).rounded())
        }
    }
}
