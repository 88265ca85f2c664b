import DLCGraph
import DLCOps
import Testing

/// Applies an ONNX operator as the importer does, and runs what it is read as.
private struct Reading {
    var opType: String
    var opset = 17
    var domain = ""
    var attributes: [String: AttributeValue] = [:]
    /// Operands that are constants of the model, by position.
    var constants: Set<Int> = []
    /// Declared shapes of other operands, where they are not the tensors' own.
    var shapes: [Int: Shape] = [:]

    func graph(_ operands: [Tensor?]) throws -> Graph {
        let mapping = try #require(AllOps.mappings.first { $0.opType == opType && $0.domain == domain })
        var builder = GraphBuilder()
        let values = try operands.enumerated().map { index, tensor -> Value? in
            guard let tensor else { return nil }
            if constants.contains(index) { return builder.constant(tensor) }
            return try builder.input("x\(index)", TensorType(tensor.type, shapes[index] ?? Shape(constants: tensor.shape)))
        }
        var reader = ONNXReader(
            builder: builder, opType: opType, opset: opset, name: "layer", operands: values, attributes: attributes, resultNames: ["y"])
        let results = try mapping.read(&reader)
        try reader.builder.output("y", try #require(results.first))
        return reader.builder.graph
    }

    func run(_ operands: [Tensor?]) throws -> Tensor {
        var inputs: [String: Tensor] = [:]
        for (index, tensor) in operands.enumerated() where !constants.contains(index) { inputs["x\(index)"] = tensor }
        return try #require(try Interpreter.run(graph(operands), inputs)["y"])
    }
}

private func expectClose(_ a: Tensor, _ b: Tensor, _ tolerance: Double = 1e-5, _ comment: Comment? = nil) throws {
    #expect(a.shape == b.shape && a.type == b.type, comment)
    let worst = zip(try a.doubles(), try b.doubles()).map { abs($0 - $1) / (1 + abs($1)) }.max() ?? 0
    #expect(worst <= tolerance, comment)
}

@Suite struct ONNXReadingTests {
    @Test(arguments: [
        "ij,jk->ik", "bij,bjk->bik", "bhqd,bhkd->bhqk", "i,j->ij", "ij,kj->", "ijk,ik->j", "ij,ij->ij", "abc,cd->dba", "ii,i->i",
        "iij,jk->ki",
    ])
    func einsumIsTheSumOverAllLabels(_ equation: String) throws {
        let parts = equation.split(separator: ">")[0].dropLast().split(separator: ",").map { $0.map { $0 } }
        let output = equation.split(separator: ">").dropFirst().first.map { $0.map { $0 } } ?? []
        let labels = Set(parts.joined()).sorted()
        func extent(_ label: Character) -> Int { 2 + (labels.firstIndex(of: label) ?? 0) % 3 }
        let operands = try parts.enumerated().map { try Tensor.random(seed: UInt64($0), shape: $1.map(extent)) }
        let values = try operands.map { try $0.doubles() }
        func offset(_ part: [Character], _ at: [Character: Int]) -> Int { part.reduce(0) { $0 * extent($1) + (at[$1] ?? 0) } }
        var sums = [Double](repeating: 0, count: output.map(extent).reduce(1, *))
        let total = labels.map(extent).reduce(1, *)
        for number in 0..<total {
            var (rest, at) = (number, [Character: Int]())
            for label in labels { (rest, at[label]) = (rest / extent(label), rest % extent(label)) }
            sums[offset(output, at)] += zip(parts, values).reduce(1) { $0 * $1.1[offset($1.0, at)] }
        }
        let y = try Reading(opType: "Einsum", attributes: ["equation": .string(equation)]).run(operands)
        try expectClose(y, Tensor(doubles: sums, type: .float32, shape: output.map(extent)))
    }

    @Test func softmaxBeforeOpset13IsOneRowFromTheAxisOn() throws {
        let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
        let old = try Reading(opType: "Softmax", opset: 11).run([x])
        let flat = try Reading(opType: "Softmax").run([x.reshaped([2, 12])])
        try expectClose(old, flat.reshaped([2, 3, 4]))
    }

    @Test(arguments: 5...9, ["SAME_UPPER", "SAME_LOWER", "VALID"])
    func autoPadOfSymbolicExtentsIsThatOfNumbers(_ extent: Int, _ mode: String) throws {
        let x = try Tensor.random(seed: 2, shape: [1, 2, extent, extent + 1])
        let w = try Tensor.random(seed: 3, shape: [3, 2, 3, 2])
        var reading = Reading(opType: "Conv", attributes: ["auto_pad": .string(mode), "strides": .ints([2, 1])])
        let expected = try reading.run([x, w])
        reading.shapes[0] = ["N", "C", "H", "W"].map { $0 == "C" ? 2 : Dim(symbol: $0) }
        try expectClose(reading.run([x, w]), expected)
    }

    @Test(arguments: 4...9)
    func ceilModeOfSymbolicExtentsIsThatOfNumbers(_ extent: Int) throws {
        let x = try Tensor.random(seed: 4, shape: [1, 1, extent])
        var reading = Reading(
            opType: "AveragePool", opset: 19,
            attributes: ["kernel_shape": .ints([2]), "strides": .ints([3]), "pads": .ints([1, 1]), "ceil_mode": .int(1)])
        let expected = try reading.run([x])
        reading.shapes[0] = [1, 1, Dim(symbol: "T")]
        try expectClose(reading.run([x]), expected)
    }

    @Test(arguments: [0.5, 1.5, 2.0, 3.0])
    func scalesOfSymbolicExtentsAreThoseOfNumbers(_ scale: Double) throws {
        let x = try Tensor.random(seed: 5, shape: [1, 1, 6, 7])
        let scales = try Tensor([1, 1, Float(scale), Float(scale)], shape: [4])
        var reading = Reading(opType: "Resize", attributes: ["mode": .string("linear")], constants: [2])
        let expected = try reading.run([x, nil, scales])
        reading.shapes[0] = [1, 1, Dim(symbol: "H"), Dim(symbol: "W")]
        try expectClose(reading.run([x, nil, scales]), expected)
    }

    /// Scales that data decide give what constant ones give.
    @Test(
        arguments: ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"], ["linear", "nearest"])
    func scalesMayBeData(_ coordinates: String, _ mode: String) throws {
        let x = try Tensor.random(seed: 5, shape: [1, 2, 6, 7])
        let attributes: [String: AttributeValue] = [
            "mode": .string(mode), "coordinate_transformation_mode": .string(coordinates),
        ]
        for (height, width) in [(0.4, 1.7), (1, 3), (0.2, 1.1)] as [(Float, Float)] {
            let operands = [x, nil, try Tensor([1, 1, height, width], shape: [4])]
            let expected = try Reading(opType: "Resize", opset: 19, attributes: attributes, constants: [2]).run(operands)
            try expectClose(Reading(opType: "Resize", opset: 19, attributes: attributes).run(operands), expected)
        }
    }

    @Test(arguments: [[0.5, 0.75], [2, 1], [1.5, 2.5]] as [[Float]])
    func scalesOfUpsampleMayBeData(_ scales: [Float]) throws {
        let operands = [try Tensor.random(seed: 5, shape: [1, 2, 6, 7]), try Tensor([1, 1] + scales, shape: [4])]
        for mode in ["linear", "nearest"] {
            let attributes: [String: AttributeValue] = ["mode": .string(mode)]
            let expected = try Reading(opType: "Upsample", opset: 9, attributes: attributes, constants: [1]).run(operands)
            try expectClose(Reading(opType: "Upsample", opset: 9, attributes: attributes).run(operands), expected)
        }
    }

    /// ONNX Runtime's extents, and the first elements of a ramp.
    @Test(
        arguments: [
            ("not_larger", [6, 7], [3, 8], [3, 4], [4, 6, 8]), ("not_larger", [10, 4], [7, 7], [7, 3], [1.0714287, 2.5, 3.857143]),
            ("not_smaller", [7, 13], [3, 8], [4, 8], [4.374999, 5.999999, 7.6249995]),
            ("not_smaller", [5, 9], [12, 5], [12, 22], [0, 0.125, 0.5416666]),
        ] as [(String, [Int], [Int64], [Int], [Double])], [false, true])
    func aspectsAreKept(_ test: (policy: String, from: [Int], box: [Int64], to: [Int], first: [Double]), _ isOpen: Bool) throws {
        let count = test.from[0] * test.from[1]
        let x = try Tensor((0..<count).map { Float($0) }, shape: [1, 1] + test.from)
        var reading = Reading(
            opType: "Resize", opset: 19,
            attributes: [
                "mode": .string("linear"), "keep_aspect_ratio_policy": .string(test.policy), "axes": .ints([2, 3]),
            ], constants: [3])
        if isOpen { reading.shapes[0] = [1, 1, Dim(symbol: "H"), Dim(symbol: "W")] }
        let y = try reading.run([x, nil, nil, Tensor(test.box, shape: [2])])
        #expect(y.shape == [1, 1] + test.to)
        try expectClose(
            Tensor(doubles: Array(y.doubles().prefix(3)), type: .float32, shape: [3]), Tensor(test.first.map { Float($0) }, shape: [3]))
    }

    /// An empty box leaves no elements: sizes that say otherwise, as only a graph's text can, are refused.
    @Test(
        arguments: [
            (.notLarger, [0, 3], [0, 0], true), (.notLarger, [0, 3], [1, 2], false), (.notLarger, [3, -1], [3, 9], true),
            (.notSmaller, [0, 3], [2, 3], true), (.notSmaller, [0, 0], [1, 1], false), (.notSmaller, [0, -1], [0, 9], true),
        ] as [(ResizeAspect, [Int], [Int], Bool)])
    func emptyBoxesLeaveNothing(_ aspect: ResizeAspect, _ box: [Int], _ sizes: [Int], _ isRight: Bool) throws {
        var resize = Resize(sizes: Shape(constants: sizes), mode: .linear)
        (resize.aspect, resize.box) = (aspect, Shape(constants: box))
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [4, 9]))
        let built = Result { try builder.add(resize, [x], name: "r") }
        #expect(((try? built.get()) != nil) == isRight)
        if case .failure(let error) = built { #expect("\(error)".contains("empty box")) }
    }

    /// Nothing lies between no elements: an extent that turns out to be 0 is refused.
    @Test func nothingIsInterpolatedFromNothing() throws {
        let resize = Resize(sizes: [4], mode: .linear)
        #expect(throws: DLCError.self) { try resize.evaluate([Tensor([Float](), shape: [0])]) }
        var builder = GraphBuilder(name: "g")
        try builder.output("y", builder.add(resize, [builder.input("x", TensorType(.float32, [Dim(symbol: "N")]))], name: "r")[0])
        #expect(builder.graph.constraints.contains { $0.left == Dim(symbol: "N") && $0.right == 1 })
    }

    @Test func dropoutInTrainingKeepsAShareAndScalesIt() throws {
        let x = try Tensor([Float](repeating: 3, count: 2000), shape: [4, 500])
        let ratio = try Tensor([0.25] as [Float], shape: [])
        func run(_ isTraining: Bool, _ constants: Set<Int>) throws -> [Double] {
            try Reading(opType: "Dropout", constants: constants).run([x, ratio, Tensor([isTraining], shape: [])]).doubles()
        }
        for constants in [[1, 2], [2], []] as [Set<Int>] {
            let y = try run(true, constants)
            let kept = y.filter { $0 != 0 }
            #expect(kept.allSatisfy { abs($0 - 4) < 1e-6 } && abs(kept.count - 1500) < 100, "\(kept.count)")
            #expect(try run(false, constants) == x.doubles())
        }
    }

    @Test func batchNormInTrainingTakesTheBatch() throws {
        let x = try Tensor.random(seed: 13, shape: [3, 2, 5])
        let vectors = try (14..<18).map { try Tensor.random(seed: $0, shape: [2]) }
        let reading = Reading(opType: "BatchNormalization", attributes: ["training_mode": .int(1), "epsilon": .float(1e-3)])
        let expected = try BatchNormTraining(epsilon: 1e-3).evaluate([x, vectors[0], vectors[1]])[0]
        try expectClose(reading.run([x] + vectors), expected)
    }

    @Test func integerProductsAreExact() throws {
        let a = try Tensor([255, 0, 128, 7, 9, 200] as [UInt8], shape: [2, 3])
        let b = try Tensor([-128, 127, 5, -6, 100, 1] as [Int8], shape: [3, 2])
        let y = try Reading(opType: "MatMulInteger").run([
            a, b, try Tensor([128] as [UInt8], shape: []), try Tensor([3, -4] as [Int8], shape: [2]),
        ])
        let (xs, ys) = (try a.integers().map { $0 - 128 }, try b.integers().enumerated().map { $1 - [3, -4][$0 % 2] })
        var sums: [Int64] = []
        for i in 0..<2 { for j in 0..<2 { sums.append((0..<3).reduce(0) { $0 + xs[i * 3 + $1] * ys[$1 * 2 + j] }) } }
        #expect(try y.integers() == sums)
        #expect(y.type == .int32)
    }

    @Test func attentionWithAPastIsTheEndOfAttentionWithout() throws {
        let (q, k, v) = (
            try Tensor.random(seed: 6, shape: [1, 2, 5, 4]), try Tensor.random(seed: 7, shape: [1, 2, 5, 4]),
            try Tensor.random(seed: 8, shape: [1, 2, 5, 3])
        )
        func rows(_ x: Tensor, _ range: Range<Int64>) throws -> Tensor {
            let indices = try Tensor(range.map { $0 }, shape: [range.count])
            return try #require(try Gather(axis: 2).evaluate([x, indices]).first)
        }
        let reading = Reading(opType: "Attention", opset: 23, attributes: ["is_causal": .int(1)])
        let whole = try reading.run([q, k, v])
        let cached = try reading.run([rows(q, 3..<5), rows(k, 3..<5), rows(v, 3..<5), nil, rows(k, 0..<3), rows(v, 0..<3)])
        try expectClose(cached, rows(whole, 3..<5))
        // A soft cap takes the way of primitive operators; without effect it must change nothing.
        var capped = reading
        capped.attributes["softcap"] = .float(1e4)
        try expectClose(capped.run([q, k, v]), whole, 1e-4)
    }

    @Test(arguments: [1, 2, 5, 8])
    func inverseTransformUndoesTheTransform(_ length: Int) throws {
        let x = try Tensor.random(seed: 9, shape: [3, length, 2])
        let spectrum = try Reading(opType: "DFT", opset: 17).run([x])
        try expectClose(Reading(opType: "DFT", opset: 17, attributes: ["inverse": .int(1)]).run([spectrum]), x)
        let real = try Tensor.random(seed: 10, shape: [3, length, 1])
        let half = try Reading(opType: "DFT", opset: 20, attributes: ["onesided": .int(1)]).run([real])
        let count = try Tensor([Int64(length)], shape: [])
        let back = Reading(opType: "DFT", opset: 20, attributes: ["onesided": .int(1), "inverse": .int(1)], constants: [1])
        try expectClose(back.run([half, count]), real)
    }

    @Test func theIdentityGridGivesTheImage() throws {
        let x = try Tensor.random(seed: 11, shape: [1, 2, 4, 5])
        let theta = try Tensor([1, 0, 0, 0, 1, 0] as [Float], shape: [1, 2, 3])
        let size = try Tensor([1, 2, 4, 5] as [Int64], shape: [4])
        for corners in [0, 1] {
            let align: [String: AttributeValue] = ["align_corners": .int(corners)]
            let grid = try Reading(opType: "AffineGrid", opset: 20, attributes: align, constants: [1]).run([theta, size])
            for mode in ["nearest", "linear", "cubic"] {
                let sampled = try Reading(opType: "GridSample", opset: 20, attributes: align.merging(["mode": .string(mode)]) { $1 }).run([
                    x, grid,
                ])
                try expectClose(sampled, x, 1e-4, "\(mode) \(corners)")
            }
        }
    }

    /// The samples that ONNX Runtime 1.31 gives.
    @Test(arguments: [("zeros", Float(2.8), Float(0)), ("border", 5.6, 8.6), ("reflection", 5.6, 7.1)])
    func placesThatAreNoNumbersAreTheFirstEdge(_ padding: String, _ edge: Float, _ beyond: Float) throws {
        let x = try Tensor((1...12).map { Float($0) }, shape: [1, 1, 3, 4])
        let places: [Float] = [.nan, .infinity, -.infinity, 1e20, -1e20, 1e6]
        let grid = try Tensor(places.flatMap { [$0, 0.1] }, shape: [1, 1, 6, 2])
        let y = try Reading(opType: "GridSample", opset: 20, attributes: ["mode": .string("linear"), "padding_mode": .string(padding)]).run(
            [x, grid])
        try expectClose(y, Tensor([edge, edge, edge, edge, edge, beyond], shape: [1, 1, 1, 6]), 1e-5, "\(padding)")
    }

    /// What PyTorch 2's grid_sample and ONNX Runtime 1.31 give: pixels are folded, points are not.
    @Test(arguments: [
        ("border", [3.7262523, 7.7359977, 11.1028748, 12.46875] as [Float]), ("reflection", [3.6775031, 7.8112464, 11.5464993, 12.9375]),
        ("zeros", [2.1903989, -0.529009, 3.8559079, 3.234375]),
    ])
    func cubicSamplesNearTheEdgeAreThoseOfOthers(_ padding: String, _ expected: [Float]) throws {
        let x = try Tensor((1...12).map { Float($0) }, shape: [1, 1, 3, 4])
        let grid = try Tensor([0.9, -0.8, -1.3, 0.4, 0.2, 1.1, 1, 1] as [Float], shape: [1, 1, 4, 2])
        let y = try Reading(opType: "GridSample", opset: 20, attributes: ["mode": .string("cubic"), "padding_mode": .string(padding)]).run([
            x, grid,
        ])
        try expectClose(y, Tensor(expected, shape: [1, 1, 1, 4]), 1e-5, "\(padding)")
    }

    @Test func unpoolingUndoesPoolingOfDistinctMaxima() throws {
        let x = try Tensor((0..<16).map { Float($0 * 7 % 16 + 1) }, shape: [1, 1, 4, 4])
        let pooled = try Pool(.max, kernel: [2, 2], strides: [2, 2]).evaluate([x])
        let attributes: [String: AttributeValue] = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]
        let y = try Reading(opType: "MaxUnpool", attributes: attributes).run([pooled[0], pooled[1]])
        let again = try Pool(.max, kernel: [2, 2], strides: [2, 2]).evaluate([y])
        try expectClose(again[0], pooled[0])
        #expect(try again[1].integers() == pooled[1].integers())
    }

    @Test(
        arguments: [
            ("Conv", [:], [[1, 3, 8, 8], [4, 64, 3, 3]], "64 input channels"),
            ("Conv", ["pads": .ints([1])], [[1, 3, 8, 8], [4, 3, 3, 3]], "pads"),
            ("Conv", [:], [[1, 3, 2, 2], [4, 3, 3, 3]], "does not fit"),
            ("ConvTranspose", ["output_padding": .ints([.max, 0])], [[1, 3, 2, 2], [3, 4, 3, 3]], "overflows"),
            ("MaxPool", ["kernel_shape": .ints([0, 2])], [[1, 3, 8, 8]], "at least 1"),
            ("AveragePool", ["kernel_shape": .ints([2, 2]), "pads": .ints([0, -1, 0, 0])], [[1, 3, 8, 8]], "at least 0"),
            ("MatMul", [:], [[2, 3], [4, 5]], "3 columns against 4 rows"),
            ("Gemm", [:], [[2, 3], [3, 5], [4]], "c f32[4] broadcasts to [2, 5]"),
            ("Einsum", ["equation": .string("ij,jk->il")], [[2, 3], [3, 4]], "l is in no operand"),
            ("ReduceSum", ["keepdims": .int(1), "axes": .ints([5])], [[2, 3]], "axis 5"),
            ("LSTM", ["hidden_size": .int(4)], [[5, 1, 3], [1, 12, 3], [1, 16, 4]], "w is f32[1, 12, 3]"),
            (
                "LSTM", ["hidden_size": .int(4), "activations": .strings(["Sine"])], [[5, 1, 3], [1, 16, 3], [1, 16, 4]],
                "activation Sine is unknown"
            ),
            ("Upsample", ["scales": .floats([1, 1e30])], [[2, 3]], "too large"),
            ("RotaryEmbedding", ["num_heads": .int(0)], [[1, 2, 8], [4, 2], [4, 2]], "num_heads"),
        ] as [(String, [String: AttributeValue], [[Int]], String)])
    func wrongOperandsAreErrorsThatSayWhatIsWrong(
        _ opType: String, _ attributes: [String: AttributeValue], _ shapes: [[Int]], _ part: String
    ) throws {
        let operands = try shapes.map { try Tensor.random(seed: 12, shape: $0) }
        let error = #expect(throws: DLCError.self) { _ = try Reading(opType: opType, opset: 9, attributes: attributes).graph(operands) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
}
