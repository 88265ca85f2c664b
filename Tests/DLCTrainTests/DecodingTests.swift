import DLC
import Foundation
import Testing

@testable import DLCTrain

/// GPT-2 that reads a token a run, beside the one that reads them all.
@Suite struct DecodingTests {
    private static func model(_ name: String, _ more: [String: String] = [:]) throws -> CompiledModel {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models/\(name).dlm").standardized.path()
        var options = ModelOptions()
        options.settings = ["layers": "2", "width": "32", "heads": "4", "context": "12", "vocabulary": "50"].merging(more) { $1 }
        options.seed = 3
        return try CompiledModel(Compiler.compile(Compiler.load(path, options)))
    }

    @Test func everyTokenHasTheLogitsThatAllOfThemTogetherHave() throws {
        let tokens: [Int64] = [7, 0, 49, 7, 7, 12, 3, 21, 30, 1]
        let whole = try #require(Session(Self.model("gpt2")).run(["tokens": Tensor(tokens, shape: [1, 10])])["logits"]).doubles()
        let session = try Session(Self.model("gpt2_decoder", ["memory": "10"]))
        for round in 0..<2 {
            for (place, token) in tokens.enumerated() {
                let logits = try #require(session.run(["tokens": Tensor([token], shape: [1, 1])])["logits"]).doubles()
                let want = whole[50 * place..<50 * (place + 1)]
                #expect(zip(logits, want).allSatisfy { abs($0 - $1) < 1e-4 }, "round \(round), place \(place)")
            }
            // There is no place for one more, and nothing has changed.
            #expect(throws: DLCError.self) { try session.run(["tokens": Tensor([Int64(1)], shape: [1, 1])]) }
            #expect(try session.state("place").integers() == [10])
            session.resetState()
        }
    }

    @Test func whatIsDrawnIsTheSame() throws {
        var drawn: [[Int]] = [[], []]
        for (index, model) in try [Self.model("gpt2"), Self.model("gpt2_decoder", ["memory": "12"])].enumerated() {
            let generator = try SequenceGenerator(model, context: nil, threads: 1)
            try generator.generate([4, 9], length: 9, SymbolSampler(temperature: 0, topK: nil, topP: nil), seed: 1) { symbol in
                drawn[index].append(symbol)
                return true
            }
        }
        #expect(drawn[0] == drawn[1] && drawn[0].count == 9)
    }

    /// Of keys and values a run writes a row each, in place.
    @Test func aRunCopiesNoKeys() throws {
        let plan = try Self.model("gpt2_decoder", ["memory": "10"]).plan
        #expect(plan.steps.count { $0.kernelName.hasPrefix("scatter") } == 4)
        #expect(!plan.steps.contains { $0.kernelName == "copy" })
    }
}
