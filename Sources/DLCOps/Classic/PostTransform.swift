import DLCGraph

/// What classic models do with their scores `[N, C]` at the end.
enum PostTransform: String {
    case none = "NONE", softmax = "SOFTMAX", logistic = "LOGISTIC", softmaxZero = "SOFTMAX_ZERO", probit = "PROBIT"

    /// In the numbering of ONNX TreeEnsemble.
    static let numbered: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]

    /// The node's attribute.
    init(_ reader: ONNXReader) throws {
        let text: String = try reader.attribute("post_transform") ?? "NONE"
        guard let known = PostTransform(rawValue: text) else {
            throw DLCError("post_transform is '\(text)'; expected \(Self.numbered.map(\.rawValue).joined(separator: ", "))")
        }
        self = known
    }

    func apply(to scores: Value, _ reader: inout ONNXReader) throws -> Value {
        switch self {
        case .none: scores
        case .softmax: try reader.add1(Softmax(axis: -1), [scores])
        case .logistic: try reader.apply(.sigmoid, scores)
        case .softmaxZero: try Self.softmaxZero(scores, &reader)
        case .probit: try Self.probit(scores, &reader)
        }
    }

    /// Softmax in which scores of 0 (up to 1e-7) weigh nothing beside exp(−max); a half where all weigh nothing.
    private static func softmaxZero(_ scores: Value, _ reader: inout ONNXReader) throws -> Value {
        func number(_ value: Double) throws -> Value { try reader.scalar(value, like: scores) }
        let most = try reader.add1(Reduce(.max, axes: [1]), [scores])
        let isZero = try reader.apply(.lessOrEqual, reader.apply(.abs, scores), number(0.0000001))
        let tiny = try reader.apply(.mul, scores, reader.apply(.exp, reader.apply(.neg, most)))
        let weights = try reader.select(isZero, tiny, reader.apply(.exp, reader.apply(.sub, scores, most)))
        let sum = try reader.add1(Reduce(.sum, axes: [1]), [weights])
        let isNothing = try reader.apply(.equal, sum, number(0))
        return try reader.select(isNothing, number(0.5), reader.apply(.div, weights, sum))
    }

    /// √2 · erf⁻¹(2p − 1) by Winitzki's approximation (2008), as in ONNX's reference.
    private static func probit(_ p: Value, _ reader: inout ONNXReader) throws -> Value {
        func number(_ value: Double) throws -> Value { try reader.scalar(value, like: p) }
        let x = try reader.apply(.sub, reader.apply(.mul, p, number(2)), number(1))
        let log = try reader.apply(.log, reader.apply(.mul, reader.apply(.sub, number(1), x), reader.apply(.add, number(1), x)))
        let v = try reader.apply(.add, reader.apply(.mul, log, number(0.5)), number(2 / (.pi * 0.147)))
        let square = try reader.apply(.sub, reader.apply(.mul, v, v), reader.apply(.mul, log, number(1 / 0.147)))
        let size = try reader.apply(.sqrt, reader.apply(.sub, reader.apply(.sqrt, square), v))
        let isNegative = try reader.apply(.less, x, number(0))
        return try reader.apply(.mul, reader.select(isNegative, number(-1.41421356), number(1.41421356)), size)
    }
}
