import DLCGraph

/// Probabilities of C classes `[N, C]` from those of each against each other, `[N, C (C − 1) / 2]` in the order (0, 1), (0, 2), …:
/// the second method of Wu, Lin and Weng (JMLR 5, 2004), iterated as libsvm does.
public struct PairwiseCoupling: Operator {
    /// C.
    public var classes: Int

    public init(classes: Int = 2) { self.classes = classes }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        PairwiseCoupling(), name: "pairwise_coupling", operands: ["pairs"],
        examples: {
            let pairs = try Tensor([0.9, 0.2, 0.6, 0.5, 0.5, 0.5, 1e-7, 0.3, 0.9999999] as [Float], shape: [3, 3])
            let four = try Tensor([0.1, 0.6, 0.7, 0.3, 0.4, 0.8] as [Double], shape: [1, 6])
            return [
                Example("two", PairwiseCoupling(), [try Tensor([0.3, 0.99] as [Float], shape: [2, 1])], isDifferentiable: false),
                Example("three", PairwiseCoupling(classes: 3), [pairs], isDifferentiable: false),
                Example("four in f64", PairwiseCoupling(classes: 4), [four], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("classes", \.classes)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "pairs", [.float32, .float64])
        try context.expect(0, "pairs", rank: 2)
        guard (1...1 << 12).contains(classes) else { throw DLCError("\(classes) classes; expected 1 to \(1 << 12)") }
        let pairs = try context.operand(0)
        try context.require(pairs.shape[1], equals: Dim(classes * (classes - 1) / 2), "pairs are \(pairs.type) for \(classes) classes")
        return [Fact(pairs.element, [pairs.shape[0], Dim(classes)])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let pairs = try Oracle.operand(operands, 0)
        let (values, columns) = (try pairs.doubles(), classes * (classes - 1) / 2)
        let result = (0..<pairs.shape[0]).flatMap { couple(Array(values[$0 * columns..<($0 + 1) * columns])) }
        return [try Tensor(doubles: result, type: pairs.type, shape: [pairs.shape[0], classes])]
    }

    private func couple(_ pairs: [Double]) -> [Double] {
        let k = classes
        var r = [Double](repeating: 0, count: k * k)
        var place = 0
        for i in 0..<k {
            for j in 0..<k where j > i {
                r[i * k + j] = pairs[place]
                r[j * k + i] = 1 - pairs[place]
                place += 1
            }
        }
        var q = [Double](repeating: 0, count: k * k)
        for t in 0..<k {
            for j in 0..<k where j != t {
                let against: Double = r[j * k + t]
                q[t * k + t] += against * against
                q[t * k + j] = -against * r[t * k + j]
            }
        }
        var p = [Double](repeating: 1 / Double(k), count: k)
        for _ in 0..<Swift.max(100, k) {
            var qp = [Double](repeating: 0, count: k)
            var pqp = 0.0
            for t in 0..<k {
                for j in 0..<k { qp[t] += q[t * k + j] * p[j] }
                pqp += p[t] * qp[t]
            }
            let error = qp.reduce(0.0) { Swift.max($0, Swift.abs($1 - pqp)) }
            if error < 0.005 / Double(k) { break }
            for t in 0..<k {
                let own: Double = q[t * k + t]
                let step: Double = (pqp - qp[t]) / own
                let scale: Double = 1 + step
                p[t] += step
                pqp = (pqp + step * (step * own + 2 * qp[t])) / scale / scale
                for j in 0..<k {
                    qp[j] = (qp[j] + step * q[t * k + j]) / scale
                    p[j] /= scale
                }
            }
        }
        return p
    }
}
