import DLCGraph
import DLCOps

/// The best boxes that do not overlap better ones.
public struct NonMaxSuppressionLayer: Layer {
    public var limit = 0
    public var overlap = 0.5
    public var threshold: Double?
    public var centred = false

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "nonMaxSuppression",
        doc:
            "Which of the boxes `[…, B, 4]` (left, top, right, bottom) to keep, by scores `[…, B]`, or by scores per class `[…, C, B]`, each "
            + "class by itself: indices `[…, limit]` (`[…, C, limit]`) from the best score down, then -1, and their number. Where classes "
            + "`[…, B]` are given, boxes of different classes suppress one another not.",
        source: "Neubeck and Van Gool, 2006", operands: ["boxes", "scores", "classes?"], results: ["indices", "count"]
    ) {
        Argument("limit", \.limit, "the most boxes that are kept", .required)
        Argument("overlap", \.overlap, "the intersection over union with a better box beyond which a box is left out")
        Argument("threshold", \.threshold, "what a score must exceed; none for any")
        Argument("centred", \.centred, "whether boxes are given by their centre, width and height")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        var (boxes, scores) = (try operand(operands, 0), try operand(operands, 1))
        try positive(limit, "limit")
        guard boxes.rank >= 2, scores.rank == boxes.rank - 1 || scores.rank == boxes.rank, boxes.shape.last == 4,
            boxes.element == .float32, scores.element == .float32
        else { throw DLCError("boxes are \(boxes.type), scores are \(scores.type); expected f32 […, B, 4] and […, B] or […, C, B]") }
        let (leading, count) = (Shape(boxes.shape.dropLast(2)), boxes.shape[boxes.rank - 2])
        let classes = scores.rank == boxes.rank ? [scores.shape[scores.rank - 2]] : []
        guard scores.shape == leading + classes + [count] else {
            throw DLCError("boxes are \(boxes.type), scores are \(scores.type); expected one score per box")
        }
        if let labels = optional(operands, 2) {
            guard labels.shape == scores.shape, classes.isEmpty else {
                throw DLCError("classes are \(labels.type), scores are \(scores.type); expected one class per box and score")
            }
            boxes = try apart(boxes, labels, context)
        }
        let batch = try leading.product()
        boxes = try context.add(Reshape(shape: [batch, count, 4]), boxes)
        scores = try context.add(Reshape(shape: [batch, classes.first ?? 1, count]), scores)
        let op = NonMaxSuppression(limit: Dim(limit), overlap: overlap, scoreThreshold: threshold, centred: centred)
        let kept = try context.add(op, boxes, scores)
        let indices = try context.add(Reshape(shape: leading + classes + [kept.shape[2]]), kept)
        let isUsed = try context.add(Binary(.greaterOrEqual), indices, indices.builder.scalar(0, like: indices))
        return [indices, try context.add(Reduce(.sum, axes: [-1], keepDims: false), context.add(Cast(to: .int64), isUsed))]
    }

    /// Boxes moved so far that those of different classes do not meet.
    private func apart(_ boxes: TensorValue, _ classes: TensorValue, _ context: LayerContext) throws -> TensorValue {
        let highest = try context.add(Reduce(.max, keepDims: false), boxes), lowest = try context.add(Reduce(.min, keepDims: false), boxes)
        // Centres and extents reach at most twice as far as their numbers.
        let reach = try ((highest - lowest) * (centred ? 2 : 1)) + 1
        let column = try context.add(Reshape(shape: classes.shape + [1]), context.add(Cast(to: .float32), classes))
        let moved = boxes.builder.constant(try Tensor(centred ? [1, 1, 0, 0] : [1, 1, 1, 1] as [Float], shape: [4]))
        return try boxes + column * reach * moved
    }
}

/// Rows by their indices, where −1 stands for none.
public struct TakeLayer: Layer {
    public var fill = 0.0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "take",
        doc: "Rows of x `[…, B, rest…]` at indices `[…, M]`, as `[…, M, rest…]`: of each of the leading dimensions' places its own. "
            + "Where an index is below 0, as `nonMaxSuppression` leaves them, elements are `fill`.",
        operands: ["x", "indices"]
    ) {
        Argument("fill", \.fill, "the elements where there is no index")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (x, indices) = (try operand(operands, 0), try integers(operand(operands, 1), context))
        let leading = indices.rank - 1
        guard leading >= 0, x.rank > leading, Array(x.shape[..<leading]) == Array(indices.shape[..<leading]) else {
            throw DLCError("x is \(x.type), indices are \(indices.type); expected […, B, rest…] and […, M]")
        }
        let zero = try indices.builder.scalar(0, like: indices)
        let places = try context.add(Reshape(shape: indices.shape + [1]), context.add(Binary(.max), indices, zero))
        let rows = try context.add(GatherND(batchDims: leading), x, places)
        let column = indices.shape + Shape(repeating: 1, count: x.rank - leading - 1)
        let isUsed = try context.add(Reshape(shape: column), context.add(Binary(.greaterOrEqual), indices, zero))
        return [try context.add(Where(), isUsed, rows, x.builder.scalar(fill, like: x))]
    }
}

extension TensorValue {
    /// - Returns: indices of the kept boxes, −1 behind them, and their number.
    public func nonMaxSuppression(
        _ limit: Int, scores: TensorValue, classes: TensorValue? = nil, overlap: Double = 0.5, threshold: Double? = nil,
        centred: Bool = false,
        name: String? = nil
    ) throws -> (indices: TensorValue, count: TensorValue) {
        let layer = NonMaxSuppressionLayer(limit: limit, overlap: overlap, threshold: threshold, centred: centred)
        let results = try builder.layer(layer, name: name).results([self, scores, classes])
        return (results[0], results[1])
    }
    public func take(_ indices: TensorValue, fill: Double = 0, name: String? = nil) throws -> TensorValue {
        try applying(TakeLayer(fill: fill), indices, name: name)
    }
}
