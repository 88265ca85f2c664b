import DLCGraph

/// The best boxes of every class that do not overlap better ones (ONNX NonMaxSuppression with a result of fixed shape).
///
/// Boxes `[N, B, 4]` are two opposite corners, or centre, width and height; scores are `[N, C, B]`. The result, i64
/// `[N, C, min(limit, B)]`, has for each class the indices of the kept boxes in the order of their scores (equal ones by
/// lower index), then −1. Boxes whose score is not above the threshold, and those whose intersection over union with a
/// kept one exceeds `overlap`, are left out.
///
/// Where data decide the limits, `most_overlap` and `least_score`, f32 `[1]`, stand in place of the attributes. An overlap outside of 0
/// to 1 is an error there too.
public struct NonMaxSuppression: Operator {
    /// The most boxes that are kept of a class.
    public var limit: Dim
    public var overlap: Double
    /// Nil to keep boxes of any score.
    public var scoreThreshold: Double?
    /// Whether boxes are given by their centre, width and height.
    public var centred: Bool

    public init(limit: Dim = 0, overlap: Double = 0, scoreThreshold: Double? = nil, centred: Bool = false) {
        self.limit = limit
        self.overlap = overlap
        self.scoreThreshold = scoreThreshold
        self.centred = centred
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        NonMaxSuppression(), name: "non_max_suppression", operands: ["boxes", "scores", "most_overlap?", "least_score?"],
        results: ["indices"],
        onnx: [ONNXMapping("NonMaxSuppression", read: read, write: write)],
        examples: {
            let corners = try Tensor(
                [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 1, 11.1, 0, 10.1, 0, 100, 1, 101] as [Float], shape: [1, 6, 4])
            let scores = try Tensor([0.9, 0.75, 0.6, 0.95, 0.5, 0.3] as [Float], shape: [1, 1, 6])
            let (many, classes) = (try Tensor.random(seed: 1, shape: [2, 20, 4]), try Tensor.random(seed: 2, shape: [2, 3, 20]))
            func example(_ name: String, _ op: NonMaxSuppression, _ boxes: Tensor, _ scores: Tensor) -> Example {
                Example(name, op, [boxes, scores], isDifferentiable: false)
            }
            return [
                example("corners", NonMaxSuppression(limit: 3, overlap: 0.5), corners, scores),
                example("threshold", NonMaxSuppression(limit: 9, overlap: 0.5, scoreThreshold: 0.4), corners, scores),
                example(
                    "ties", NonMaxSuppression(limit: 6, overlap: 0.5), corners, try Tensor(filling: 1, type: .float32, shape: [1, 1, 6])),
                example("classes", NonMaxSuppression(limit: 20, overlap: 0.1), many, classes),
                example("centred", NonMaxSuppression(limit: 10, overlap: 0.2, scoreThreshold: 0, centred: true), many, classes),
                example("none", NonMaxSuppression(limit: 2, overlap: 0.5, scoreThreshold: 2), corners, scores),
                Example(
                    "an overlap of data", NonMaxSuppression(limit: 20, scoreThreshold: 0),
                    [many, classes, try Tensor([0.1] as [Float], shape: [1])], isDifferentiable: false),
                Example(
                    "a score of data", NonMaxSuppression(limit: 20, overlap: 0.3),
                    [many, classes, nil, try Tensor([0.5] as [Float], shape: [1])], isDifferentiable: false),
                Example(
                    "any box", NonMaxSuppression(limit: 20),
                    [many, classes, try Tensor([1] as [Float], shape: [1]), try Tensor([-.infinity] as [Float], shape: [1])],
                    isDifferentiable: false),
            ]
        }
    ) {
        Attribute("limit", \.limit)
        Attribute("overlap", \.overlap)
        Attribute("score_threshold", \.scoreThreshold)
        Attribute("centred", \.centred)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "boxes", [.float32])
        try context.expect(1, "scores", [.float32])
        try context.expect(0, "boxes", rank: 3)
        try context.expect(1, "scores", rank: 3)
        let (boxes, scores) = (try context.operand(0), try context.operand(1))
        for (a, b) in [(boxes.shape[0], scores.shape[0]), (boxes.shape[1], scores.shape[2]), (boxes.shape[2], 4)] {
            try context.require(a, equals: b, "boxes are \(boxes.type), scores are \(scores.type); expected [N, B, 4] and [N, C, B]")
        }
        for (index, name) in [(2, "most_overlap"), (3, "least_score")] {
            guard let threshold = context.optional(index) else { continue }
            try context.expect(index, name, [.float32])
            try context.require(threshold.shape, equals: [1], "\(name) is \(threshold.type); expected f32[1]")
        }
        try Self.check(context.optional(2)?.constant.map { try $0.doubles()[0] } ?? overlap)
        if let limit = limit.constant, limit < 0 { throw DLCError("limit is \(limit); expected at least 0") }
        return [Fact(.int64, [scores.shape[0], scores.shape[1], try Dim.min(limit, scores.shape[2])])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (boxes, scores) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let (classes, count) = (scores.shape[1], scores.shape[2])
        let places = min(try Oracle.numbers([limit], "limit")[0], count)
        let (coordinates, ranks) = (try boxes.doubles().map { Float($0) }, try scores.doubles())
        let most = try Oracle.optional(operands, 2)?.array(of: Float.self)[0] ?? Float(overlap)
        let least = try Oracle.optional(operands, 3)?.array(of: Float.self)[0] ?? Float(scoreThreshold ?? -.infinity)
        var result = [Int64](repeating: -1, count: scores.shape[0] * classes * places)
        if !result.isEmpty { try Self.check(Double(most)) }
        for row in 0..<scores.shape[0] * classes {
            let score = { ranks[row * count + $0] }
            let candidates = (0..<count).filter { score($0) > Double(least) }
            var kept: [Int] = []
            for index in candidates.sorted(by: { score($0) != score($1) ? score($0) > score($1) : $0 < $1 }) where kept.count < places {
                let box = corners(coordinates, at: (row / classes * count + index) * 4)
                // An overlap that is no number hides nothing, as in ONNX Runtime.
                let isHidden = kept.contains { overlap(box, corners(coordinates, at: (row / classes * count + $0) * 4)) > most }
                if !isHidden { kept.append(index) }
            }
            for (place, index) in kept.enumerated() { result[row * places + place] = Int64(index) }
        }
        return [try Tensor(result, shape: [scores.shape[0], classes, places])]
    }

    private static func check(_ overlap: Double) throws {
        guard overlap >= 0, overlap <= 1 else { throw DLCError("overlap is \(overlap); expected 0 to 1") }
    }

    /// Left, top, right, bottom; in f32, as published implementations: a small box far away has no extent.
    private func corners(_ values: [Float], at start: Int) -> [Float] {
        var (a, b, c, d) = (values[start], values[start + 1], values[start + 2], values[start + 3])
        if centred { (a, b, c, d) = (a - c / 2, b - d / 2, a + c / 2, b + d / 2) }
        return [Swift.min(a, c), Swift.min(b, d), Swift.max(a, c), Swift.max(b, d)]
    }

    /// Intersection over union; 0 where there is no intersection.
    private func overlap(_ a: [Float], _ b: [Float]) -> Float {
        func area(_ box: [Float]) -> Float { (box[2] - box[0]) * (box[3] - box[1]) }
        let (width, height) = (Swift.min(a[2], b[2]) - Swift.max(a[0], b[0]), Swift.min(a[3], b[3]) - Swift.max(a[1], b[1]))
        if width <= 0 || height <= 0 { return 0 }
        return width * height / (area(a) + area(b) - width * height)
    }
}
