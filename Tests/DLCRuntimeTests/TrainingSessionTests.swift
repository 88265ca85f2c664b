import AllocationCounter
import DLC
import Foundation
import Testing

/// Sessions of a training's two programs.
@Suite struct TrainingSessionTests {
    /// Convolution, batch norm, what draws, and a recurrent layer whose state goes on; averages of the weights for the evaluation.
    private static let text = """
        model Net(image: f32[N, 3, 8, 8]) {
            state h: f32[1, N, 6]
            x = image.conv(8, kernel: 3, padding: 1, bias: false).batchNorm().relu().dropout(0.2).maxPool(2)
            y, last = x.reshape([N, 8, 16]).gru(6, initial: h)
            next h = last
            return logits: y.mean(axes: [1]).dense(5)
        }

        training Learn(image: f32[N, 3, 8, 8], label: i64[N]) {
            loss = Net(image.randomShift(1)).crossEntropy(label, smoothing: 0.1)
            minimize loss, by: adam(1e-2)
            return loss: loss
        }
        """

    private static func model() throws -> CompiledModel {
        let file = FileManager.default.temporaryDirectory.appending(path: "dlc-session-\(UUID().uuidString).dlm")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.write(to: file, atomically: true, encoding: .utf8)
        var options = ModelOptions()
        options.training = "Learn"
        options.settings["N"] = "16"
        return try CompiledModel(Compiler.compileTraining(file.path(), options))
    }

    private static func batch(_ seed: UInt64) throws -> [Tensor] {
        [try Tensor.random(seed: seed, shape: [16, 3, 8, 8]), try Tensor((0..<16).map { Int64(($0 + Int(seed)) % 5) }, shape: [16])]
    }

    @Test func stepsAndEvaluationsAllocateNothingFromTheSecondOn() throws {
        let model = try Self.model()
        for threads in [1, 2] {
            let step = try Session(model, threads: threads)
            let evaluation = try Session(model.program(Compiler.evaluation), threads: threads, sharing: step)
            for (index, tensor) in try Self.batch(1).enumerated() {
                try step.setInput(index, tensor)
                try evaluation.setInput(index, tensor)
            }
            func loss(_ session: Session) throws -> Double { try session.output(0).doubles()[0] }
            try step.run()
            try evaluation.run()
            let first = (try loss(step), try loss(evaluation))
            let before = allocation_count()
            guard before >= 0 else { return }
            for _ in 0..<40 {
                try step.run()
                try evaluation.run()
            }
            #expect(allocation_count() - before == 0, "with \(threads) threads")
            let last = (try loss(step), try loss(evaluation))
            #expect(last.0 < first.0 && last.1 < first.1, "\(first) \(last)")
        }
    }
}
