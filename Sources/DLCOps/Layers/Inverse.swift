import DLCGraph

/// Inverses of the square matrices in the last two dimensions (com.microsoft Inverse), by elimination with row exchanges (Golub and
/// Van Loan, "Matrix Computations", sections 3.2 and 3.4). That of a singular matrix holds infinities and NaN.
public struct Inverse: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Inverse(), name: "inverse", operands: ["x"],
        onnx: [ONNXMapping("Inverse", domain: "com.microsoft", Inverse())],
        examples: {
            let shifted = try Tensor(
                doubles: Tensor.random(seed: 2, shape: [2, 3, 5, 5]).doubles().enumerated().map { $1 + ($0 % 25 % 6 == 0 ? 3 : 0) },
                type: .float32, shape: [2, 3, 5, 5])
            return [
                Example("one", Inverse(), [try Tensor([4, 7, 2, 6] as [Float], shape: [2, 2])]),
                Example("batch", Inverse(), [shifted]),
                Example("f64", Inverse(), [try shifted.converted(to: .float64)]),
                Example("rows exchanged", Inverse(), [try Tensor([0, 2, 1, 3, 0, 0, 1, 1, 1] as [Float], shape: [3, 3])]),
                Example("of numbers", Inverse(), [try Tensor([2, -0.5, 8] as [Float], shape: [3, 1, 1])]),
                Example("nothing", Inverse(), [try Tensor([] as [Float], shape: [2, 0, 0])]),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank >= 2 else { throw DLCError("x is \(x.type); expected square matrices") }
        try context.require(x.shape[x.rank - 2], equals: x.shape[x.rank - 1], "x is \(x.type); its matrices are square")
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let n = x.shape[x.rank - 1]
        let values = try x.doubles()
        let size = n * n
        guard size > 0 else { return [x] }
        let results = (0..<values.count / size).flatMap { Self.inverse(Array(values[$0 * size..<($0 + 1) * size]), n) }
        return [try Tensor(doubles: results, type: x.type, shape: x.shape)]
    }

    private static func inverse(_ matrix: [Double], _ n: Int) -> [Double] {
        var (a, b) = (matrix, [Double](repeating: 0, count: n * n))
        for row in 0..<n { b[row * n + row] = 1 }
        for column in 0..<n {
            var pivot = column
            for row in column..<n where abs(a[row * n + column]) > abs(a[pivot * n + column]) { pivot = row }
            if pivot != column {
                for k in 0..<n {
                    a.swapAt(column * n + k, pivot * n + k)
                    b.swapAt(column * n + k, pivot * n + k)
                }
            }
            let top = a[column * n + column]
            for k in 0..<n {
                a[column * n + k] /= top
                b[column * n + k] /= top
            }
            for row in 0..<n where row != column {
                let factor = a[row * n + column]
                for k in 0..<n {
                    a[row * n + k] -= factor * a[column * n + k]
                    b[row * n + k] -= factor * b[column * n + k]
                }
            }
        }
        return b
    }
}
