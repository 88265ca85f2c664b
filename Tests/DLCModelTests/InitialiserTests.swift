@testable import DLCModel
import Testing

@Suite struct InitialiserTests {
    private func values(_ initialiser: Initialiser, _ shape: [Int]) throws -> [Double] {
        let parameter = ModelParameter(name: "layer.weight", type: .float32, shape: shape, initialiser: initialiser)
        return try initialiser.tensor(for: parameter, seed: 3).doubles()
    }

    private func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }

    @Test func distributionsHaveTheirMomentsAndBounds() throws {
        let shape = [64, 32, 3, 3]
        let normal = try values(.normal(mean: 1, deviation: 0.02), shape)
        #expect(abs(normal.reduce(0, +) / Double(normal.count) - 1) < 1e-3)
        #expect(abs(deviation(normal) - 0.02) < 5e-4)
        let uniform = try values(.uniform(low: -1, high: 3), shape)
        #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3.0001 })
        #expect(abs(deviation(uniform) - 4 / 12.0.squareRoot()) < 0.02)
        let truncated = try values(.truncatedNormal(mean: 0, deviation: 1, low: -0.5, high: 2), shape)
        #expect(truncated.allSatisfy { $0 >= -0.5 && $0 <= 2 })
    }

    @Test func fansSettleTheSpread() throws {
        // Fan in 32 · 9, fan out 64 · 9.
        let shape = [64, 32, 3, 3]
        #expect(abs(deviation(try values(.kaimingNormal(slope: 0, fan: .in), shape)) - (2 / 288.0).squareRoot()) < 2e-3)
        #expect(abs(deviation(try values(.kaimingNormal(slope: 0, fan: .out), shape)) - (2 / 576.0).squareRoot()) < 2e-3)
        #expect(abs(deviation(try values(.xavierUniform(gain: 1), shape)) - (2 / 864.0).squareRoot()) < 2e-3)
        #expect(try values(.standard, shape).allSatisfy { abs($0) <= 1 / 288.0.squareRoot() + 1e-9 })
    }

    @Test(arguments: [[6, 20], [20, 6], [4, 2, 3]]) func orthogonalRowsOrColumnsHaveLengthOneAndNoProducts(_ shape: [Int]) throws {
        let matrix = try values(.orthogonal(gain: 1), shape)
        let (rows, columns) = (shape[0], shape.dropFirst().reduce(1, *))
        let vectors =
            rows <= columns
            ? (0..<rows).map { row in (0..<columns).map { matrix[row * columns + $0] } }
            : (0..<columns).map { column in (0..<rows).map { matrix[$0 * columns + column] } }
        for i in vectors.indices {
            for j in vectors.indices {
                let product = zip(vectors[i], vectors[j]).map(*).reduce(0, +)
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-6)
            }
        }
    }

    @Test func bilinearKernelsAreThoseOfInterpolation() throws {
        // Long et al.'s upsampling by 2: 0.25, 0.75, 0.75, 0.25 in each direction, each channel by itself.
        let line = [0.25, 0.75, 0.75, 0.25]
        let kernel = line.flatMap { a in line.map { a * $0 } }
        #expect(try values(.bilinear, [2, 2, 4, 4]) == kernel + [Double](repeating: 0, count: 32) + kernel)
        #expect(try values(.bilinear, [1, 1, 3]) == [0.5, 1, 0.5])
    }

    @Test func bilinearKernelsOfOtherShapesAreRefused() {
        #expect { try values(.bilinear, [2, 3, 4, 4]) } throws: { "\($0)".contains("as many channels as x") }
    }

    @Test func valuesOutsideAnyDrawAreRefused() {
        #expect { try values(.truncatedNormal(mean: 0, deviation: 1, low: 20, high: 21), [1]) } throws: {
            "\($0)".contains("leaves nothing to draw")
        }
    }
}
