import DLCGraph

/// The squares of the Euclidean distances between the rows of `a` `[M, K]` and of `b` `[N, K]`: `[M, N]`.
public struct SquaredDistances: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SquaredDistances(), name: "squared_distances", operands: ["a", "b"],
        onnx: [
            ONNXMapping(
                "CDist", domain: "com.microsoft",
                read: { reader in
                    try reader.allowAttributes(["metric"])
                    let metric: String = try reader.attribute("metric") ?? "sqeuclidean"
                    guard metric == "sqeuclidean" || metric == "euclidean" else {
                        throw DLCError("metric is '\(metric)'; expected euclidean or sqeuclidean")
                    }
                    let squares = try reader.add1(SquaredDistances(), [reader.required(0), reader.required(1)])
                    return [metric == "euclidean" ? try reader.apply(.sqrt, squares) : squares]
                },
                write: { writer in
                    // As a vector of ones times the squares of all differences, which the standard's own operators can say.
                    try writer.require(13, "squared distances with Unsqueeze")
                    let (a, b) = (writer.inputs[0], writer.inputs[1])
                    let rows = writer.intermediate("Unsqueeze", [a, try writer.integers([1], "axis")])
                    let differences = writer.intermediate("Sub", [rows, b])
                    let squares = writer.intermediate("Mul", [differences, differences])
                    writer.node("ReduceSum", inputs: [squares, try writer.integers([2], "axes")], attributes: [("keepdims", .int(0))])
                })
        ],
        examples: {
            func pair(_ m: Int, _ n: Int, _ k: Int, _ type: ElementType = .float32) throws -> [Tensor] {
                [try .random(seed: 1, type: type, shape: [m, k]), try .random(seed: 2, type: type, shape: [n, k])]
            }
            return [
                Example("few features", SquaredDistances(), try pair(5, 7, 3)), Example("many", SquaredDistances(), try pair(35, 4, 21)),
                Example("f64", SquaredDistances(), try pair(3, 3, 9, .float64)),
                Example("no features", SquaredDistances(), try pair(2, 3, 0)),
            ]
        }
    )

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", [.float32, .float64])
        try context.expect(0, "a", rank: 2)
        try context.expect(1, "b", rank: 2)
        try context.expect(1, "b", sameTypeAs: 0)
        let (a, b) = (try context.operand(0), try context.operand(1))
        try context.require(a.shape[1], equals: b.shape[1], "a is \(a.type), b is \(b.type)")
        return [Fact(a.element, [a.shape[0], b.shape[0]])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let (x, y, columns) = (try a.doubles(), try b.doubles(), a.shape[1])
        var result: [Double] = []
        for i in 0..<a.shape[0] {
            for j in 0..<b.shape[0] {
                result.append(
                    (0..<columns).reduce(0.0) { sum, k in
                        let difference = x[i * columns + k] - y[j * columns + k]
                        return sum + difference * difference
                    })
            }
        }
        return [try Tensor(doubles: result, type: a.type, shape: [a.shape[0], b.shape[0]])]
    }
}
