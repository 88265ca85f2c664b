import DLC
import Testing

/// One example of one operator, differentiated.
struct GradientCase: Sendable, CustomTestStringConvertible {
    var definition: OperatorDefinition
    var example: Example
    /// Whether the second derivative is right too.
    var isTwice: Bool

    init(_ example: Example, isTwice: Bool = true) {
        self.isTwice = isTwice
        definition = example.op.definition
        self.example = example
    }

    var testDescription: String { "\(definition.name): \(example.name)" }

    static let all: [GradientCase] = AllOps.definitions.flatMap { definition in
        ((try? definition.examples()) ?? []).filter(\.isDifferentiable).map { GradientCase($0) }
    }.filter { !$0.example.operands.filter { $0?.type.isFloat ?? false }.isEmpty }

    /// The sum of the floating-point results times fixed weights as a graph over f64 operands.
    struct Loss {
        var builder: GraphBuilder
        var inputs: [String: Tensor] = [:]
        /// What is differentiated, by input.
        var variables: [(name: String, value: Value)] = []
        var loss: Value
    }

    func loss() throws -> Loss? {
        var builder = GraphBuilder()
        var inputs: [String: Tensor] = [:]
        var variables: [(String, Value)] = []
        var operands: [Value?] = []
        for (index, tensor) in example.operands.enumerated() {
            guard let tensor else {
                operands.append(nil)
                continue
            }
            let exact = tensor.type.isFloat ? try tensor.converted(to: .float64) : tensor
            let value = try builder.input("x\(index)", TensorType(exact.type, Shape(constants: exact.shape)))
            inputs["x\(index)"] = exact
            operands.append(value)
            if exact.type.isFloat { variables.append(("x\(index)", value)) }
        }
        let results = try builder.add(example.op, operands, name: "layer")
        var sum: Value?
        // Results that are f32 whatever the operands are (statistics of layer norm) are too coarse for differences.
        for (index, result) in results.enumerated() where builder.fact(result).element == .float64 {
            guard let shape = builder.shape(result).constants else { return nil }
            let weights = builder.constant(try Tensor.random(seed: 100 + UInt64(index), type: .float64, shape: shape))
            let part = try builder.add1(Reduce(.sum, keepDims: false), [builder.add1(Binary(.mul), [result, weights])])
            sum = try sum.map { try builder.add1(Binary(.add), [$0, part]) } ?? part
        }
        return sum.map { Loss(builder: builder, inputs: inputs, variables: variables, loss: $0) }
    }
}

@Suite struct GradientTests {
    @Test(arguments: AllOps.definitions.map(\.name))
    func everyOperatorHasARuleOrSaysWhyNot(_ name: String) throws {
        let definition = try #require(AllOps.definitions.first { $0.name == name })
        #expect(GradientRules.rule(for: definition.prototype) != nil)
    }

    @Test(arguments: GradientCase.all + GradientCase.further)
    func gradientsAreCentralDifferences(_ test: GradientCase) throws {
        guard var loss = try test.loss() else { return }
        let names = loss.variables.map(\.name)
        let first = try loss.builder.add(Gradient(), [loss.loss] + loss.variables.map(\.value))
        for (name, value) in zip(names, first) { try loss.builder.output("d\(name)", value) }
        // The gradient's own gradient: of the sum of all its elements times fixed weights.
        var sum: Value?
        for (index, value) in first.enumerated() {
            let weights = loss.builder.constant(
                try Tensor.random(seed: 200 + UInt64(index), type: .float64, shape: loss.builder.shape(value).constants ?? []))
            let part = try loss.builder.add1(Reduce(.sum, keepDims: false), [loss.builder.add1(Binary(.mul), [value, weights])])
            sum = try sum.map { try loss.builder.add1(Binary(.add), [$0, part]) } ?? part
        }
        try loss.builder.output("loss", loss.loss)
        let value = try #require(sum)
        try loss.builder.output("slope", value)
        let once: Graph
        do {
            once = try [differentiate].run(loss.builder.graph)
        } catch let error as DLCError where error.description.contains("has no gradient:") {
            #expect(Self.withoutGradient.contains(test.definition.name), "\(error)")
            return
        }
        try Differences().check(once, loss.inputs, of: "loss", names, prefix: "d")

        guard test.isTwice else { return }
        var again = loss.builder
        do {
            let second = try again.add(Gradient(), [value] + loss.variables.map(\.value))
            for (name, value) in zip(names, second) { try again.output("dd\(name)", value) }
            let twice = try [differentiate].run(again.graph)
            try Differences().check(twice, loss.inputs, of: "slope", names, prefix: "dd")
        } catch let error as DLCError where error.description.contains("has no gradient:") {
            #expect(Self.withoutSecond.contains(test.definition.name), "\(error)")
        }
    }

    /// Operators that say why they have no gradient.
    private static let withoutGradient: Set<String> = [
        "fused_conv", "fused_conv_transpose", "fused_matmul", "elementwise", "lstm_gradient", "gru_gradient", "rnn_gradient",
    ]
    /// Operators whose gradients have none.
    private static let withoutSecond: Set<String> = ["lstm", "gru", "rnn"]
}

/// Gradients of operators that compute in f32 alone.
@Suite struct CoarseGradientTests {
    /// Functions of features that are linear, or linear between points: wide steps cost nothing.
    @Test(arguments: [RegionAlign.definition, RegionPool.definition].flatMap { (try? $0.examples()) ?? [] }.map { GradientCase($0) })
    func featuresOfRegions(_ test: GradientCase) throws {
        var builder = GraphBuilder()
        var inputs: [String: Tensor] = [:]
        var features: [(name: String, value: Value)] = []
        let operands = try test.example.operands.enumerated().map { index, tensor -> Value? in
            guard let tensor else { return nil }
            guard index >= 2 else { return builder.constant(tensor) }
            inputs["x\(index)"] = tensor
            features.append(("x\(index)", try builder.input("x\(index)", TensorType(tensor.type, Shape(constants: tensor.shape)))))
            return features.last?.value
        }
        let y = try builder.add1(test.example.op, operands)
        let weights = builder.constant(try Tensor.random(seed: 9, shape: builder.shape(y).constants ?? []))
        let sum = try builder.add1(Reduce(.sum, keepDims: false), [builder.add1(Binary(.mul), [y, weights])])
        try builder.output("loss", sum)
        for (feature, value) in zip(features, try builder.add(Gradient(), [sum] + features.map(\.value))) {
            try builder.output("d\(feature.name)", value)
        }
        let graph = try [differentiate].run(builder.graph)
        try Differences(step: 1e-2, tolerance: 5e-3).check(graph, inputs, of: "loss", features.map(\.name), prefix: "d")
    }

    /// The formula that uses the statistics in f32 says what their definition does in f64.
    @Test(arguments: ((try? LayerNormalization.definition.examples()) ?? []).map { GradientCase($0) })
    func layerNormFromItsStatistics(_ test: GradientCase) throws {
        func gradients(_ type: ElementType) throws -> [String: Tensor] {
            var builder = GraphBuilder()
            var inputs: [String: Tensor] = [:]
            let operands = try test.example.operands.enumerated().map { index, tensor -> Value? in
                guard let tensor else { return nil }
                inputs["x\(index)"] = try tensor.converted(to: type)
                return try builder.input("x\(index)", TensorType(type, Shape(constants: tensor.shape)))
            }
            let y = try builder.add(test.example.op, operands)[0]
            let loss = try builder.add1(Binary(.mul), [builder.add1(Unary(.sin), [y]), y])
            for (index, value) in try builder.add(Gradient(), [loss] + operands.compactMap { $0 }).enumerated() {
                try builder.output("d\(index)", value)
            }
            return try Interpreter.run([differentiate].run(builder.graph), inputs)
        }
        let (coarse, fine) = (try gradients(.float32), try gradients(.float64))
        for (name, tensor) in fine {
            let found = try #require(coarse[name]).doubles()
            for (a, b) in zip(found, try tensor.doubles()) { #expect(abs(a - b) <= 2e-5 * max(1, abs(b)), "\(name): \(a) instead of \(b)") }
        }
    }
}
