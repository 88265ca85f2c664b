import DLCGraph

/// What unsigned 8-bit integers of a tensor stand for: `x ≈ (q − zeroPoint) · scale`, exact for 0.
public struct ActivationRange: Sendable, Equatable {
    public let scale: Float
    public let zeroPoint: UInt8

    /// The numbers from `low` to `high` and 0; what lies outside is taken for the nearest.
    /// - Returns: nil where they span nothing, or more than a float can.
    public init?(low: Double, high: Double) {
        let (low, high) = (min(low, 0), max(high, 0))
        let scale = Float((high - low) / 255)
        guard scale.isFinite, scale >= .leastNormalMagnitude else { return nil }
        self.scale = scale
        zeroPoint = UInt8(min(max((-low / Double(scale)).rounded(.toNearestOrEven), 0), 255))
    }

    /// The number that one is taken for.
    public func rounded(_ x: Double) -> Double {
        let quotient = (x / Double(scale)).rounded(.toNearestOrEven)
        return min(max(quotient, -Double(zeroPoint)), 255 - Double(zeroPoint)) * Double(scale)
    }
}
