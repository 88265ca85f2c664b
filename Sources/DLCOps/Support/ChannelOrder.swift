import DLCGraph

/// The permutations between `[N, C, spatial…]` and `[N, spatial…, C]`.
package enum ChannelOrder {
    package static func toLast(_ rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }
    package static func toFirst(_ rank: Int) -> [Int] { [0, rank - 1] + Array(1..<(rank - 1)) }
}

extension ONNXReader {
    /// An image `[N, spatial…, C]` as `[N, C, spatial…]`.
    /// - Throws: where it has no spatial dimension.
    mutating func channelsSecond(_ image: Value) throws -> Value {
        let fact = builder.fact(image)
        guard fact.rank >= 3 else { throw DLCError("an image is \(fact.type); expected at least one spatial dimension") }
        return try transpose(image, ChannelOrder.toFirst(fact.rank))
    }

    /// An image `[N, C, spatial…]` as `[N, spatial…, C]`.
    mutating func channelsLast(_ image: Value) throws -> Value {
        try transpose(image, ChannelOrder.toLast(builder.shape(image).count))
    }
}
