import DLC
import DLCOps
import Testing

/// Sums and products of integers wrap in their own type, in the operators' definitions as in kernels: NumPy's results for
/// rows of the largest and least numbers.
@Suite struct IntegerArithmeticTests {
    static let types: [ElementType] = [.int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64]

    /// The least and greatest number as 64 bits.
    private static func limits(_ type: ElementType) -> (Int64, Int64) {
        let bits = type.size * 8
        if type.isSigned { return (Int64.min >> (64 - bits), Int64.max >> (64 - bits)) }
        return (0, bits == 64 ? -1 : (1 << Int64(bits)) - 1)
    }

    /// `[[max, max, 3], [min, 7, max]]`.
    private static func rows(_ type: ElementType) throws -> Tensor {
        let (least, most) = limits(type)
        return try Tensor(integers: [most, most, 3, least, 7, most], type: type, shape: [2, 3])
    }

    /// Both ways of computing the graph `y = body` of `x`.
    private func results(_ type: ElementType, _ x: Tensor, _ body: String) throws -> [Tensor] {
        let head = "graph g(%x: \(type)[\(x.shape.map(String.init).joined(separator: ", "))]) -> (%y) {\n"
        let graph = try GraphParser.parse(head + body.replacing("TYPE", with: "\(type)") + "\n}\n", definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        return [try #require(Interpreter.run(graph, ["x": x])["y"]), try #require(session.run(["x": x])["y"])]
    }

    @Test(arguments: types) func sumsAndProductsWrap(_ type: ElementType) throws {
        let (least, most) = Self.limits(type)
        let three = "%c = constant {value: TYPE[2, 1] (3...)}\n"
        let cases: [(body: String, want: [Int64])] = [
            ("%y: TYPE[2, 1] = reduce_sum(%x) {axes: [1]}", [1, 6]),
            ("%y: TYPE[2, 1] = reduce_prod(%x) {axes: [1]}", [3, least]),
            ("%t: TYPE[3, 2] = transpose(%x) {perm: [1, 0]}\n%y: TYPE[2, 2] = matmul(%x, %t)", [11, most &- 9, most &- 9, 50]),
            ("%y: TYPE[2, 2] = fused_matmul(%x, %x) {trans_b: true}", [11, most &- 9, most &- 9, 50]),
            (
                three + "%y: TYPE[2, 2] = gemm(%x, %x, %c) {transB: true, alpha: 2.0, beta: -1.0}",
                [19, 2 &* most &- 21, 2 &* most &- 21, 97]
            ),
        ]
        for (body, want) in cases {
            for y in try results(type, Self.rows(type), body) {
                #expect(try y == Tensor(integers: want, type: type, shape: y.shape), "\(type): \(body)")
            }
        }
    }

    @Test(arguments: types) func everyReductionHasAKernel(_ type: ElementType) throws {
        let some = try Tensor.random(seed: 3, type: type, shape: [4, 3])
        let none = try Tensor(type: type, shape: [2, 0]) { _ in }
        for kind in ReduceKind.allCases {
            for x in [try Self.rows(type), some, none] {
                let both = try results(type, x, "%y: TYPE[\(x.shape[0]), 1] = reduce_\(kind.rawValue)(%x) {axes: [1]}")
                #expect(try both[0].integers() == both[1].integers(), "\(kind) of \(type)\(x.shape)")
            }
        }
    }

    /// ONNX Runtime's ReduceMean.
    @Test func meansAreTruncated() throws {
        for (values, want) in [([-7, 2], -2), ([1 << 53 + 1, 1 << 53 + 1], 1 << 53 + 1), ([4, -4], 0)] as [([Int64], Int64)] {
            let x = try Tensor(integers: values, type: .int64, shape: [1, 2])
            for y in try results(.int64, x, "%y: TYPE[1, 1] = reduce_mean(%x) {axes: [1]}") { #expect(try y.integers() == [want]) }
        }
    }
}
