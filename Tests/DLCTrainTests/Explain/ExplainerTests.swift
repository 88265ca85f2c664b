import DLC
import Testing

@testable import DLCTrain

@Suite struct ExplainerTests {
    private func explainer(_ text: String, _ image: [Float], _ shape: [Int], others: [String: Tensor] = [:]) throws -> Explainer {
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        var inputs = others
        inputs["image"] = try Tensor(image, shape: shape)
        return try Explainer(graph, inputs: inputs, picture: "image", CompileOptions(target: .portable), threads: 1)
    }

    /// Scores [1, 2] = pixels · w, with a softmax that is passed by.
    private func linear(_ image: [Float] = [1, 2, 3, 4]) throws -> Explainer {
        try explainer(
            """
            graph linear(%image: f32[N, 1, 2, 2], %w: f32[4, 2]) -> (%y) {
                %flat: f32[N, 4] = reshape(%image) {shape: dims(N; 4)}
                %scores: f32[N, 2] = matmul(%flat, %w)
                %y: f32[N, 2] = softmax(%scores)
            }

            """, image, [1, 1, 2, 2], others: ["w": try Tensor([1, 0, 2, -1, -3, 0, 0.5, 1] as [Float], shape: [4, 2])])
    }

    @Test func attributionsOfALinearScoreAreItsTerms() throws {
        let explainer = try linear()
        #expect(explainer.scores == [-2, 2] && explainer.bestClass == 1 && explainer.classes == 2)
        #expect(try explainer.saliency(ofClass: 0).doubles() == [1, 2, -3, 0.5])
        #expect(try explainer.integrated(ofClass: 0, steps: 3).doubles().map { ($0 * 1e4).rounded() / 1e4 } == [1, 4, -9, 2])
        #expect(try explainer.difference(ofClass: 0, fromBaseline: 0) == -2)
        #expect(try explainer.occlusion(ofClass: 0, window: 1, stride: 1, level: 0).doubles() == [1, 4, -9, 2])
        // One window over all, in steps that go beyond the picture.
        #expect(try explainer.occlusion(ofClass: 0, window: 5, stride: 3, level: 0).doubles() == [-2, -2, -2, -2])
    }

    @Test func guidedGradientsLeaveOutWhatIsNegative() throws {
        let text = """
            graph pair(%image: f32[1, 1, 1, 2]) -> (%y) {
                %h: f32[1, 1, 1, 2] = relu(%image)
                %a: f32[1, 1, 1, 1] = slice(%h) {starts: dims(0; 0; 0; 0), sizes: dims(1; 1; 1; 1), steps: [1, 1, 1, 1]}
                %b: f32[1, 1, 1, 1] = slice(%h) {starts: dims(0; 0; 0; 1), sizes: dims(1; 1; 1; 1), steps: [1, 1, 1, 1]}
                %y: f32[1, 1, 1, 1] = sub(%b, %a)
            }

            """
        let explainer = try explainer(text, [1, 2], [1, 1, 1, 2])
        #expect(try explainer.saliency(ofClass: 0).doubles() == [-1, 1])
        #expect(try explainer.guided(ofClass: 0).doubles() == [0, 1])
        #expect { try linear().guided(ofClass: 0) } throws: { "\($0)".contains("has no ReLU") }
    }

    @Test func mapsAreWeightedByTheirMeanGradients() throws {
        let text = """
            graph maps(%image: f32[1, 1, 2, 2], %w: f32[1, 2, 2, 2]) -> (%y) {
                %minus: f32[1, 1, 2, 2] = neg(%image)
                %both: f32[1, 2, 2, 2] = concat(%image, %minus) {axis: 1}
                %maps: f32[1, 2, 2, 2] = relu(%both)
                %weighted: f32[1, 2, 2, 2] = mul(%maps, %w)
                %y: f32[1] = reduce_sum(%weighted) {axes: [1, 2, 3], keepdims: false}
            }

            """
        let weights = try Tensor([1, 2, 3, 6, -8, 0, 0, 0] as [Float], shape: [1, 2, 2, 2])
        let explainer = try explainer(text, [1, -2, 3, 0.5], [1, 1, 2, 2], others: ["w": weights])
        // Means of the gradients are 3 and −2.
        #expect(try explainer.gradCAM(ofClass: 0, layer: "maps").doubles() == [3, 0, 9, 1.5])
        #expect { try explainer.gradCAM(ofClass: 0, layer: "map") } throws: { "\($0)".contains("there is no layer map") }
    }

    @Test func ascentRaisesTheGoal() throws {
        let explainer = try linear()
        var ascent = ActivationMaximisation()
        (ascent.steps, ascent.blur.deviation) = (40, 0)
        let (picture, value) = try ascent.run(explainer, .ofClass(0))
        let values = try picture.doubles()
        // Towards white where the weight is positive, black where it is negative.
        #expect(value > 2 && values[1] > 0.8 && values[2] < 0.2)
        #expect(try ascent.run(explainer, .ofClass(0)).picture == picture)
        #expect(throws: DLCError.self) { try ascent.run(explainer, .ofClass(2)) }
    }

    @Test func whatIsNotThereIsSaid() throws {
        #expect { try linear().saliency(ofClass: 2) } throws: { "\($0)".contains("there is no class 2; the scores have 2") }
        #expect { try linear().gradCAM(ofClass: 0) } throws: { "\($0)".contains("--layer") }
        let text = "graph ids(%image: i64[1, 1, 2, 2]) -> (%y) {\n    %y: i64[1, 1, 2, 2] = neg(%image)\n}\n"
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        let image = try Tensor([1, 2, 3, 4] as [Int64], shape: [1, 1, 2, 2])
        #expect(throws: DLCError.self) { try Explainer(graph, inputs: ["image": image], picture: "image") }
    }
}

@Suite struct SymbolSamplerTests {
    private let logits = [1.0, 3, 2, 3]

    @Test func temperatureZeroTakesTheFirstOfTheLikeliest() throws {
        for uniform in [0, 0.5, 0.999] { #expect(try SymbolSampler(temperature: 0).draw(logits, uniform) == 1) }
    }

    @Test func drawsFollowTheProbabilities() throws {
        let sum = logits.reduce(0) { $0 + exponential($1 / 2) }
        var (counts, generator) = ([0, 0, 0, 0], SplitMix64(seed: 4))
        for _ in 0..<20000 { counts[try SymbolSampler(temperature: 2).draw(logits, generator.uniform())] += 1 }
        for (count, logit) in zip(counts, logits) { #expect(abs(Double(count) / 20000 - exponential(logit / 2) / sum) < 0.015) }
    }

    @Test func onlyTheLikeliestAreKept() throws {
        var generator = SplitMix64(seed: 4)
        for _ in 0..<200 {
            #expect(try [1, 3].contains(SymbolSampler(topK: 2).draw(logits, generator.uniform())))
            #expect(try SymbolSampler(topP: 0.3).draw(logits, generator.uniform()) == 1)
            #expect(try SymbolSampler(topP: 0.9).draw(logits, generator.uniform()) != 0)
        }
    }

    @Test func infiniteLogitsAreCertainAndNoNumbersAreRefused() throws {
        #expect(try SymbolSampler().draw([-.infinity, 0, -.infinity], 0.99) == 1)
        #expect(try SymbolSampler().draw([0, .infinity], 0) == 1)
        for odd in [[.nan, 1], [-.infinity], []] as [[Double]] { #expect(throws: DLCError.self) { try SymbolSampler().draw(odd, 0.5) } }
    }
}

private func exponential(_ x: Double) -> Double {
    // A series is enough for a test: |x| ≤ 2.
    (1...30).reversed().reduce(1.0) { 1 + x / Double($1) * $0 }
}
