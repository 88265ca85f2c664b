import DLC

/// Copies of pictures whose answers are averaged: the picture itself, and others that are moved, and mirrored where that is asked for
/// (Krizhevsky et al., 2012, section 4.1).
public struct TestTimeAugmentation: Sendable {
    /// How many copies, the picture itself among them.
    public var copies: Int
    /// Pixels by which a copy is moved at most, each way; nil takes an eighth of the side, at least 1.
    public var shift: Int?
    /// Whether every other copy is mirrored, left for right.
    public var mirrors: Bool
    /// Copies are the same for the same seed.
    public var seed: UInt64

    public init(copies: Int, shift: Int? = nil, mirrors: Bool = false, seed: UInt64 = 0) {
        (self.copies, self.shift, self.mirrors, self.seed) = (copies, shift, mirrors, seed)
    }

    /// A copy of a batch of pictures `[N, C, H, W]`; anything else is as it is. What comes in from outside is 0.
    /// - Parameter copy: 0 is the batch itself.
    func applied(to tensor: Tensor, copy: Int) throws -> Tensor {
        guard copy > 0, tensor.rank == 4, tensor.type == .float32, tensor.count > 0 else { return tensor }
        let (planes, height, width) = (tensor.shape[0] * tensor.shape[1], tensor.shape[2], tensor.shape[3])
        var random = SplitMix64(seed: seed &+ UInt64(copy) &* 0x9E37_79B9)
        func draw(_ side: Int) -> Int {
            let most = min(side - 1, shift ?? max(1, side / 8))
            return Int(random.uniform() * Double(2 * most + 1)) - most
        }
        let (down, across, isMirrored) = (draw(height), draw(width), mirrors && copy % 2 == 1)
        return try tensor.withElements(of: Float.self) { source in
            try Tensor(type: .float32, shape: tensor.shape) { bytes in
                let target = bytes.bindMemory(to: Float.self)
                for plane in 0..<planes {
                    for row in max(0, down)..<min(height, height + down) {
                        for column in max(0, across)..<min(width, width + across) {
                            let from = column - across
                            target[(plane * height + row) * width + column] =
                                source[(plane * height + row - down) * width + (isMirrored ? width - 1 - from : from)]
                        }
                    }
                }
            }
        }
    }
}
