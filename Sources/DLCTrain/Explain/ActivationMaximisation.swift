import DLC

/// Gradient ascent on a picture that excites a class or a channel of a layer most (Erhan et al. 2009), held to what looks like a
/// picture by decay, blur (Yosinski et al., "Understanding neural networks through deep visualization", 2015, section 3) and
/// shifts (Mordvintsev et al. 2015).
public struct ActivationMaximisation {
    public var steps = 200
    /// The length of a step, as the mean change of a pixel of those of 0…1.
    public var rate = 0.03
    /// How far pixels go back to the middle grey in a step.
    public var decay = 0.01
    /// The standard deviation of the blur, in pixels, and how many steps lie between two.
    public var blur = (deviation: 0.4, every: 4)
    /// The greatest shift of the picture before a step, in pixels of a picture of at least `fullSide`; undone behind it.
    public var jitter = 2
    /// Smaller pictures are shifted less, in proportion.
    private static let fullSide = 64
    public var seed: UInt64 = 0

    public init() {}

    public enum Goal {
        case ofClass(Int)
        /// The mean of a channel of a layer.
        case unit(layer: String, channel: Int)
    }

    /// The picture, of the shape of the explainer's input, and what it excites the goal to.
    /// - Parameter progress: called with each step's number and the excitation before it.
    /// - Throws: where there is no such class, layer or channel.
    public func run(
        _ explainer: Explainer, _ goal: Goal, progress: (Int, Double) -> Void = { _, _ in }
    ) throws -> (picture: Tensor, value: Double) {
        let network = explainer.network
        let target: Value
        let channel: Int
        switch goal {
        case .ofClass(let index): (target, channel) = (network.scores, index)
        case .unit(let layer, let index): (target, channel) = (try network.layer(layer), index)
        }
        let function = try ScoreFunction(network, target: target, at: .picture, explainer.options, threads: explainer.threads)
        let channels = Explainer.channels(function.shape).count
        guard (0..<channels).contains(channel) else { throw DLCError("there is no class or channel \(channel); there are \(channels)") }
        let weights = Explainer.weights(ofChannel: channel, function.shape)
        let planes = explainer.planes
        var generator = SplitMix64(seed: seed)
        // Levels of 0…1, the middle grey with a little noise.
        var levels = (0..<planes.count).map { _ in 0.5 + 0.05 * generator.normal() }
        func inputs(_ levels: [Double]) throws -> [String: Tensor] { try explainer.with(values(levels, planes)) }
        for step in 0..<max(steps, 0) {
            let shift = (y: offset(&generator, planes.height), x: offset(&generator, planes.width))
            levels = shifted(levels, planes, shift.y, shift.x)
            let result = try function(inputs(levels), weights: weights)
            progress(step + 1, zip(result.value, weights).reduce(0) { $0 + $1.0 * $1.1 })
            let gradient = try result.gradient?.doubles() ?? []
            let length = (gradient.reduce(0) { $0 + $1 * $1 } / Double(max(gradient.count, 1))).squareRoot()
            for index in levels.indices {
                if length > 0, length.isFinite { levels[index] += rate * gradient[index] / length }
                levels[index] = min(max(0.5 + (levels[index] - 0.5) * (1 - decay), 0), 1)
            }
            if blur.deviation > 0, blur.every > 0, step % blur.every == blur.every - 1 { levels = blurred(levels, planes) }
            levels = shifted(levels, planes, -shift.y, -shift.x)
        }
        let last = try function(inputs(levels), weights: weights)
        let value = zip(last.value, weights).reduce(0) { $0 + $1.0 * $1.1 }
        guard let picture = try inputs(levels)[network.picture.name] else { throw DLCError("gives no picture") }
        return (picture, value)
    }

    private func values(_ levels: [Double], _ planes: PicturePlanes) -> [Double] {
        var result = levels
        each(planes) { channel, y, x in
            let index = planes.index(channel, y, x)
            result[index] = planes.value(levels[index], channel: channel)
        }
        return result
    }

    private func offset(_ generator: inout SplitMix64, _ extent: Int) -> Int {
        let most = max(jitter, 0) * min(extent, Self.fullSide) / Self.fullSide
        return Int(generator.next() % UInt64(2 * most + 1)) - most
    }

    private func shifted(_ levels: [Double], _ planes: PicturePlanes, _ down: Int, _ right: Int) -> [Double] {
        var result = levels
        each(planes) { channel, y, x in
            let (fromY, fromX) = ((y - down + planes.height) % planes.height, (x - right + planes.width) % planes.width)
            result[planes.index(channel, y, x)] = levels[planes.index(channel, fromY, fromX)]
        }
        return result
    }

    /// By a Gauss filter of three taps, over rows and columns; the border is repeated.
    private func blurred(_ levels: [Double], _ planes: PicturePlanes) -> [Double] {
        // The taps' variance is the deviation's square, as far as three taps reach.
        let side = min(blur.deviation * blur.deviation / 2, 1.0 / 3)
        var result = levels
        for (dy, dx) in [(0, 1), (1, 0)] {
            let before = result
            each(planes) { channel, y, x in
                let low = planes.index(channel, max(y - dy, 0), max(x - dx, 0))
                let high = planes.index(channel, min(y + dy, planes.height - 1), min(x + dx, planes.width - 1))
                let index = planes.index(channel, y, x)
                result[index] = (1 - 2 * side) * before[index] + side * (before[low] + before[high])
            }
        }
        return result
    }

    private func each(_ planes: PicturePlanes, _ body: (_ channel: Int, _ y: Int, _ x: Int) -> Void) {
        for channel in 0..<planes.channels { for y in 0..<planes.height { for x in 0..<planes.width { body(channel, y, x) } } }
    }
}
