import DLC
import DLCOps
import Testing

/// Quantized layers compute on integers, and their weights stay one byte each in the plan.
@Suite struct IntegerLayersTests {
    private static func scalar(_ x: Float) throws -> Tensor { try Tensor([x], shape: []) }

    /// quantize(relu(conv(dequantize(x), dequantize(w), bias))), 12 → 24 channels, with scales of channels.
    private static func block(kernel: Int, groups: Int = 1) throws -> Graph {
        var builder = GraphBuilder(name: "block")
        let x = try builder.input("x", TensorType(.uint8, [1, 12, 9, 8]))
        let scale = try builder.constant(scalar(0.02)), zero = try builder.constant(Tensor([117] as [UInt8], shape: []))
        let scales = try Tensor((0..<24).map { 0.001 * Float($0 + 1) }, shape: [24])
        let w = try builder.constant(Tensor.random(seed: 1, type: .int8, shape: [24, 12 / groups, kernel, kernel]))
        let real = try builder.add1(DequantizeLinear(), [x, scale, zero])
        let weights = try builder.add1(
            DequantizeLinear(axis: 0), [w, builder.constant(scales), builder.constant(Tensor(filling: 0, type: .int8, shape: [24]))])
        let pad = Dim(kernel / 2)
        let conv = try builder.add1(
            Conv(strides: [1, 1], pads: [pad, pad, pad, pad], group: groups),
            [real, weights, builder.constant(Tensor.random(seed: 2, shape: [24]))])
        let y = try builder.add1(
            QuantizeLinear(to: .uint8), [builder.add1(Clip(min: 0, max: 6), [conv]), builder.constant(scalar(0.03)), zero])
        try builder.output("y", y)
        return builder.graph
    }

    private static func session(_ graph: Graph, _ target: Target, exact: Bool = false) throws -> (
        kernels: Set<String>, bytes: Int, session: Session
    ) {
        var options = CompileOptions(target: target)
        (options.exact, options.passes.isStrict) = (exact, true)
        let model = try CompiledModel(Compiler.compile(graph, options))
        return (Set(model.plan.steps.map(\.kernelName)), model.plan.constants.reduce(0) { $0 + $1.bytes }, try Session(model, threads: 2))
    }

    @Test(arguments: [(1, 1), (3, 1), (3, 12), (3, 4)]) func quantizedConvolutionsComputeOnIntegers(_ kernel: Int, _ groups: Int) throws {
        let graph = try Self.block(kernel: kernel, groups: groups)
        let x = try Tensor.random(seed: 3, type: .uint8, shape: [1, 12, 9, 8])
        let want = try #require(Interpreter.run(graph, ["x": x])["y"]).integers()
        for target in Target.allCases.filter(\.runsHere) {
            let (kernels, _, session) = try Self.session(graph, target)
            #expect(kernels.subtracting(["copy"]) == ["integer_conv"])
            let got = try #require(session.run(["x": x])["y"]).integers()
            #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1 })
            #expect(Set(want).count > 10)
        }
        #expect(try Self.session(graph, .native, exact: true).kernels.contains("conv"))
    }

    @Test(arguments: [false, true]) func quantizedProductsComputeOnIntegers(_ isTransposed: Bool) throws {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.int8, [5, 33]))
        let (s, z) = (try builder.constant(Self.scalar(0.02)), try builder.constant(Tensor([-7] as [Int8], shape: [])))
        let w = try builder.constant(Tensor.random(seed: 1, type: .uint8, shape: isTransposed ? [20, 33] : [33, 20]))
        let scales = try builder.constant(Tensor((0..<20).map { 0.01 * Float($0 + 1) }, shape: [20]))
        let zeros = try builder.constant(Tensor((0..<20).map { UInt8(110 + $0) }, shape: [20]))
        var op = Gemm()
        (op.transB, op.beta) = (isTransposed, 0.5)
        let weights = try builder.add1(DequantizeLinear(axis: isTransposed ? 0 : 1), [w, scales, zeros])
        try builder.output(
            "y",
            builder.add1(
                op, [builder.add1(DequantizeLinear(), [x, s, z]), weights, builder.constant(Tensor.random(seed: 2, shape: [20]))]))
        let input = try Tensor.random(seed: 3, type: .int8, shape: [5, 33])
        let want = try #require(Interpreter.run(builder.graph, ["x": input])["y"]).doubles()
        let (kernels, _, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        let got = try #require(session.run(["x": input])["y"]).doubles()
        #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1e-5 * 300 })
    }

    /// 96 × 256 weights.
    @Test(arguments: [ElementType.int8, .uint8]) func integerWeightsStayOneByteInThePlan(_ type: ElementType) throws {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.uint8, [Dim(symbol: "N"), 96]))
        let w = try builder.constant(Tensor.random(seed: 1, type: type, shape: [96, 256]))
        try builder.output("y", builder.add1(IntegerProduct(), [x, w, builder.constant(Tensor([128] as [UInt8], shape: []))]))
        let (kernels, bytes, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        #expect(bytes >= 96 * 256 && bytes < 96 * 256 + 256 * 4 + 512)
        for rows in [0, 1, 7, 100] {
            let a = try Tensor.random(seed: 5, type: .uint8, shape: [rows, 96])
            #expect(try session.run(["x": a])["y"] == Interpreter.run(builder.graph, ["x": a])["y"])
        }
    }

    /// All values of 8 bits in some order.
    private static func bytes(_ type: ElementType, _ shape: [Int], step: Int = 7) throws -> Tensor {
        let least = type == .int8 ? -128 : 0
        return try Tensor(integers: (0..<shape.reduce(1, *)).map { Int64($0 * step % 256 + least) }, type: type, shape: shape)
    }

    /// quantize(limit(conv(x) + dequantize(a))), 12 → 24 channels, where the convolution was quantized or was not.
    private static func addition(quantized: Bool, groups: Int, addend: ElementType, limited: Bool, channels: Dim = 24) throws -> Graph {
        var builder = GraphBuilder(name: "addition")
        let x = try builder.input("x", TensorType(.uint8, [Dim(symbol: "N"), 12, 6, 5]))
        let a = try builder.input("a", TensorType(addend, [Dim(symbol: "N"), channels, 6, 5]))
        func number(_ value: Float) throws -> Value { try builder.constant(scalar(value)) }
        func zero(_ type: ElementType, _ value: Int64) throws -> Value {
            builder.constant(try Tensor(integers: [value], type: type, shape: []))
        }
        let w = try builder.constant(Tensor.random(seed: 1, type: .int8, shape: [24, 12 / groups, 3, 3]))
        let scales = try builder.constant(Tensor((0..<24).map { 0.001 * Float($0 + 1) }, shape: [24]))
        let none = try builder.constant(Tensor(filling: 0, type: .int8, shape: [24]))
        let weights = try builder.add1(DequantizeLinear(axis: 0), [w, scales, none])
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: groups)
        var y = try builder.add1(conv, [builder.add1(DequantizeLinear(), [x, number(0.02), zero(.uint8, 117)]), weights])
        if quantized {
            let (step, middle) = (try number(0.04), try zero(.int8, -9))
            y = try builder.add1(DequantizeLinear(), [builder.add1(QuantizeLinear(to: .int8), [y, step, middle]), step, middle])
        }
        y = try builder.add1(Binary(.add), [builder.add1(DequantizeLinear(), [a, number(0.03), zero(addend, 7)]), y])
        if limited { y = try builder.add1(Unary(.relu), [y]) }
        try builder.output("y", builder.add1(QuantizeLinear(to: .uint8), [y, number(0.05), zero(.uint8, 30)]))
        return builder.graph
    }

    @Test(arguments: [(true, 1, ElementType.uint8), (true, 3, .int8), (false, 1, .int8), (false, 3, .uint8)], [false, true])
    func additionsOfQuantizedTensorsJoinTheirLayer(_ layer: (Bool, Int, ElementType), _ limited: Bool) throws {
        let graph = try Self.addition(quantized: layer.0, groups: layer.1, addend: layer.2, limited: limited)
        for target in Target.allCases.filter(\.runsHere) {
            let (kernels, _, session) = try Self.session(graph, target)
            #expect(kernels.subtracting(["copy"]) == ["integer_conv"])
            for count in [0, 1, 2] {
                let inputs = [
                    "x": try Self.bytes(.uint8, [count, 12, 6, 5]),
                    "a": try Self.bytes(layer.2, [count, 24, 6, 5], step: 11),
                ]
                let want = try #require(Interpreter.run(graph, inputs)["y"]).integers()
                let got = try #require(session.run(inputs)["y"]).integers()
                #expect(got.count == want.count && zip(got, want).allSatisfy { abs($0 - $1) <= 1 })
                // Rounding differs next to the middle between two integers alone.
                #expect(zip(got, want).filter { $0 != $1 }.count <= want.count / 100)
                #expect(count == 0 || Set(want).count > 50)
            }
        }
    }

    /// One that is broadcast is no addend, nor has the kernel of single channels one.
    @Test func otherAdditionsStayOutside() throws {
        for graph in [
            try Self.addition(quantized: true, groups: 1, addend: .uint8, limited: true, channels: 1),
            try Self.addition(quantized: true, groups: 12, addend: .uint8, limited: true),
        ] {
            let (kernels, _, session) = try Self.session(graph, .native)
            #expect(kernels.isSuperset(of: ["integer_conv", "elementwise"]))
            var inputs: [String: Tensor] = [:]
            for port in graph.inputs {
                let shape = try graph.shape(port.value).map { try $0.evaluate(["N": 2]) }
                inputs[port.name] = try Self.bytes(.uint8, shape)
            }
            let want = try #require(Interpreter.run(graph, inputs)["y"]).integers()
            let got = try #require(session.run(inputs)["y"]).integers()
            #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1 })
        }
    }

    /// dequantize(quantize(a · b)) + dequantize(c), quantized, of batches that share a matrix.
    @Test func additionsJoinProducts() throws {
        var builder = GraphBuilder(name: "product")
        let a = try builder.input("a", TensorType(.uint8, [3, Dim(symbol: "T"), 20]))
        let c = try builder.input("c", TensorType(.uint8, [3, Dim(symbol: "T"), 40]))
        let (s, z) = (try builder.constant(Self.scalar(0.02)), try builder.constant(Tensor([100] as [UInt8], shape: [])))
        let w = try builder.constant(Tensor.random(seed: 1, type: .uint8, shape: [20, 40]))
        func real(_ value: Value) throws -> Value { try builder.add1(DequantizeLinear(), [value, s, z]) }
        let product = try builder.add1(MatMul(), [real(a), real(w)])
        let sum = try builder.add1(Binary(.add), [real(builder.add1(QuantizeLinear(to: .uint8), [product, s, z])), real(c)])
        try builder.output("y", builder.add1(QuantizeLinear(to: .uint8), [sum, s, z]))
        let (kernels, _, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        for length in [0, 1, 9] {
            let inputs = [
                "a": try Self.bytes(.uint8, [3, length, 20]),
                "c": try Self.bytes(.uint8, [3, length, 40], step: 11),
            ]
            let want = try #require(Interpreter.run(builder.graph, inputs)["y"]).integers()
            #expect(try zip(#require(session.run(inputs)["y"]).integers(), want).allSatisfy { abs($0 - $1) <= 1 })
        }
    }

    /// quantize(limit(dequantize(quantize(conv(x))) + bias)), 12 → 24 channels, in whatever order the operands are; the kernel of single
    /// channels adds nothing, nor does a bias join that is no number.
    @Test(arguments: [(1, false), (3, false), (12, false), (1, true)], [false, true])
    func biasesOfQuantizedTensorsJoinTheirLayer(_ layer: (groups: Int, isInfinite: Bool), _ limited: Bool) throws {
        var builder = GraphBuilder(name: "bias")
        let x = try builder.input("x", TensorType(.uint8, [Dim(symbol: "N"), 12, Dim(symbol: "H"), 5]))
        func number(_ value: Float) throws -> Value { try builder.constant(Self.scalar(value)) }
        let zero = builder.constant(try Tensor([117] as [UInt8], shape: []))
        let middle = builder.constant(try Tensor([-9] as [Int8], shape: []))
        let w = try builder.constant(Tensor.random(seed: 1, type: .int8, shape: [24, 12 / layer.groups, 3, 3]))
        let scales = try builder.constant(Tensor((0..<24).map { 0.001 * Float($0 + 1) }, shape: [24]))
        let none = builder.constant(try Tensor(filling: 0, type: .int8, shape: [24]))
        let weights = try builder.add1(DequantizeLinear(axis: 0), [w, scales, none])
        let conv = try builder.add1(
            Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: layer.groups),
            [builder.add1(DequantizeLinear(), [x, number(0.02), zero]), weights])
        let step = try number(0.04)
        let real = try builder.add1(DequantizeLinear(), [builder.add1(QuantizeLinear(to: .int8), [conv, step, middle]), step, middle])
        let biases = (0..<24).map { layer.isInfinite && $0 == 7 ? Float.infinity : 0.13 * Float($0) - 1 }
        let bias = try builder.constant(Tensor(biases, shape: [24, 1, 1]))
        var y = try builder.add1(Binary(.add), limited ? [bias, real] : [real, bias])
        if limited { y = try builder.add1(Unary(.relu), [y]) }
        try builder.output("y", builder.add1(QuantizeLinear(to: .uint8), [y, number(0.05), zero]))
        for target in Target.allCases.filter(\.runsHere) {
            let (kernels, _, session) = try Self.session(builder.graph, target)
            let joins = layer.groups != 12 && !layer.isInfinite
            #expect(joins ? kernels.subtracting(["copy"]) == ["integer_conv"] : kernels.contains("elementwise"))
            for (count, height) in [(0, 4), (1, 1), (2, 24)] {
                let input = ["x": try Self.bytes(.uint8, [count, 12, height, 5])]
                let want = try #require(Interpreter.run(builder.graph, input)["y"]).integers()
                let got = try #require(session.run(input)["y"]).integers()
                #expect(got.count == want.count && zip(got, want).allSatisfy { abs($0 - $1) <= 1 })
                #expect(zip(got, want).filter { $0 != $1 }.count <= want.count / 100)
            }
        }
    }

    /// Also after products of batches that share a matrix, whose rows have an open extent.
    @Test func biasesJoinProducts() throws {
        var builder = GraphBuilder(name: "product")
        let a = try builder.input("a", TensorType(.uint8, [3, Dim(symbol: "T"), 20]))
        let (s, z) = (try builder.constant(Self.scalar(0.02)), try builder.constant(Tensor([100] as [UInt8], shape: [])))
        func real(_ value: Value) throws -> Value { try builder.add1(DequantizeLinear(), [value, s, z]) }
        let w = try builder.constant(Tensor.random(seed: 1, type: .uint8, shape: [20, 40]))
        let product = try builder.add1(MatMul(), [real(a), real(w)])
        let bias = try builder.constant(Tensor.random(seed: 2, shape: [40]))
        let sum = try builder.add1(Binary(.add), [bias, real(builder.add1(QuantizeLinear(to: .uint8), [product, s, z]))])
        try builder.output("y", builder.add1(QuantizeLinear(to: .uint8), [sum, s, z]))
        let (kernels, _, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        for length in [0, 1, 40] {
            let input = ["a": try Self.bytes(.uint8, [3, length, 20])]
            let want = try #require(Interpreter.run(builder.graph, input)["y"]).integers()
            #expect(try zip(#require(session.run(input)["y"]).integers(), want).allSatisfy { abs($0 - $1) <= 1 })
        }
    }

    /// A sum of 0 stays 0 where scales divided by the step of the result are beyond f32.
    @Test func quotientsOfScalesAreNumbers() throws {
        var builder = GraphBuilder(name: "quotient")
        let x = try builder.input("x", TensorType(.uint8, [2, 20]))
        func number(_ value: Float) throws -> Value { try builder.constant(Self.scalar(value)) }
        let zero = builder.constant(try Tensor([100] as [UInt8], shape: []))
        let w = try builder.constant(Tensor.random(seed: 1, type: .uint8, shape: [20, 24]))
        let real = try [x, w].map { try builder.add1(DequantizeLinear(), [$0, number(1e15), zero]) }
        let step = try number(1e-20)
        let product = try builder.add1(MatMul(), real)
        try builder.output("y", builder.add1(QuantizeLinear(to: .uint8), [product, step, zero]))
        let session = try Self.session(builder.graph, .native).session
        let y = try session.run(["x": Tensor(filling: 100, type: .uint8, shape: [2, 20])])["y"]
        #expect(try #require(y).integers().allSatisfy { $0 == 100 })
    }

    /// GELU as exporters spell it and ONNX Runtime quantizes it: some forty operators, two regions of bytes, also where others read
    /// inside of them.
    @Test(arguments: [false, true]) func functionsOfBytesAreTheirOwnRegions(_ isShared: Bool) throws {
        var builder = GraphBuilder(name: "gelu")
        let x = try builder.input("x", TensorType(.uint8, [Dim(symbol: "N"), 300]))
        func number(_ value: Float) throws -> Value { try builder.constant(Self.scalar(value)) }
        func quantized(_ value: Value, _ scale: Float, _ zero: UInt8) throws -> Value {
            let (s, z) = (try number(scale), try builder.constant(Tensor([zero], shape: [])))
            return try builder.add1(DequantizeLinear(), [builder.add1(QuantizeLinear(to: .uint8), [value, s, z]), s, z])
        }
        let real = try builder.add1(DequantizeLinear(), [x, number(0.03), builder.constant(Tensor([130] as [UInt8], shape: []))])
        let erf = try quantized(builder.add1(Unary(.erf), [builder.add1(Binary(.div), [real, number(1.41421356)])]), 0.0078, 128)
        let gate = try quantized(builder.add1(Binary(.add), [erf, number(1)]), 0.0079, 0)
        let product = try quantized(builder.add1(Binary(.mul), [real, gate]), 0.03, 12)
        let (s, z) = (try number(0.015), try builder.constant(Tensor([12] as [UInt8], shape: [])))
        let y = try builder.add1(QuantizeLinear(to: .uint8), [builder.add1(Binary(.mul), [product, number(0.5)]), s, z])
        try builder.output("y", y)
        if isShared { try builder.output("z", builder.add1(Binary(.add), [builder.add1(DequantizeLinear(), [y, s, z]), real])) }
        for exact in [false, true] {
            var options = CompileOptions(target: .native)
            (options.exact, options.passes.isStrict) = (exact, true)
            let model = try CompiledModel(Compiler.compile(builder.graph, options))
            let functions = model.plan.steps.filter { $0.results.allSatisfy { $0?.type == .uint8 } }
            // The last one is short: where others read its result, it is computed with them.
            #expect(functions.map(\.kernelName) == [String](repeating: "elementwise", count: isShared ? 1 : 2))
            #expect(isShared || model.plan.steps.count == 2)
            let session = try Session(model, threads: 2)
            for rows in [0, 1, 40] {
                let input = ["x": try Self.bytes(.uint8, [rows, 300])]
                let want = try Interpreter.run(builder.graph, input), got = try session.run(input)
                let pairs = try zip(#require(got["y"]).integers(), #require(want["y"]).integers())
                #expect(pairs.allSatisfy { abs($0 - $1) <= 1 })
                guard let z = got["z"] else { continue }
                #expect(try zip(z.doubles(), #require(want["z"]).doubles()).allSatisfy { abs($0 - $1) <= 0.016 })
            }
        }
    }
}
