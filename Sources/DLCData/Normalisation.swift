import DLCTensor

/// Means and deviations of float fields, taken over the training part, that bring values to mean 0 and deviation 1.
///
/// They travel in the model's metadata as `INPUT.mean` and `INPUT.std`, which `dlc run` applies to what it reads:
/// (p / 255 − mean) / std to pixels of pictures, (x − mean) / std to numbers of tables, and to arrays too where the training read
/// numbers, which `INPUT.content = numbers` says. An output that bears the name of such a field is brought back to its units.
public struct Normalisation: Sendable, Equatable {
    public struct Statistics: Sendable, Equatable {
        public var content: FieldContent
        /// The dimension of one example that the numbers are along; nil where there is one for all elements.
        public var axis: Int?
        public var mean: [Double]
        /// The population's, 1 where all values are equal.
        public var deviation: [Double]
    }

    /// By field.
    public var fields: [String: Statistics]

    public init(fields: [String: Statistics] = [:]) { self.fields = fields }

    /// Measures the float fields of numbers, pixels and samples of a training part: one pass in f64, batches
    /// joined as Chan, Golub and LeVeque do (1979).
    /// - Parameter names: the fields; nil takes all that fit.
    /// - Throws: where a field has no numbers, or reading throws.
    public static func measured(over dataset: any Dataset, fields names: [String]? = nil, batchSize: Int = 256) throws -> Normalisation {
        func isMeasured(_ field: DataField) -> Bool { field.type.isFloat && [.numbers, .pixels, .samples].contains(field.content) }
        for name in names ?? [] where !dataset.fields.contains(where: { $0.name == name && isMeasured($0) }) {
            throw DLCError("the field \(name.printable()) has no numbers to normalise", at: [dataset.summary])
        }
        let fields = dataset.fields.filter { isMeasured($0) && names?.contains($0.name) != false }
        guard !fields.isEmpty else { return Normalisation() }
        var sums: [String: ChannelMoments] = [:]
        for start in stride(from: 0, to: dataset.count, by: batchSize) {
            let batch = try dataset.batch(Array(start..<min(start + batchSize, dataset.count)))
            for field in fields {
                guard let tensor = batch[field.name] else { continue }
                try sums[field.name, default: ChannelMoments()].add(tensor, axis: field.channelAxis)
            }
        }
        var result = Normalisation()
        for field in fields {
            guard let sum = sums[field.name] else { continue }
            result.fields[field.name] = Statistics(
                content: field.content, axis: field.channelAxis, mean: sum.mean, deviation: sum.deviation)
        }
        return result
    }

    /// What a model's metadata say of the fields of data that it shall answer.
    /// - Throws: naming the pair that holds no numbers, or a deviation that is not above 0.
    public init(metadata: [String: String], fields: [DataField]) throws {
        self.init()
        for field in fields where field.type.isFloat {
            func numbers(_ key: String, or standard: Double) throws -> [Double] {
                guard let text = metadata[key] else { return [standard] }
                let parts = text.split { $0 == "," || $0 == " " }
                let values = parts.compactMap { Double($0) }.filter(\.isFinite)
                guard !values.isEmpty, values.count == parts.count else {
                    throw DLCError("the model's metadata give '\(text.printable())' for \(key); expected numbers")
                }
                return values
            }
            guard metadata["\(field.name).mean"] != nil || metadata["\(field.name).std"] != nil else { continue }
            var (mean, deviation) = (try numbers("\(field.name).mean", or: 0), try numbers("\(field.name).std", or: 1))
            guard deviation.allSatisfy({ $0 > 0 }) else {
                throw DLCError("the model's metadata give a std of \(field.name) that is not above 0")
            }
            let count = max(mean.count, deviation.count)
            if mean.count == 1 { mean = [Double](repeating: mean[0], count: count) }
            if deviation.count == 1 { deviation = [Double](repeating: deviation[0], count: count) }
            guard mean.count == deviation.count else {
                throw DLCError("the model's metadata give \(mean.count) means and \(deviation.count) deviations of \(field.name)")
            }
            let content = metadata["\(field.name).content"].flatMap { FieldContent(rawValue: $0) } ?? .pixels
            self.fields[field.name] = Statistics(
                content: content, axis: count > 1 ? field.channelAxis : nil, mean: mean, deviation: deviation)
        }
    }

    /// The batch with its fields normalised; others as they are.
    /// - Throws: where a tensor has not the channels that were measured.
    public func apply(_ batch: [String: Tensor]) throws -> [String: Tensor] {
        var batch = batch
        for (name, statistics) in fields {
            guard let tensor = batch[name] else { continue }
            batch[name] = try located(name) { try statistics.apply(tensor) }
        }
        return batch
    }

    /// What brings answers back to the units of the data: a float output that bears the name of a field that was normalised is an
    /// estimate of it.
    /// - Parameter leading: dimensions before those of an example, 1 for a batch.
    /// - Throws: as `init(metadata:fields:)` does.
    public init(metadata: [String: String], outputs: [(name: String, type: ElementType)], leading: Int = 1) throws {
        try self.init(metadata: metadata, fields: outputs.map { DataField($0.name, $0.type, [], .numbers, channelAxis: leading - 1) })
    }

    /// The answers in the units of the data; others as they are.
    /// - Throws: where a tensor has not the channels that were measured.
    public func undo(_ answers: [String: Tensor]) throws -> [String: Tensor] {
        var answers = answers
        for (name, statistics) in fields {
            if let tensor = answers[name] { answers[name] = try located(name) { try statistics.undo(tensor) } }
        }
        return answers
    }

    /// The pairs that are written into a model's metadata: `INPUT.mean`, `INPUT.std`, and `INPUT.content` where the input takes no
    /// pictures.
    public var metadata: [String: String] {
        var pairs: [String: String] = [:]
        for (name, statistics) in fields {
            func text(_ numbers: [Double]) -> String { numbers.map { "\(Float($0))" }.joined(separator: " ") }
            pairs["\(name).mean"] = text(statistics.mean)
            pairs["\(name).std"] = text(statistics.deviation)
            if statistics.content != .pixels { pairs["\(name).content"] = statistics.content.rawValue }
        }
        return pairs
    }
}

extension Normalisation.Statistics {
    /// `[batch] + example` with (x − mean) / std, computed in f32 as `dlc run` does.
    /// - Throws: where the tensor has not the channels that were measured.
    public func apply(_ tensor: Tensor) throws -> Tensor { try mapped(tensor) { ($0 - $1) / $2 } }

    /// `[batch] + example` with x · std + mean: an answer in the units of what was learned from.
    /// - Throws: where the tensor has not the channels that were measured.
    public func undo(_ tensor: Tensor) throws -> Tensor { try mapped(tensor) { $0 * $2 + $1 } }

    private func mapped(_ tensor: Tensor, _ function: (_ x: Float, _ mean: Float, _ deviation: Float) -> Float) throws -> Tensor {
        let (inner, channels) = try ChannelMoments.layout(tensor.shape, axis: axis)
        guard channels == mean.count else { throw DLCError("has \(channels) channels; \(mean.count) were measured") }
        let (mean, deviation) = (mean.map { Float($0) }, deviation.map { Float($0) })
        let source = try tensor.converted(to: .float32)
        let result = try Tensor(type: .float32, shape: tensor.shape) { target in
            let target = target.bindMemory(to: Float.self)
            try source.withElements(of: Float.self) { source in
                var start = 0
                var channel = 0
                while start < source.count {
                    for index in start..<start + inner { target[index] = function(source[index], mean[channel], deviation[channel]) }
                    start += inner
                    channel = channel + 1 == channels ? 0 : channel + 1
                }
            }
        }
        return try result.converted(to: tensor.type)
    }
}

/// Running means and sums of squared distances, one for each channel.
struct ChannelMoments {
    private(set) var mean: [Double] = []
    private var squares: [Double] = []
    private var count = 0.0

    /// Elements of one channel that lie side by side, and the number of channels, of `[batch] + example`.
    static func layout(_ shape: [Int], axis: Int?) throws -> (inner: Int, channels: Int) {
        guard let axis else { return (try Checked.count(shape), 1) }
        guard axis + 1 < shape.count else { throw DLCError("has the shape \(shape), without a dimension \(axis + 1)") }
        return (try Checked.count(Array(shape[(axis + 2)...])), shape[axis + 1])
    }

    /// Adds a batch: its own mean and squares per channel, joined by Chan, Golub and LeVeque's formula (1979).
    mutating func add(_ tensor: Tensor, axis: Int?) throws {
        let (inner, channels) = try Self.layout(tensor.shape, axis: axis)
        guard tensor.count > 0 else { return }
        if mean.isEmpty { (mean, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)) }
        guard mean.count == channels else { throw DLCError("has \(channels) channels, examples before it had \(mean.count)") }
        let values = try tensor.converted(to: .float32)
        try values.withElements(of: Float.self) { values in
            let each = Double(values.count / channels)
            let total = count + each
            for channel in 0..<channels {
                var sum = 0.0
                for start in stride(from: channel * inner, to: values.count, by: inner * channels) {
                    for index in start..<start + inner { sum += Double(values[index]) }
                }
                let batchMean = sum / each
                var batchSquares = 0.0
                for start in stride(from: channel * inner, to: values.count, by: inner * channels) {
                    for index in start..<start + inner {
                        let distance = Double(values[index]) - batchMean
                        batchSquares += distance * distance
                    }
                }
                let shift = batchMean - mean[channel]
                squares[channel] += batchSquares + shift * shift * count * each / total
                mean[channel] += shift * each / total
            }
            count = total
        }
    }

    /// The population's deviations; 1 where all values are equal.
    var deviation: [Double] {
        squares.map { $0 > 0 ? ($0 / count).squareRoot() : 1 }
    }
}
