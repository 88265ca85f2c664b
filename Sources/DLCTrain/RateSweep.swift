import DLC
import DLCData
import DLCModel

/// How the loss goes while the learning rate grows from step to step, and the rate that this suggests.
///
/// Leslie Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3.
public struct RateSweep: Sendable {
    public struct Point: Sendable {
        public var rate: Double
        public var loss: Double
        /// Averaged over the steps before, without the average's bias to its start.
        public var smooth: Double
    }

    public var points: [Point]
    /// Where the loss falls most steeply over the logarithm of the rate; nil where it nowhere falls.
    public var suggestion: Double?
    /// Whether the sweep ended because the loss exploded.
    public var hasExploded: Bool

    /// The steepest fall, before the lowest loss, of slopes fitted to nine neighbours.
    static func suggestion(_ points: [Point]) -> Double? {
        guard points.count >= 5, let lowest = points.indices.min(by: { points[$0].smooth < points[$1].smooth }) else { return nil }
        var best: (slope: Double, rate: Double)?
        for middle in points.indices where middle <= lowest {
            let around = points[max(0, middle - 4)...min(points.count - 1, middle + 4)].filter { $0.smooth.isFinite }
            guard around.count >= 3 else { continue }
            let x = around.map { Mathematics.log($0.rate) }
            let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), around.reduce(0) { $0 + $1.smooth } / Double(around.count))
            let spread = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
            guard spread > 0 else { continue }
            let slope = zip(x, around).reduce(0) { $0 + ($1.0 - meanX) * ($1.1.smooth - meanY) } / spread
            if slope < best?.slope ?? 0 { best = (slope, points[middle].rate) }
        }
        return best?.rate
    }
}

extension Trainer {
    /// Trains with a rate that grows from step to step by one factor, until the loss is four times the lowest or the last rate is
    /// reached. Nothing is kept. Of several rates all grow alike, and the first is told.
    /// - Throws: where the training has no rate that can be set; where data or shapes do not fit.
    public func findRate(
        _ data: any Dataset, normalisation: Normalisation = Normalisation(), from first: Double = 1e-7, to last: Double = 10,
        steps: Int = 100,
        observe: (_ step: Int, _ point: RateSweep.Point) throws -> Void = { _, _ in }
    ) throws -> RateSweep {
        guard first > 0, last > first, steps >= 2 else {
            throw DLCError("a sweep from \(first) to \(last) in \(steps) steps; expected 0 < from < to and at least 2")
        }
        let sessions = try TrainingSessions(model, training, threads: options.threads)
        guard let main = training.rates.first else { throw DLCError("has no rate that can be set: its rates are inputs", at: [name]) }
        let given = try training.rates.map { (name: $0, rate: try sessions.step.state($0).doubles().first ?? 0) }
        let base = given.first { $0.name == main }?.rate ?? 0
        let batches = try sessions.batches(data, self, .shuffled(seed: options.seed), normalisation)
        var (points, average, lowest): ([RateSweep.Point], Double, Double) = ([], 0, .infinity)
        try sessions.beginEpoch()
        for step in 0..<steps {
            let rate = first * Mathematics.pow(last / first, Double(step) / Double(steps - 1))
            for (name, own) in given {
                let scaled = base > 0 ? rate * own / base : rate
                try sessions.step.setState(name, Tensor(doubles: [scaled], type: .float32, shape: []))
            }
            var batch = try batches.next()
            if batch == nil { batch = try batches.next() }
            guard let batch else { break }
            let loss = try sessions.train(options.constants.merging(batch.tensors) { $1 }).first ?? .nan
            average = 0.9 * average + 0.1 * loss
            let smooth = average / (1 - Mathematics.pow(0.9, Double(step + 1)))
            let point = RateSweep.Point(rate: rate, loss: loss, smooth: smooth)
            let explodes = !loss.isFinite || (step >= 5 && smooth > 4 * max(lowest, 1e-12) && lowest.isFinite)
            if loss.isFinite { points.append(point) }
            lowest = min(lowest, smooth.isFinite ? smooth : .infinity)
            try observe(step + 1, point)
            if explodes { return RateSweep(points: points, suggestion: RateSweep.suggestion(points), hasExploded: true) }
            if options.shouldStop() { break }
        }
        return RateSweep(points: points, suggestion: RateSweep.suggestion(points), hasExploded: false)
    }
}
