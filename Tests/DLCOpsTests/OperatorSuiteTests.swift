import DLCGraph
import DLCOps
import Testing

/// One example of one operator, named in the test's output.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    var definition: OperatorDefinition
    var example: Example

    var testDescription: String { "\(definition.name): \(example.name)" }

    static let all: [OperatorCase] = AllOps.definitions.flatMap { definition in
        ((try? definition.examples()) ?? []).map { OperatorCase(definition: definition, example: $0) }
    }

    /// A graph with the example as its only node; operands are inputs, so nothing is known but their types.
    func graph(_ adjust: (Int, Shape) -> Shape = { $1 }) throws -> (graph: Graph, inputs: [String: Tensor]) {
        var builder = GraphBuilder(name: definition.name)
        var inputs: [String: Tensor] = [:]
        var operands: [Value?] = []
        for (index, tensor) in example.operands.enumerated() {
            guard let tensor else {
                operands.append(nil)
                continue
            }
            inputs["x\(index)"] = tensor
            let shape = adjust(index, Shape(constants: tensor.shape))
            operands.append(try builder.input("x\(index)", TensorType(tensor.type, shape)))
        }
        let results = try (example.op as? Constant).map { [builder.constant($0.value)] } ?? builder.add(example.op, operands, name: "layer")
        for (index, result) in results.enumerated() {
            try builder.output("y\(index)", result)
        }
        return (builder.graph, inputs)
    }
}

@Suite struct OperatorSuiteTests {
    @Test func operatorNamesAreDistinct() {
        let names = AllOps.definitions.map(\.name)
        #expect(Set(names).count == names.count, "\(Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted())")
    }

    @Test func noONNXOperatorIsReadTwice() {
        let names = AllOps.definitions.flatMap { $0.onnx.map { "\($0.domain):\($0.opType)" } }
        #expect(Set(names).count == names.count, "\(Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted())")
    }

    @Test(arguments: AllOps.definitions.map(\.name))
    func everyOperatorHasExamplesOfItself(_ name: String) throws {
        let definition = try #require(AllOps.definitions.first { $0.name == name })
        let examples = try definition.examples()
        // What asks for gradients computes nothing itself; what reads sequences has tests of its own, since operands here are tensors.
        // Pictures are decoded by what another module brings along.
        let isTestedElsewhere =
            definition.prototype is Gradient || definition.prototype is any ReadsContainers || definition.prototype is ImageDecoder
        #expect(!examples.isEmpty || isTestedElsewhere)
        for example in examples { #expect(example.op.name == name, "\(example.name)") }
        #expect(definition.prototype.name == name)
        #expect(Set(definition.attributes.map(\.name)).count == definition.attributes.count)
    }

    @Test(arguments: OperatorCase.all)
    func inferenceGivesTheTypesThatEvaluationHas(_ test: OperatorCase) throws {
        let (graph, inputs) = try test.graph()
        try graph.verify()
        let results = try test.example.op.evaluate(test.example.operands)
        #expect(results.count == graph.outputs.count)
        for (port, tensor) in zip(graph.outputs, results) {
            let type = graph.type(port.value)
            #expect(type.element == tensor.type)
            #expect(type.rank == tensor.rank)
            for (dim, extent) in zip(type.shape, tensor.shape) { #expect(dim.constant ?? extent == extent, "\(type) is \(tensor.shape)") }
        }
        let outputs = try Interpreter.run(graph, inputs)
        for (index, tensor) in results.enumerated() { #expect(outputs["y\(index)"] == tensor) }
    }

    @Test(arguments: OperatorCase.all)
    func textReadsBackAsTheSameGraph(_ test: OperatorCase) throws {
        let (graph, inputs) = try test.graph()
        let text = graph.text()
        let parsed = try GraphParser.parse(text, definitions: AllOps.definitions)
        #expect(parsed.text() == text)
        let (before, after) = (try Interpreter.run(graph, inputs), try Interpreter.run(parsed, inputs))
        #expect(before == after)
    }

    /// The first extent of the first operand becomes a symbol; what holds for the number must not fail for the symbol.
    /// Operators that only passes make get operands that agree, so there equal extents become the same symbol.
    @Test(arguments: OperatorCase.all)
    func inferenceAcceptsASymbolicFirstExtent(_ test: OperatorCase) throws {
        guard let first = test.example.operands.first ?? nil, let extent = first.shape.first else { return }
        let (graph, _) = try test.graph { index, shape in
            let isAlike = test.definition.onnx.isEmpty && shape.count == first.rank && shape.first == Dim(extent)
            return index == 0 || isAlike ? [Dim(symbol: "N")] + shape.dropFirst() : shape
        }
        let results = try test.example.op.evaluate(test.example.operands)
        for (port, tensor) in zip(graph.outputs, results) {
            let shape = try graph.shape(port.value).map { try $0.substituting(["N": Dim(extent)]) }
            for (dim, actual) in zip(shape, tensor.shape) {
                #expect(dim.constant ?? actual == actual, "\(graph.type(port.value)) is \(tensor.shape)")
            }
        }
    }
}
