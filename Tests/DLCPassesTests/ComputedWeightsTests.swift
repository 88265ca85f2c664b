import CKernels
import DLC
import Testing

/// Weights that are inputs of the model, or computed in it, against the operators' oracle: on every target that this processor
/// runs, with fixed extents and with every extent of the first operand but its channels open.
@Suite struct ComputedWeightsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let op: any Operator
        let operands: [Tensor?]
        /// Axes of the operands whose extents are symbols in the open form.
        let open: [Int: [Int]]
        let isOpen: Bool
        let target: Target
        var testDescription: String { "\(name), \(isOpen ? "open" : "fixed"), \(target.name)" }
    }

    static func conv(
        _ name: String, _ x: [Int], _ w: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, pad: Int = 0, group: Int = 1,
        bias: Bool = false, type: ElementType = .float32
    ) throws -> (String, any Operator, [Tensor?], [Int: [Int]]) {
        let spatial = x.count - 2
        let op = Conv(
            strides: strides ?? [Int](repeating: 1, count: spatial), dilations: dilations,
            pads: [Dim](repeating: Dim(pad), count: 2 * spatial), group: group)
        var operands: [Tensor?] = [try .random(seed: 1, type: type, shape: x), try .random(seed: 2, type: type, shape: w)]
        if bias { operands.append(try .random(seed: 3, type: type, shape: [w[0]])) }
        return (name, op, operands, [0: [0] + Array(2..<x.count)])
    }

    static func transposed(
        _ name: String, _ x: [Int], _ w: [Int], strides: [Int], pad: Int = 0, group: Int = 1, type: ElementType = .float32
    ) throws -> (String, any Operator, [Tensor?], [Int: [Int]]) {
        let op = ConvTranspose(strides: strides, pads: [Dim](repeating: Dim(pad), count: 2 * (x.count - 2)), group: group)
        return (
            name, op, [try .random(seed: 1, type: type, shape: x), try .random(seed: 2, type: type, shape: w)],
            [0: [0] + Array(2..<x.count)]
        )
    }

    static func product(_ name: String, _ op: any Operator, _ a: [Int], _ b: [Int], open: [Int: [Int]], type: ElementType = .float32) throws
        -> (String, any Operator, [Tensor?], [Int: [Int]])
    {
        (name, op, [try .random(seed: 1, type: type, shape: a), try .random(seed: 2, type: type, shape: b)], open)
    }

    static func recurrent(_ kind: RecurrentKind) throws -> [(String, any Operator, [Tensor?], [Int: [Int]])] {
        try Recurrent(kind).definition.examples().map { ("\(kind.rawValue) \($0.name)", $0.op, $0.operands, [0: [0, 1], 4: [0], 5: [1]]) }
    }

    static func all() throws -> [(String, any Operator, [Tensor?], [Int: [Int]])] {
        var scaled = Gemm()
        (scaled.transA, scaled.transB, scaled.alpha) = (true, true, 0.5)
        var list = [
            try conv("conv 3x3", [2, 5, 9, 8], [7, 5, 3, 3], pad: 1, bias: true),
            try conv("conv 3x3, large enough for Winograd", [1, 64, 28, 28], [64, 64, 3, 3], pad: 1),
            try conv("conv 3x3x3, large enough for Winograd", [1, 32, 5, 14, 14], [32, 32, 3, 3, 3], pad: 1),
            try conv("conv 3x3, stride 2", [1, 16, 20, 20], [24, 16, 3, 3], strides: [2, 2], pad: 1),
            try conv("conv few channels", [1, 3, 20, 22], [20, 3, 7, 7], strides: [2, 2], pad: 3),
            try conv("conv 1x1", [1, 20, 6, 7], [33, 20, 1, 1]),
            try conv("conv groups, dilated", [1, 6, 9, 9], [9, 2, 3, 2], dilations: [2, 1], pad: 1, group: 3),
            try conv("conv groups of four", [1, 8, 9, 9], [8, 4, 3, 3], pad: 1, group: 2, bias: true),
            try conv("conv depthwise", [2, 8, 7, 7], [8, 1, 3, 3], pad: 1, group: 8),
            try conv("conv depthwise, multiplied", [1, 4, 7, 7], [8, 1, 5, 5], pad: 2, group: 4, bias: true),
            try conv("conv without inputs", [1, 0, 6, 7], [5, 0, 3, 3], pad: 1, bias: true),
            try conv("conv without outputs", [1, 3, 6, 7], [0, 3, 3, 3], pad: 1),
            try conv("conv without images", [0, 3, 6, 7], [4, 3, 3, 3], pad: 1),
            try conv("conv 1-D", [2, 4, 17], [5, 4, 3], strides: [2], pad: 1),
            try conv("conv 3-D", [1, 3, 5, 6, 7], [4, 3, 2, 3, 3], strides: [1, 2, 1], pad: 1),
            try conv("conv of planes", [1, 8, 3, 12, 12], [8, 8, 1, 3, 3]),
            try conv("conv f64", [1, 3, 6, 6], [4, 3, 3, 3], pad: 1, type: .float64),
            try conv("conv f16", [1, 3, 6, 6], [4, 3, 3, 3], pad: 1, type: .float16),
            try transposed("transposed", [2, 5, 6, 7], [5, 9, 3, 3], strides: [2, 2], pad: 1),
            try transposed("transposed groups", [1, 6, 5, 5], [6, 4, 2, 3], strides: [3, 1], group: 2),
            try transposed("transposed 1-D", [1, 3, 9], [3, 20, 4], strides: [3]),
            try transposed("transposed 3-D", [1, 2, 3, 4, 5], [2, 3, 3, 2, 2], strides: [2, 2, 1]),
            try transposed("transposed without inputs", [1, 0, 4, 4], [0, 5, 3, 3], strides: [2, 1]),
            try transposed("transposed f64", [1, 3, 4, 4], [3, 2, 3, 3], strides: [2, 1], type: .float64),
            try product("matmul", MatMul(), [5, 40], [40, 70], open: [0: [0], 1: [1]]),
            try product("matmul rows", MatMul(), [2, 40, 30], [30, 70], open: [0: [0, 1], 1: [1]]),
            try product("matmul batches", MatMul(), [2, 3, 9, 10], [3, 10, 33], open: [0: [0, 2], 1: [2]]),
            try product("matmul of nothing", MatMul(), [5, 0], [0, 70], open: [0: [0], 1: [1]]),
            try product("matmul without columns", MatMul(), [5, 40], [40, 0], open: [0: [0]]),
            try product("matmul vector", MatMul(), [40], [40, 70], open: [1: [1]]),
            try product("matmul one column", MatMul(), [5, 40], [40, 1], open: [0: [0]]),
            try product("gemm transposed", scaled, [40, 21], [70, 40], open: [0: [1], 1: [0]]),
            try product("matmul f64", MatMul(), [5, 9], [9, 7], open: [0: [0], 1: [1]], type: .float64),
        ]
        for kind in RecurrentKind.allCases { list += try recurrent(kind) }
        return list
    }

    static let cases: [Case] = ((try? all()) ?? []).flatMap { name, op, operands, open in
        [false, true].flatMap { isOpen in
            Target.allCases.filter(\.runsHere).map { Case(name: name, op: op, operands: operands, open: open, isOpen: isOpen, target: $0) }
        }
    }

    @Test func thereAreCases() throws { #expect(try Self.all().count > 30 && Self.cases.count > 60) }

    @Test(arguments: cases) func inputsAsWeights(_ item: Case) throws {
        var builder = GraphBuilder(name: "computed")
        var inputs: [String: Tensor] = [:]
        var operands: [Value?] = []
        for (index, operand) in item.operands.enumerated() {
            guard let operand else {
                operands.append(nil)
                continue
            }
            var shape = Shape(constants: operand.shape)
            // Extents that are equal have one symbol, as the same batch in several operands has.
            if item.isOpen { for axis in item.open[index] ?? [] { shape[axis] = Dim(symbol: "e\(operand.shape[axis])") } }
            inputs["i\(index)"] = operand
            operands.append(try builder.input("i\(index)", TensorType(operand.type, shape)))
        }
        let results = try builder.add(item.op, operands)
        for (index, result) in results.enumerated() { try builder.output("y\(index)", result) }
        let image = try Compiler.compile(builder.graph, CompileOptions(target: item.target))
        let computed = try Session(CompiledModel(image), threads: 2).run(inputs)
        let expected = try item.op.evaluate(item.operands)
        for (index, want) in expected.prefix(results.count).enumerated() { try expectClose(try #require(computed["y\(index)"]), want) }
    }

    /// Channels that only weights know: packed sizes are expressions.
    @Test(arguments: Target.allCases.filter(\.runsHere)) func openChannels(_ target: Target) throws {
        var builder = GraphBuilder(name: "channels")
        let x = try builder.input("x", TensorType(.float32, ["N", "C", "H", "W"].map { Dim(symbol: $0) }))
        let w = try builder.input("w", TensorType(.float32, [Dim(symbol: "O"), Dim(symbol: "C"), 3, 3]))
        let v = try builder.input("v", TensorType(.float32, [Dim(symbol: "O"), Dim(symbol: "P"), 2, 2]))
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1])
        let y = try builder.add1(conv, [x, w])
        let transposed = ConvTranspose(strides: [2, 2], pads: [0, 0, 0, 0])
        try builder.output("y", try builder.add1(transposed, [y, v]))
        let session = try Session(CompiledModel(Compiler.compile(builder.graph, CompileOptions(target: target))), threads: 2)
        for (n, c, o, p, size) in [(1, 3, 20, 33, 6), (2, 17, 4, 1, 5), (1, 1, 1, 1, 1), (3, 64, 70, 5, 9)] {
            let (x, w) = (try Tensor.random(seed: 1, shape: [n, c, size, size + 1]), try Tensor.random(seed: 2, shape: [o, c, 3, 3]))
            let v = try Tensor.random(seed: 3, shape: [o, p, 2, 2])
            let want = try transposed.evaluate([conv.evaluate([x, w])[0], v])[0]
            try expectClose(try #require(try session.run(["x": x, "w": w, "v": v])["y"]), want)
        }
    }

    /// Weights turned and exchanged, as the gradient of a convolution by its input has them, are packed as they lie.
    @Test(arguments: Target.allCases.filter(\.runsHere)) func turnedWeights(_ target: Target) throws {
        let (x, w) = (try Tensor.random(seed: 1, shape: [1, 9, 8, 8]), try Tensor.random(seed: 2, shape: [9, 21, 3, 3]))
        var builder = GraphBuilder(name: "turned")
        let image = try builder.input("x", TensorType(.float32, Shape(constants: x.shape)))
        let weights = try builder.input("w", TensorType(.float32, Shape(constants: w.shape)))
        let turned = try builder.add1(Slice(starts: [0, 0, 2, 2], sizes: [9, 21, 3, 3], steps: [1, 1, -1, -1]), [weights])
        let exchanged = try builder.add1(Transpose([1, 0, 2, 3]), [turned])
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1])
        try builder.output("y", try builder.add1(conv, [image, exchanged]))
        let plan = try Compiler.compile(builder.graph, CompileOptions(target: target))
        #expect(!plan.plan.steps.contains { step in step.kernel is CopyKernel && step.results[0]?.shape.product(or: 0) == 9 * 21 * 9 })
        let got = try #require(try Session(CompiledModel(plan), threads: 2).run(["x": x, "w": w])["y"])
        // The transposed convolution with the weights as they are.
        let want = try ConvTranspose(strides: [1, 1], pads: [1, 1, 1, 1]).evaluate([x, w])[0]
        try expectClose(got, want)
    }

    /// The same layers with constant weights give the same bits: one packing serves both.
    @Test(arguments: Target.allCases.filter(\.runsHere)) func constantsGiveTheSameBits(_ target: Target) throws {
        for (name, op, operands, _) in try Self.all() {
            guard let x = operands[0], x.type == .float32, !(op is MatMul || op is Gemm) else { continue }
            var bits: [[[UInt8]]] = []
            for isConstant in [false, true] {
                var builder = GraphBuilder(name: "bits")
                var inputs = ["i0": x]
                var values: [Value?] = [try builder.input("i0", TensorType(x.type, Shape(constants: x.shape)))]
                for (index, operand) in operands.enumerated().dropFirst() {
                    guard let operand else {
                        values.append(nil)
                        continue
                    }
                    if isConstant {
                        values.append(builder.constant(operand))
                    } else {
                        inputs["i\(index)"] = operand
                        values.append(try builder.input("i\(index)", TensorType(operand.type, Shape(constants: operand.shape))))
                    }
                }
                try builder.output("y", try builder.add(op, values)[0])
                var options = CompileOptions(target: target)
                options.exact = true
                let result = try Session(CompiledModel(Compiler.compile(builder.graph, options)), threads: 2).run(inputs)
                bits.append([try #require(result["y"]).withUnsafeBytes { Array($0) }])
            }
            #expect(bits[0] == bits[1], "\(name)")
        }
    }

    @Test func weightsOfTwoLayersArePackedOnce() throws {
        var builder = GraphBuilder(name: "shared")
        let w = try builder.input("w", TensorType(.float32, [16, 16, 3, 3]))
        let constant = builder.constant(try Tensor.random(seed: 1, shape: [16, 16, 3, 3]))
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1])
        var x = try builder.input("x", TensorType(.float32, [1, 16, 8, 8]))
        for _ in 0..<2 { x = try builder.add1(conv, [x, w]) }
        for _ in 0..<2 { x = try builder.add1(conv, [x, constant]) }
        try builder.output("y", x)
        var options = CompileOptions()
        options.exact = true
        let image = try Compiler.compile(builder.graph, options)
        #expect(image.plan.steps.count { $0.kernel is PackKernel } == 1)
        #expect(image.constants.count == 1)
    }

    /// The expressions of packed sizes, evaluated, are what the kernel says for those extents.
    @Test(arguments: Target.allCases) func sizesOfOpenExtents(_ target: Target) throws {
        let forms = [
            DLC_PACK_PANELS, DLC_PACK_PHASES, DLC_PACK_WINOGRAD_2, DLC_PACK_WINOGRAD_4, DLC_PACK_WINOGRAD_STRIDED, DLC_PACK_CHANNELS,
        ]
        for form in forms {
            let isWinograd = [DLC_PACK_WINOGRAD_2, DLC_PACK_WINOGRAD_4, DLC_PACK_WINOGRAD_STRIDED].contains(form)
            let packing = PackKernel(form, kernel: isWinograd ? [2, 3, 3] : [2, 1, 4], stride: [1, 2, 3])
            for (outputs, inputs) in [(1, 1), (16, 5), (33, 7), (0, 3), (70, 0), (130, 64)] {
                let extents = form == DLC_PACK_CHANNELS ? [max(1, outputs), 2, 1] : [1, outputs, inputs]
                let open = try packing.bytes(extents.map { Dim(symbol: "e\($0)") }, isa: target.isa)
                let bindings = Dictionary(extents.map { ("e\($0)", $0) }, uniquingKeysWith: { first, _ in first })
                #expect(
                    try open.evaluate(bindings) == packing.bytes(Shape(constants: extents), isa: target.isa).constant, "\(form) \(extents)")
            }
        }
    }

    private func expectClose(_ got: Tensor, _ want: Tensor) throws {
        #expect(got.type == want.type && got.shape == want.shape)
        let tolerance: Double =
            switch want.type {
            case .float16: 4e-3;
            case .float64: 1e-6;
            default: 2e-5
            }
        let largest = try want.doubles().filter(\.isFinite).map(abs).max() ?? 0
        for (a, b) in zip(try got.doubles(), try want.doubles()) {
            let isEqual = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, largest)
            #expect(isEqual, "\(a) instead of \(b)")
            if !isEqual { return }
        }
    }
}

extension Array where Element == Dim {
    /// The number of elements, or `standard` where it is open.
    fileprivate func product(or standard: Int) -> Int { (try? product().constant).flatMap { $0 } ?? standard }
}
