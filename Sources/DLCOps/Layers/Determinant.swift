import DLCGraph

/// Determinants of the square matrices in the last two dimensions (ONNX Det), by elimination with row exchanges (Golub and
/// Van Loan, "Matrix Computations", section 3.4). Of a matrix without rows it is 1.
public struct Determinant: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Determinant(), name: "determinant", operands: ["x"], onnx: [ONNXMapping("Det", Determinant(), since: 11)],
        examples: {
            [
                Example("one", Determinant(), [try .random(seed: 1, shape: [3, 3])], isDifferentiable: false),
                Example("batch", Determinant(), [try .random(seed: 2, shape: [2, 3, 5, 5])], isDifferentiable: false),
                Example("f64", Determinant(), [try .random(seed: 3, type: .float64, shape: [4, 2, 2])], isDifferentiable: false),
                Example(
                    "rows exchanged", Determinant(), [try Tensor([0, 2, 1, 3, 0, 0, 1, 1, 1] as [Float], shape: [3, 3])],
                    isDifferentiable: false),
                Example("of numbers", Determinant(), [try .random(seed: 4, shape: [3, 1, 1])], isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank >= 2 else { throw DLCError("x is \(x.type); expected square matrices") }
        try context.require(x.shape[x.rank - 2], equals: x.shape[x.rank - 1], "x is \(x.type); its matrices are square")
        return [Fact(x.element, Shape(x.shape.dropLast(2)))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (n, shape) = (x.shape[x.rank - 1], Array(x.shape.dropLast(2)))
        let values = try x.doubles()
        let results = (0..<shape.reduce(1, *)).map { Self.determinant(Array(values[$0 * n * n..<($0 + 1) * n * n]), n) }
        return [try Tensor(doubles: results, type: x.type, shape: shape)]
    }

    private static func determinant(_ matrix: [Double], _ n: Int) -> Double {
        var (a, result) = (matrix, 1.0)
        for column in 0..<n {
            var pivot = column
            for row in column..<n where abs(a[row * n + column]) > abs(a[pivot * n + column]) { pivot = row }
            if pivot != column {
                for k in 0..<n { a.swapAt(column * n + k, pivot * n + k) }
                result = -result
            }
            let top = a[column * n + column]
            result *= top
            if top == 0 { continue }
            for row in column + 1..<max(n, column + 1) {
                let factor = a[row * n + column] / top
                for k in column..<n { a[row * n + k] -= factor * a[column * n + k] }
            }
        }
        return result
    }
}
