import DLCGraph

/// ai.onnx.ml LinearRegressor and LinearClassifier: a product with constant coefficients, and what is done with it.
enum LinearModels {
    static let readRegressor: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["coefficients", "intercepts", "post_transform", "targets"])
        let targets: Int = try reader.attribute("targets") ?? 1
        let scores = try product(&reader, rows: targets)
        return [try PostTransform(reader).apply(to: reader.cast(scores, .float32), &reader)]
    }

    static let readClassifier: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "classlabels_ints", "classlabels_strings", "coefficients", "intercepts", "multi_class", "post_transform",
        ])
        let labels = try ClassLabels(reader, integers: "classlabels_ints")
        let intercepts: [Double] = try reader.attribute("intercepts") ?? []
        let rows = intercepts.isEmpty ? (labels.count == 2 ? try oneOrTwo(reader) : labels.count) : intercepts.count
        let scores = try reader.cast(product(&reader, rows: rows), .float32)
        guard rows == labels.count || (rows == 1 && labels.count == 2) else {
            throw DLCError("\(rows) rows of coefficients for \(labels.count) classes")
        }
        return try labels.results(rows == 1 ? .one(scores, isPositive: false) : .each(scores), PostTransform(reader), &reader)
    }

    /// Rows of coefficients for two classes: as many as the features leave.
    private static func oneOrTwo(_ reader: ONNXReader) throws -> Int {
        let coefficients: [Double] = try reader.attribute("coefficients") ?? []
        return try reader.fact(0).shape.last?.constant == coefficients.count ? 1 : 2
    }

    /// x times the coefficients `[rows, F]`, plus the intercepts.
    private static func product(_ reader: inout ONNXReader, rows: Int) throws -> Value {
        let type: ElementType = try reader.fact(0).element == .float64 ? .float64 : .float32
        let x = try reader.rows(0, in: type)
        let coefficients: [Double] = try reader.attribute("coefficients") ?? []
        let intercepts: [Double] = try reader.attribute("intercepts") ?? []
        guard rows >= 1, !coefficients.isEmpty, coefficients.count % rows == 0, intercepts.isEmpty || intercepts.count == rows else {
            throw DLCError("\(coefficients.count) coefficients and \(intercepts.count) intercepts for \(rows) targets")
        }
        let features = coefficients.count / rows
        let turned = (0..<features).flatMap { f in (0..<rows).map { coefficients[$0 * features + f] } }
        let scores = try reader.add1(MatMul(), [x, reader.constant(Tensor(doubles: turned, type: type, shape: [features, rows]))])
        if intercepts.allSatisfy({ $0 == 0 }) { return scores }
        return try reader.apply(.add, scores, reader.constant(Tensor(doubles: intercepts, type: type, shape: [rows])))
    }
}
