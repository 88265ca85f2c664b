import DLC
import Testing

/// Every operator × example, compiled for every target that this processor runs, against the operator's own oracle.
@Suite struct CompiledExamplesTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let example: Example
        let target: Target
        var testDescription: String { "\(name), \(example.name), \(target.name)" }
    }

    /// Operators whose results' extents depend on data, or that have no kernel yet: they import and evaluate only.
    static let withoutKernel: Set<String> = [
        "eye_like", "conv_weight_gradient",
        "batch_norm_training", "batch_norm_gradient",
    ]

    static let cases: [Case] = AllOps.definitions.filter { !withoutKernel.contains($0.name) }.flatMap { definition in
        ((try? definition.examples()) ?? []).flatMap { example in
            Target.allCases.filter(\.runsHere).map { Case(name: definition.name, example: example, target: $0) }
        }
    }

    @Test func thereAreCases() { #expect(Self.cases.count > 1000) }

    @Test(arguments: cases) func computesWhatTheOracleDoes(_ item: Case) throws {
        let example = item.example
        let expected = try example.op.evaluate(example.operands)
        // The first operand is an input, the others constants: weights and indices are packed and checked at build.
        var builder = GraphBuilder(name: item.name)
        var inputs: [String: Tensor] = [:]
        var operands: [Value?] = []
        for (index, operand) in example.operands.enumerated() {
            guard let operand else {
                operands.append(nil)
                continue
            }
            if index == 0 {
                inputs["x"] = operand
                operands.append(try builder.input("x", TensorType(operand.type, Shape(constants: operand.shape))))
            } else {
                operands.append(builder.constant(operand))
            }
        }
        let results = try builder.add(example.op, operands)
        // Statistics of layer norm are f32 by definition; its kernel has them for f32 only.
        let outputs = item.name == "layer_norm" && item.example.operands[0]?.type == .float64 ? Array(results.prefix(1)) : results
        for (index, result) in outputs.enumerated() { try builder.output("y\(index)", result) }
        var options = CompileOptions(target: item.target)
        options.passes.isStrict = true
        let image = try Compiler.compile(builder.graph, options)
        let computed = try Session(CompiledModel(image), threads: 2).run(inputs)
        for (index, want) in expected.prefix(outputs.count).enumerated() {
            let got = try #require(computed["y\(index)"])
            #expect(got.type == want.type && got.shape == want.shape)
            try expectClose(got, want)
        }
    }

    private func expectClose(_ got: Tensor, _ want: Tensor) throws {
        if want.type == .string {
            #expect(try got.texts() == want.texts())
            return
        }
        guard want.type.isFloat else {
            #expect(try got.integers() == want.integers())
            return
        }
        let tolerance: Double = switch want.type { case .float16: 4e-3; case .bfloat16: 3e-2; case .float64: 1e-6; default: 2e-5 }
        let largest = try want.doubles().filter(\.isFinite).map(abs).max() ?? 0
        for (a, b) in zip(try got.doubles(), try want.doubles()) {
            let isEqual = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, largest)
            #expect(isEqual, "\(a) instead of \(b)")
            if !isEqual { return }
        }
    }
}
