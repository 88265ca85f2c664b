import DLC
import Testing

/// One example of one operator, differentiated.
private struct GradientCase: Sendable, CustomTestStringConvertible {
    var definition: OperatorDefinition
    var example: Example

    var testDescription: String { "\(definition.name): \(example.name)" }

    static let all: [GradientCase] = AllOps.definitions.flatMap { definition in
        ((try? definition.examples()) ?? []).filter(\.isDifferentiable).map { GradientCase(definition: definition, example: $0) }
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

    @Test(arguments: GradientCase.all)
    fileprivate func gradientsAreCentralDifferences(_ test: GradientCase) throws {
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
        try check(once, loss.inputs, of: "loss", names, prefix: "d")

        var again = loss.builder
        do {
            let second = try again.add(Gradient(), [value] + loss.variables.map(\.value))
            for (name, value) in zip(names, second) { try again.output("dd\(name)", value) }
            let twice = try [differentiate].run(again.graph)
            try check(twice, loss.inputs, of: "slope", names, prefix: "dd")
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

    private func check(_ graph: Graph, _ inputs: [String: Tensor], of output: String, _ names: [String], prefix: String) throws {
        let at = try Interpreter.run(graph, inputs)
        for name in names {
            let x = try #require(inputs[name])
            let values = try x.doubles()
            let found = try #require(at[prefix + name]).doubles()
            // A sample of the elements, the first and last among them.
            let sample = Set((0..<min(8, values.count)).map { $0 * (values.count - 1) / max(1, min(8, values.count) - 1) })
            for index in sample where values[index].isFinite {
                func loss(_ change: Double) throws -> Double {
                    var moved = values
                    moved[index] += change
                    var inputs = inputs
                    inputs[name] = try Tensor(doubles: moved, type: .float64, shape: x.shape)
                    return try #require(Interpreter.run(graph, inputs)[output]).doubles()[0]
                }
                let step = 1e-4 * max(1, abs(values[index]))
                // Central differences of fourth order.
                let near = try loss(step) - loss(-step)
                let far = try loss(2 * step) - loss(-2 * step)
                let expected = (8 * near - far) / (12 * step)
                #expect(
                    abs(found[index] - expected) <= 1e-6 * max(1, abs(expected)),
                    "\(prefix)\(name)[\(index)] is \(found[index]), differences give \(expected)")
            }
        }
    }
}
