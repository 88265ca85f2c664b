import CKernels
import DLC
import Foundation
import Testing

@testable import DLCPasses

/// Weights that are packed when the model is loaded, since the file has no room for them packed.
@Suite struct PackedAtLoadTests {
    static let layers = ChoiceTests.stack

    /// - Parameter others: elements of a matrix beside the layers, which gives the file room.
    private func image(others: Int = 0) throws -> PlanImage {
        var options = CompileOptions()
        options.processor = .typical
        return try Compiler.compile(ChoiceTests.network(Self.layers, others: others), options)
    }

    private func inputs(_ others: Int = 0) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for (index, layer) in Self.layers.enumerated() {
            inputs["x\(index)"] = try .random(seed: UInt64(50 + index), shape: [1, layer.inputs, layer.size, layer.size])
        }
        if others > 0 { inputs["rows"] = try .random(seed: 60, shape: [1, 1024]) }
        return inputs
    }

    @Test func resultsAreTheBitsOfWeightsInTheFile() throws {
        let (late, early) = (try image(), try image(others: 1 << 22))
        #expect(!late.plan.packings.isEmpty && early.plan.packings.isEmpty)
        let (a, b) = (
            try Session(CompiledModel(late), threads: 2).run(inputs()), try Session(CompiledModel(early), threads: 1).run(inputs(1 << 22))
        )
        let algorithms = (ChoiceTests.algorithms(late.plan), ChoiceTests.algorithms(early.plan))
        var compared = 0
        for (index, step) in late.plan.steps.filter({ $0.kernel is ConvolutionKernel }).enumerated() {
            guard case .packed? = step.operands[1]?.location, algorithms.0[index] == algorithms.1[index] else { continue }
            #expect(a["y\(index)"] == b["y\(index)"])
            compared += 1
        }
        #expect(compared > 0)
    }

    @Test func theFileHoldsTheWeightsAsTheyAre() throws {
        let image = try image()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("dlc-late-\(UUID().uuidString).dlc").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try PlanFile.write(image, to: path)
        let model = try CompiledModel(contentsOf: path)
        #expect(model.plan.packings.count == image.plan.packings.count)
        for step in model.plan.packings {
            let extents = try #require(step.operands[0]?.shape.constants)
            guard case .constant(let index)? = step.operands[0]?.location else {
                Issue.record("packs something else than a constant"); return
            }
            #expect(model.plan.constants[index].bytes == 4 * extents.reduce(1, *))
        }
        #expect(try Session(model, threads: 1).run(inputs()) == Session(CompiledModel(image), threads: 2).run(inputs()))
    }

    /// Whichever session comes first packs for all of them.
    @Test func sessionsShareThem() async throws {
        let model = try CompiledModel(image())
        let expected = try Session(CompiledModel(image()), threads: 1).run(inputs())
        try await withThrowingTaskGroup(of: [String: Tensor].self) { group in
            for _ in 0..<4 { group.addTask { try Session(model, threads: 2).run(inputs()) } }
            for try await result in group { #expect(result == expected) }
        }
    }

    @Test func exactPacksNothingAtLoad() throws {
        var options = CompileOptions()
        options.exact = true
        #expect(try Compiler.compile(ChoiceTests.network(Self.layers), options).plan.packings.isEmpty)
    }

    /// Packing at load must pay within a hundred runs, and all of it take no longer than a run.
    @Test func budget() {
        let items = [
            [Alternative(cost: 10, bytes: 1), Alternative(cost: 5, bytes: 9)],
            [Alternative(cost: 10, bytes: 1), Alternative(cost: 9, bytes: 9)],
            [Alternative(cost: 10, bytes: 1), Alternative(cost: 9.99, bytes: 9)],
        ]
        let packings = [[0, 20], [0, 20], [0, 20.0]]
        #expect(WeightBudget.packedAtLoad(items, chosen: [0, 0, 0], packings: packings) == [0: 1])
        #expect(WeightBudget.packedAtLoad(items, chosen: [0, 0, 0], packings: [[0, 5], [0, 5], [0, 5]]) == [0: 1, 1: 1])
        #expect(WeightBudget.packedAtLoad(items, chosen: [1, 1, 1], packings: packings) == [:])
        // What lies in the file as it is leaves room for the smallest of the others.
        #expect(WeightBudget.fitting([0: 1, 1: 1], items, chosen: [0, 0, 0], plain: [1, 1, 1], within: 11) == [0])
        #expect(WeightBudget.fitting([0: 1, 1: 1], items, chosen: [0, 0, 0], plain: [1, 1, 1], within: 10) == [])
        #expect(WeightBudget.packedAtLoad(items, chosen: [0, 0, 0], packings: packings.map { _ in [0, .infinity] }) == [:])
    }
}
