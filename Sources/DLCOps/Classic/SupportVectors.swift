import DLCGraph

/// ai.onnx.ml SVMRegressor and SVMClassifier (libsvm's and liblinear's models): kernels of the rows with the support
/// vectors, and a product with their coefficients.
enum SupportVectors {
    static let readRegressor: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(
            ["coefficients", "kernel_params", "kernel_type", "n_supports", "one_class", "post_transform", "rho", "support_vectors"])
        let coefficients: [Double] = try reader.attribute("coefficients") ?? []
        let (count, rho): (Int, [Double]) = (try reader.attribute("n_supports") ?? 0, try reader.attribute("rho") ?? [])
        guard count >= 0, !coefficients.isEmpty, count == 0 || coefficients.count == count, rho.count == 1 else {
            throw DLCError(
                "\(coefficients.count) coefficients and \(rho.count) offsets for \(count) support vectors; expected one coefficient each and one offset"
            )
        }
        let x = try reader.rows(0, in: .float32)
        let kernels = count > 0 ? try kernels(x, count, &reader) : x
        let weights = reader.constant(try Tensor(coefficients.map(Float.init), shape: [coefficients.count, 1]))
        let product = try reader.add1(MatMul(), [kernels, weights])
        let sums = try reader.apply(.add, product, reader.scalar(rho[0], like: product))
        if try reader.attribute("one_class") ?? 0 == 0 { return [try PostTransform(reader).apply(to: sums, &reader)] }
        let isInside = try reader.apply(.greater, sums, reader.scalar(0, like: sums))
        return [try reader.select(isInside, reader.scalar(1, like: sums), reader.scalar(-1, like: sums))]
    }

    static let readClassifier: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "classlabels_ints", "classlabels_strings", "coefficients", "kernel_params", "kernel_type", "post_transform", "prob_a", "prob_b",
            "rho",
            "support_vectors", "vectors_per_class",
        ])
        let labels = try ClassLabels(reader, integers: "classlabels_ints")
        let post = try PostTransform(reader)
        let counts: [Int] = try reader.attribute("vectors_per_class") ?? []
        let (coefficients, rho): ([Double], [Double]) = (try reader.attribute("coefficients") ?? [], try reader.attribute("rho") ?? [])
        guard counts.allSatisfy({ $0 >= 0 && $0 < 1 << 30 }), counts.count < 1 << 12 else {
            throw DLCError("vectors_per_class is \(counts)")
        }
        let x = try reader.rows(0, in: .float32)
        let total = counts.reduce(0, +)
        if total == 0 { return try linear(x, labels, coefficients, rho, post, &reader) }

        let classes = labels.count
        let pairs = classes * (classes - 1) / 2
        guard counts.count == classes, classes >= 2, coefficients.count == (classes - 1) * total, rho.count == pairs else {
            throw DLCError(
                "\(coefficients.count) coefficients and \(rho.count) offsets for \(classes) classes with \(counts) support vectors")
        }
        let table = try decisions(counts, coefficients)
        let kernels = try kernels(x, total, &reader)
        let product = try reader.add1(MatMul(), [kernels, reader.constant(table)])
        let scores = try reader.apply(.add, product, reader.constant(Tensor(rho.map(Float.init), shape: [pairs])))
        let chosen = try winners(scores, classes, &reader)
        let (a, b): ([Double], [Double]) = (try reader.attribute("prob_a") ?? [], try reader.attribute("prob_b") ?? [])
        if !a.isEmpty {
            guard a.count == pairs, b.count == pairs else {
                throw DLCError("\(a.count) and \(b.count) parameters of probabilities for \(pairs) pairs")
            }
            let shares = try probabilities(scores, a, b, classes, &reader)
            return try labels.results(.chosen(shares, classes: chosen), post, &reader)
        }
        if pairs > 1 { return try labels.results(.chosen(scores, classes: chosen), post, &reader) }
        // A positive score speaks for the first of two classes, and is written as the second's, as ONNX Runtime does.
        let both = try reader.add1(Concat(axis: 1), [reader.apply(.neg, scores), scores])
        return try labels.results(.chosen(both, classes: chosen), post, &reader)
    }

    /// liblinear's models: a row of coefficients for each class.
    private static func linear(
        _ x: Value, _ labels: ClassLabels, _ coefficients: [Double], _ rho: [Double], _ post: PostTransform, _ reader: inout ONNXReader
    ) throws -> [Value] {
        let classes = labels.count
        guard !coefficients.isEmpty, coefficients.count % classes == 0, let offset = rho.first else {
            throw DLCError("\(coefficients.count) coefficients and \(rho.count) offsets for \(classes) classes")
        }
        let features = coefficients.count / classes
        let turned = (0..<features).flatMap { f in (0..<classes).map { Float(coefficients[$0 * features + f]) } }
        let product = try reader.add1(MatMul(), [x, reader.constant(Tensor(turned, shape: [features, classes]))])
        return try labels.results(.each(reader.apply(.add, product, reader.scalar(offset, like: product))), post, &reader)
    }

    /// `[N, S]`: the kernel function of each row with each support vector.
    private static func kernels(_ x: Value, _ count: Int, _ reader: inout ONNXReader) throws -> Value {
        let vectors: [Double] = try reader.attribute("support_vectors") ?? []
        guard vectors.count % count == 0 else { throw DLCError("\(vectors.count) numbers for \(count) support vectors") }
        let features = vectors.count / count
        let parameters: [Double] = try reader.attribute("kernel_params") ?? []
        guard parameters.isEmpty || parameters.count >= 3 else {
            throw DLCError("kernel_params are \(parameters); expected gamma, coef0 and degree")
        }
        let (gamma, offset, degree) = parameters.isEmpty ? (0, 0, 0) : (parameters[0], parameters[1], parameters[2])
        let rows = reader.constant(try Tensor(vectors.map(Float.init), shape: [count, features]))
        let kind: String = try reader.attribute("kernel_type") ?? "LINEAR"
        if kind == "RBF" {
            let squares = try reader.add1(SquaredDistances(), [x, rows])
            return try reader.apply(.exp, reader.apply(.mul, squares, reader.scalar(-gamma, like: squares)))
        }
        let product = try reader.add1(MatMul(), [x, reader.transpose(rows, [1, 0])])
        if kind == "LINEAR" { return product }
        let scaled = try reader.apply(
            .add, reader.apply(.mul, product, reader.scalar(gamma, like: product)), reader.scalar(offset, like: product))
        switch kind {
        case "SIGMOID": return try reader.apply(.tanh, scaled)
        case "POLY": return try reader.apply(.pow, scaled, reader.scalar(degree.rounded(.towardZero), like: scaled))
        default: throw DLCError("kernel_type is '\(kind)'; expected LINEAR, POLY, RBF or SIGMOID")
        }
    }

    /// The coefficients of the decisions between pairs of classes, `[S, P]`: libsvm keeps those of a vector against the other
    /// classes one after another.
    private static func decisions(_ counts: [Int], _ coefficients: [Double]) throws -> Tensor {
        let (classes, total) = (counts.count, counts.reduce(0, +))
        let starts = counts.indices.map { counts[..<$0].reduce(0, +) }
        let pairs = classes * (classes - 1) / 2
        guard try Checked.multiply(total, pairs) <= 1 << 28 else {
            throw DLCError("\(total) support vectors for \(pairs) pairs of classes are too many")
        }
        var table = [Float](repeating: 0, count: total * pairs)
        var pair = 0
        for i in 0..<classes {
            for j in (i + 1)..<max(classes, i + 1) {
                for s in starts[i]..<starts[i] + counts[i] { table[s * pairs + pair] = Float(coefficients[(j - 1) * total + s]) }
                for s in starts[j]..<starts[j] + counts[j] { table[s * pairs + pair] = Float(coefficients[i * total + s]) }
                pair += 1
            }
        }
        return try Tensor(table, shape: [total, pairs])
    }

    /// The classes `[N]` with the most decisions `[N, P]` for them, the first of equals.
    private static func winners(_ scores: Value, _ classes: Int, _ reader: inout ONNXReader) throws -> Value {
        let pairs = classes * (classes - 1) / 2
        // A decision is worth 1 to the first class of the pair, or what is missing to 1 to the second.
        var worth = [Float](repeating: 0, count: pairs * classes)
        var without = [Float](repeating: 0, count: classes)
        var pair = 0
        for i in 0..<classes {
            for j in (i + 1)..<max(classes, i + 1) {
                (worth[pair * classes + i], worth[pair * classes + j]) = (1, -1)
                without[j] += 1
                pair += 1
            }
        }
        let isFirst = try reader.cast(reader.apply(.greater, scores, reader.scalar(0, like: scores)), .float32)
        let votes = try reader.add1(MatMul(), [isFirst, reader.constant(Tensor(worth, shape: [pairs, classes]))])
        let all = try reader.apply(.add, votes, reader.constant(Tensor(without, shape: [classes])))
        return try reader.add1(ArgReduce(.max, axis: 1, keepDims: false), [all])
    }

    /// Probabilities `[N, C]` (Platt, 1999) of the decisions.
    private static func probabilities(_ scores: Value, _ a: [Double], _ b: [Double], _ classes: Int, _ reader: inout ONNXReader) throws
        -> Value
    {
        let (slopes, offsets) = (try Tensor(a.map(Float.init), shape: [a.count]), try Tensor(b.map(Float.init), shape: [b.count]))
        let lines = try reader.apply(.add, reader.apply(.mul, scores, reader.constant(slopes)), reader.constant(offsets))
        let shares = try reader.apply(.sigmoid, reader.apply(.neg, lines))
        let bounded = try reader.apply(
            .min, reader.apply(.max, shares, reader.scalar(1e-7, like: shares)), reader.scalar(1 - 1e-7, like: shares))
        return try reader.add1(PairwiseCoupling(classes: classes), [bounded])
    }
}
