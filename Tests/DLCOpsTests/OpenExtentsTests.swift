import DLCGraph
import DLCOps
import Testing

/// An ONNX operator whose operands have extents of any size gives what it gives where they are numbers.
@Suite struct OpenExtentsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var opType: String
        var opset = 20
        var attributes: [String: AttributeValue] = [:]
        var operands: [Tensor?]
        /// Operands that are constants of the model.
        var constants: Set<Int> = []
        /// Operands that are the shape of an input, where extents are open.
        var shapes: Set<Int> = []
        /// Last dimensions that stay numbers.
        var known = 0
        var testDescription: String { "\(opType) of \(operands.map { $0?.shape ?? [] }) with \(attributes)" }

        func run(isOpen: Bool) throws -> Tensor {
            let mapping = try #require(AllOps.mappings.first { $0.opType == opType && $0.domain.isEmpty })
            var builder = GraphBuilder()
            var inputs: [String: Tensor] = [:]
            let values = try operands.enumerated().map { index, given -> Value? in
                guard let given else { return nil }
                if constants.contains(index) || shapes.contains(index) && !isOpen { return builder.constant(given) }
                let isShape = shapes.contains(index)
                let tensor = isShape ? try Tensor(filling: 0, type: .float32, shape: given.doubles().map { Int($0) }) : given
                inputs["x\(index)"] = tensor
                let shape = tensor.shape.enumerated().map { axis, extent in
                    isOpen && axis < tensor.rank - known ? Dim(symbol: "x\(index)_\(axis)") : Dim(extent)
                }
                let input = try builder.input("x\(index)", TensorType(tensor.type, shape))
                return isShape ? try builder.add1(ShapeOf(), [input]) : input
            }
            var reader = ONNXReader(
                builder: builder, opType: opType, opset: opset, name: "layer", operands: values, attributes: attributes, resultNames: ["y"])
            let results = try mapping.read(&reader)
            try reader.builder.output("y", try #require(results.first))
            return try #require(try Interpreter.run(reader.builder.graph, inputs)["y"])
        }
    }

    static let cases: [Case] = (try? makeCases()) ?? []

    private static func makeCases() throws -> [Case] {
        func random(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try Tensor.random(seed: seed, shape: shape) }
        func ints(_ values: [Int64]) throws -> Tensor { try Tensor(values, shape: [values.count]) }
        var cases: [Case] = []
        for (height, width) in [(4, 7), (5, 5), (1, 1), (8, 2)] {
            let image = try random(1, [2, 3, height, width])
            let axes: [String: AttributeValue] = ["axes": .ints([2, 3])]
            cases.append(Case(opType: "CenterCropPad", attributes: axes, operands: [image, try ints([5, 4])], constants: [1]))
            let grid = try Tensor(doubles: random(2, [2, 3, 2, 2]).doubles().map { $0 * 1.4 }, type: .float32, shape: [2, 3, 2, 2])
            let moves = try Tensor.random(seed: 13, shape: [2, 18, height, width])
            let deformed: [String: AttributeValue] = ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])]
            let filters = try random(14, [2, 3, 3, 3])
            cases.append(Case(opType: "DeformConv", attributes: deformed, operands: [image, filters, moves], constants: [1]))
            for padding in ["zeros", "border", "reflection"] {
                for corners in [0, 1] {
                    let attributes: [String: AttributeValue] = ["padding_mode": .string(padding), "align_corners": .int(corners)]
                    cases.append(Case(opType: "GridSample", attributes: attributes, operands: [image, grid], known: 1))
                }
            }
        }
        for n in [1, 2, 7, 16] {
            for parts in [1, 2] {
                for (inverse, onesided) in [(0, 0), (0, 1), (1, 0)] {
                    let attributes: [String: AttributeValue] = ["axis": .int(1), "inverse": .int(inverse), "onesided": .int(onesided)]
                    cases.append(
                        Case(opType: "DFT", opset: 17, attributes: attributes, operands: [try random(3, [2, n, parts])], known: 1))
                }
            }
            let lengths = try ints([Int64(n), 1, 0])
            cases.append(Case(opType: "ReverseSequence", operands: [try random(4, [n, 3, 2]), lengths]))
            let batchFirst: [String: AttributeValue] = ["batch_axis": .int(0), "time_axis": .int(1)]
            cases.append(Case(opType: "ReverseSequence", attributes: batchFirst, operands: [try random(5, [3, n, 2]), lengths]))
            for parts in [1, 2] {
                let forward: [String: AttributeValue] = ["axis": .int(1), "onesided": .int(1)]
                cases.append(Case(opType: "DFT", opset: 17, attributes: forward, operands: [try random(3, [2, n, parts])]))
            }
            let theta = try random(7, [2, 2, 3])
            for corners in [0, 1] {
                let attributes: [String: AttributeValue] = ["align_corners": .int(corners)]
                cases.append(
                    Case(opType: "AffineGrid", attributes: attributes, operands: [theta, try ints([2, 1, Int64(n), 3])], shapes: [1]))
            }
            cases.append(
                Case(
                    opType: "STFT", attributes: ["onesided": .int(1)],
                    operands: [
                        try random(8, [2, n + 8, 1]), try Tensor([3 as Int64], shape: []), nil, try Tensor([8 as Int64], shape: []),
                    ],
                    constants: [1, 3]))
            try cases += attentions(rows: 3, columns: n, random)
            let places = try Tensor((0..<Int64(4 * n)).map { 2 * $0 }, shape: [2, 1, n, 2])
            let unpooling: [String: AttributeValue] = ["kernel_shape": .ints([1, 2]), "strides": .ints([1, 2])]
            cases.append(Case(opType: "MaxUnpool", attributes: unpooling, operands: [try random(9, [2, 1, n, 2]), places]))
            cases.append(Case(opType: "EyeLike", attributes: ["k": .int(1)], operands: [try random(6, [n, 4])]))
            // Single numbers in vectors of open length.
            cases.append(Case(opType: "Range", operands: [try ints([2]), try ints([Int64(3 * n)]), try ints([3])]))
            let limits = try [0.5, Double(n), 0.75].map { try Tensor(filling: $0, type: .float32, shape: [1]) }
            cases.append(Case(opType: "Range", operands: limits))
            cases.append(Case(opType: "OneHot", operands: [try ints([1, 0, -1]), try ints([Int64(n)]), try ints([4, 5])], constants: [2]))
        }
        return cases
    }

    /// Attention that is causal beside another number of keys, windowed, capped, and over sequences with lengths.
    private static func attentions(rows: Int, columns: Int, _ random: (UInt64, [Int]) throws -> Tensor) throws -> [Case] {
        let operands: [Tensor?] = [
            try random(10, [2, 4, rows, 5]), try random(11, [2, 2, columns, 5]), try random(12, [2, 2, columns, 3]), nil, nil, nil,
            try Tensor([1 as Int64, Int64(columns)], shape: [2]),
        ]
        let kinds: [[String: AttributeValue]] = [
            ["is_causal": .int(1)], ["is_causal": .int(1), "softcap": .float(2)],
            ["left_window_size": .int(1), "right_window_size": .int(0)],
        ]
        return kinds.flatMap { kind in
            [
                Case(opType: "Attention", opset: 24, attributes: kind, operands: Array(operands.prefix(3))),
                Case(opType: "Attention", opset: 24, attributes: kind, operands: operands),
            ]
        }
    }

    @Test func thereAreCases() { #expect(Self.cases.count > 60) }

    @Test(arguments: cases) func openExtentsGiveWhatNumbersGive(_ item: Case) throws {
        let (fixed, open) = (try item.run(isOpen: false), try item.run(isOpen: true))
        #expect(fixed.shape == open.shape && fixed.type == open.type)
        for (a, b) in zip(try fixed.doubles(), try open.doubles()) { #expect(abs(a - b) <= 2e-5 * max(1, abs(a))) }
    }

    @Test(arguments: [[4, 1, 0], [2, 4, 3]]) func sequencesAreReversedAsByTheOracle(lengths: [Int64]) throws {
        let x = try Tensor.random(seed: 1, shape: [4, 3, 2])
        let given = try Tensor(lengths, shape: [3])
        let want = try ReverseSequence().evaluate([x, given])[0]
        #expect(try Case(opType: "ReverseSequence", operands: [x, given]).run(isOpen: false) == want)
        #expect(try Case(opType: "ReverseSequence", operands: [x, given]).run(isOpen: true) == want)
    }

    /// Lengths that are products of small factors, primes, and a prime times a power of two, by the definition.
    @Test(arguments: [96, 97, 128, 134, 210]) func transformsByFactorsAreTheSums(length: Int) throws {
        let x = try Tensor.random(seed: 2, shape: [1, length, 2])
        let y = try Case(opType: "DFT", opset: 17, attributes: ["axis": .int(1)], operands: [x]).run(isOpen: false).doubles()
        let values = try x.doubles()
        for k in stride(from: 0, to: length, by: 7) {
            var (re, im) = (0.0, 0.0)
            for t in 0..<length {
                let turn = Double(k * t % length) / Double(length)
                let (c, s) = (cosine(turn), sine(turn))
                re += values[2 * t] * c + values[2 * t + 1] * s
                im += values[2 * t + 1] * c - values[2 * t] * s
            }
            #expect(abs(re - y[2 * k]) < 1e-3 && abs(im - y[2 * k + 1]) < 1e-3)
        }
    }

    private func cosine(_ turn: Double) -> Double { Unary(.cos).value(2 * Double.pi * turn) }
    private func sine(_ turn: Double) -> Double { Unary(.sin).value(2 * Double.pi * turn) }
}

extension Unary {
    /// The function of one number, as the oracle computes it in f64.
    fileprivate func value(_ x: Double) -> Double {
        (try? evaluate([Tensor([x], shape: [])])[0].doubles()[0]) ?? .nan
    }
}
