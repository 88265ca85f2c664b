import DLC
import Testing

/// A recurrent layer and its gradient in one graph.
@Suite struct RecurrentGradientTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        let gradient: RecurrentGradient
        let example: Example
        var testDescription: String { "\(gradient.definition.name), \(example.name)" }
    }

    private static let cases: [Case] = AllOps.definitions.filter { $0.prototype is RecurrentGradient }.flatMap { definition in
        ((try? definition.examples()) ?? []).compactMap { example in
            (example.op as? RecurrentGradient).map { Case(gradient: $0, example: example) }
        }
    }

    /// The graph of an example whose y comes from the layer, of which the gradient may be told other attributes.
    private func graph(_ item: Case, of layer: Recurrent) throws -> (graph: Graph, inputs: [String: Tensor]) {
        var builder = GraphBuilder(name: "layer")
        var inputs: [String: Tensor] = [:]
        let count = item.gradient.forwardCount
        var operands = try item.example.operands.enumerated().map { index, operand in
            try (index == count ? nil : operand).map { tensor in
                inputs["x\(index)"] = tensor
                return try builder.input("x\(index)", TensorType(tensor.type, Shape(constants: tensor.shape)))
            }
        }
        operands[count] = try builder.add(layer, Array(operands.prefix(count)))[0]
        for (index, result) in try builder.add(item.gradient, operands).enumerated() { try builder.output("d\(index)", result) }
        return (builder.graph, inputs)
    }

    @Test(arguments: cases) private func readsTheGatesOfItsLayer(_ item: Case) throws {
        let (graph, inputs) = try graph(item, of: item.gradient.layer)
        let image = try Compiler.compile(graph)
        let steps = image.plan.steps
        let layer = try #require(steps.first { $0.kernelName == "recurrent" })
        let gradient = try #require(steps.first { $0.kernelName == "recurrent_gradient" })
        #expect(layer.results[3] != nil && gradient.operands[12]?.location == layer.results[3]?.location)
        let computed = try Session(CompiledModel(image), threads: 2).run(inputs)
        for (index, want) in try item.gradient.evaluate(item.example.operands).enumerated() {
            let got = try #require(computed["d\(index)"])
            for (a, b) in zip(try got.doubles(), try want.doubles()) { #expect(abs(a - b) < 2e-5 * max(1, abs(b)), "d\(index)") }
        }
    }

    @Test func gatesOfAnotherLayerAreNotRead() throws {
        let item = try #require(Self.cases.first)
        var other = item.gradient.layer
        other.clip = 3
        let steps = try Compiler.compile(graph(item, of: other).graph).plan.steps
        #expect(steps.first { $0.kernelName == "recurrent_gradient" }?.operands[12] == nil)
        #expect(steps.first { $0.kernelName == "recurrent" }?.results[3] == nil)
    }
}
