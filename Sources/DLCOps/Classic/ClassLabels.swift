import DLCGraph

/// What a classifier has to choose by.
enum ClassScores {
    /// `[N, C]`: the first of the highest scores wins.
    case each(Value)
    /// `[N, C]`, the same, of a forest, in which a class of score 0 is one that no tree speaks for: where the transform knows it, it wins
    /// over none that is below 0.
    case votes(Value)
    /// `[N, 1]`: how much speaks for the second of two classes; between 0 and 1 where no weight is negative.
    case one(Value, isPositive: Bool)
    /// `[N, 2]`, of which the second decides, by a threshold.
    case second(Value, threshold: Double)
    /// `[N, C]`, and positions of classes `[N]` that were chosen otherwise.
    case chosen(Value, classes: Value)
}

/// The labels of a classifier, numbers or strings: a constant with one for each class.
struct ClassLabels {
    let values: Tensor
    var count: Int { values.count }

    /// The labels of a node, integers in the attribute of that name or texts in `classlabels_strings`; positions where
    /// there are none.
    init(_ reader: ONNXReader, integers: String) throws {
        let numbers: [Int] = try reader.attribute(integers) ?? []
        let texts: [String] = try reader.attribute("classlabels_strings") ?? []
        if !texts.isEmpty {
            values = try Tensor(texts, shape: [texts.count])
            return
        }
        guard !numbers.isEmpty else { throw DLCError("expects labels in \(integers) or classlabels_strings") }
        values = try Tensor(numbers.map(Int64.init), shape: [numbers.count])
    }

    /// The labels `[N]` and the transformed scores.
    func results(_ scores: ClassScores, _ post: PostTransform, _ reader: inout ONNXReader) throws -> [Value] {
        switch scores {
        case .each(let scores):
            let best = try reader.add1(ArgReduce(.max, axis: 1, keepDims: false), [scores])
            return [try label(best, &reader), try post.apply(to: scores, &reader)]
        case .votes(let scores):
            let transformed = try post.apply(to: scores, &reader)
            let rated = post == .softmaxZero ? transformed : scores
            return [try label(reader.add1(ArgReduce(.max, axis: 1, keepDims: false), [rated]), &reader), transformed]
        case .chosen(let scores, let classes):
            return [try label(classes, &reader), try post.apply(to: scores, &reader)]
        case .second(let scores, let threshold):
            let score = try reader.slice(scores, axis: 1, from: 1, count: 1)
            return [try label(isAbove(score, threshold, &reader), &reader), try post.apply(to: scores, &reader)]
        case .one(let score, let isPositive):
            // Where the transform wants probabilities the other class has what is missing to 1, else the contrary.
            let isShare = isPositive && (post == .none || post == .probit)
            let label = try label(isAbove(score, isShare ? 0.5 : 0, &reader), &reader)
            if count == 1 { return [label, try post.apply(to: score, &reader)] }
            let other = isShare ? try reader.apply(.sub, reader.scalar(1, like: score), score) : try reader.apply(.neg, score)
            return [label, try post.apply(to: reader.add1(Concat(axis: 1), [other, score]), &reader)]
        }
    }

    /// Whether scores `[N, 1]` are above a threshold, as positions `[N]`.
    private func isAbove(_ score: Value, _ threshold: Double, _ reader: inout ONNXReader) throws -> Value {
        let isAbove = try reader.apply(.greater, score, reader.scalar(threshold, like: score))
        return try reader.cast(reader.reshape(isAbove, [reader.builder.shape(score)[0]]), .int64)
    }

    /// The labels of positions. A single label is that of what is above its threshold; 0, or the empty text, is the other.
    func label(_ places: Value, _ reader: inout ONNXReader) throws -> Value {
        let other = try Tensor(type: values.type, shape: [1]) { _ in }
        let table = count == 1 ? try Oracle.joined(other, values) : values
        return try reader.add1(Gather(axis: 0), [reader.constant(table), places])
    }
}
