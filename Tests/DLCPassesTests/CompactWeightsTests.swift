import DLC
import DLCOps
import Synchronization
import Testing

/// Products whose constant matrices are kept in few bits.
@Suite struct CompactWeightsTests {
    /// `[N, 96]` times 96 × 130, plus a bias, through a ReLU; then times the same matrix transposed.
    private static func network(_ weights: Tensor) throws -> Graph {
        var builder = GraphBuilder(name: "network")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 96]))
        let w = builder.constant(weights)
        var gemm = Gemm()
        let y = try builder.add1(gemm, [x, w, builder.constant(Tensor.random(seed: 2, shape: [130]))], name: "up")
        gemm.transB = true
        try builder.output("y", builder.add1(gemm, [builder.add1(Unary(.relu), [y]), w], name: "down"))
        return builder.graph
    }

    private static func compiled(_ graph: Graph, _ form: CompactWeights.Form?, _ target: Target = .native) throws -> CompiledModel {
        var options = CompileOptions(target: target)
        options.weights = form.map { CompactWeights($0) }
        options.passes.isStrict = true
        return try CompiledModel(Compiler.compile(graph, options))
    }

    private static func bytes(_ model: CompiledModel) -> Int { model.plan.constants.reduce(0) { $0 + $1.bytes } }

    @Test(arguments: CompactWeights.Form.allCases) func productsAreNearlyThoseOfTheWeights(_ form: CompactWeights.Form) throws {
        let graph = try Self.network(Tensor.random(seed: 1, shape: [96, 130]))
        let bounds: [CompactWeights.Form: Double] = [.float16: 1e-6, .bfloat16: 2e-5, .int8: 1e-4, .int4: 3e-2]
        let bound = try #require(bounds[form])
        for target in Target.allCases.filter(\.runsHere) {
            let session = try Session(Self.compiled(graph, form, target), threads: 2)
            for rows in [0, 1, 7, 40] {
                let x = try Tensor.random(seed: 5, shape: [rows, 96])
                let want = try #require(Interpreter.run(graph, ["x": x])["y"]).doubles()
                let got = try #require(session.run(["x": x])["y"]).doubles()
                let noise = zip(want, got).map { ($0 - $1) * ($0 - $1) }.reduce(0.0, +)
                let signal = want.map { $0 * $0 }.reduce(0.0, +)
                #expect(noise <= bound * signal, "\(target.name), \(rows) rows")
                #expect(rows == 0 || noise > 0)
            }
        }
    }

    @Test func thePlanShrinksAsTheyDo() throws {
        let graph = try Self.network(Tensor.random(seed: 1, shape: [96, 130]))
        let sizes = try CompactWeights.Form.allCases.map { try Self.bytes(Self.compiled(graph, $0)) }
        let whole = try Self.bytes(Self.compiled(graph, nil))
        for (size, share) in zip(sizes, [0.5, 0.5, 9.0 / 32, 5.0 / 32]) {
            #expect(abs(Double(size) / Double(whole) - share) < 0.05, "\(size) of \(whole)")
        }
    }

    @Test func whatDoesNotFitStaysInFloats() throws {
        var numbers = try Tensor.random(seed: 1, shape: [96, 130]).array(of: Float.self)
        numbers[500] = 1e6
        let large = try Self.network(Tensor(numbers, shape: [96, 130]))
        #expect(try Self.compiled(large, .float16).plan.steps.allSatisfy { !$0.kernel.label.contains("f16") })
        numbers[500] = .infinity
        let x = try Tensor.random(seed: 5, shape: [2, 96])
        let infinite = try Self.network(Tensor(numbers, shape: [96, 130]))
        for form in CompactWeights.Form.allCases {
            let got = try #require(Session(Self.compiled(infinite, form)).run(["x": x])["y"]).doubles()
            let want = try #require(Interpreter.run(infinite, ["x": x])["y"]).doubles()
            #expect(zip(got, want).allSatisfy { $0.isNaN == $1.isNaN && ($0.isNaN || $0 == $1 || abs($0 - $1) < 1e-3) })
        }
    }

    /// Weights that were integers with a scale for each 32 of an output, as MatMulNBits has them, are kept in as many bits unasked.
    @Test(arguments: [("int4", -8, 7), ("int8", -100, 127)]) func weightsThatWereIntegersStaySo(
        _ name: String, least: Int, most: Int
    ) throws {
        let (k, n) = (96, 192)
        let codes = try Tensor.random(seed: 3, shape: [k, n]).doubles().map { Int((($0 + 1) * 1000).rounded()) }
        let scales = try Tensor.random(seed: 4, shape: [3, n]).doubles().map { Float(abs($0) + 0.01) }
        let numbers = codes.indices.map { index in
            let code = least + abs(codes[index]) % (most - least + 1)
            return Float(code) * scales[index / n / 32 * n + index % n]
        }
        func graph(_ numbers: [Float]) throws -> Graph {
            var builder = GraphBuilder(name: "network")
            let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), Dim(k)]))
            try builder.output("y", builder.add1(MatMul(), [x, builder.constant(Tensor(numbers, shape: [k, n]))]))
            return builder.graph
        }
        let network = try graph(numbers)
        for target in Target.allCases.filter(\.runsHere) {
            let model = try Self.compiled(network, nil, target)
            #expect(model.plan.steps.contains { $0.kernel.label.contains(name) })
            let session = try Session(model)
            for rows in [1, 3, 40] {
                let x = try Tensor.random(seed: 5, shape: [rows, k])
                let want = try #require(Interpreter.run(network, ["x": x])["y"]).doubles()
                let got = try #require(session.run(["x": x])["y"]).doubles()
                let largest = want.map(abs).max() ?? 0
                #expect(zip(want, got).allSatisfy { abs($0 - $1) <= 1e-5 * largest }, "\(target.name), \(rows) rows")
            }
        }
        var other = numbers
        other[40 * n + 7] = 0.3337 * scales[n + 7]
        #expect(try Self.compiled(graph(other), nil).plan.steps.allSatisfy { !$0.kernel.label.contains(name) })
    }

    /// Recurrent layers keep 16 bits of each weight.
    @Test(arguments: RecurrentKind.allCases, [CompactWeights.Form.bfloat16, .int8]) func recurrentLayers(
        _ kind: RecurrentKind, form: CompactWeights.Form
    ) throws {
        for example in try Recurrent(kind).definition.examples() {
            var builder = GraphBuilder(name: "recurrent")
            let operands = try example.operands.enumerated().map { index, tensor in
                try tensor.map {
                    index == 0 ? try builder.input("x", TensorType($0.type, Shape(constants: $0.shape))) : builder.constant($0)
                }
            }
            try builder.output("y", builder.add(example.op, operands)[0])
            let network = builder.graph
            let x = try #require(example.operands[0])
            let want = try #require(Interpreter.run(network, ["x": x])["y"]).doubles()
            for target in Target.allCases.filter(\.runsHere) {
                let (plain, compact) = try (Self.compiled(network, nil, target), Self.compiled(network, form, target))
                #expect(Self.bytes(compact) < Self.bytes(plain))
                let got = try #require(Session(compact, threads: 2).run(["x": x])["y"]).doubles()
                let bound = form == .bfloat16 ? 0.05 : 0.005
                #expect(zip(want, got).allSatisfy { abs($0 - $1) < bound }, "\(example.name), \(target.name)")
            }
        }
    }

    @Test func eachMatrixIsToldOnce() throws {
        let seen = Mutex<[String]>([])
        var options = CompileOptions()
        options.weights = CompactWeights(.int8) { name, count, signal, noise in
            seen.withLock { $0.append(name) }
            #expect(count == 96 * 130 && noise > 0 && noise < 1e-4 * signal)
        }
        _ = try Compiler.compile(Self.network(Tensor.random(seed: 1, shape: [96, 130])), options)
        // Once as it is, and once transposed.
        #expect(seen.withLock { $0 } == ["up", "down"])
    }
}
