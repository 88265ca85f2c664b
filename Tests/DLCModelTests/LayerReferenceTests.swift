import DLCModel
import Testing

@Suite struct LayerReferenceTests {
    typealias Build = @Sendable ([TensorValue]) throws -> [TensorValue]

    static let layers: [(name: String, build: Build)] = [
        ("dense", { [try $0[0].dense(3)] }),
        ("conv", { [try $0[0].conv(6, kernel: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2)] }),
        ("convSame", { [try $0[0].conv(3, kernel: 4, padding: Padding.same)] }),
        ("conv1", { [try $0[0].conv(2, kernel: 3, padding: 1)] }),
        ("conv3", { [try $0[0].conv(3, kernel: 2)] }),
        ("convTranspose", { [try $0[0].convTranspose(6, kernel: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2)] }),
        ("maxPool", { [try $0[0].maxPool(3, stride: 2, padding: 1, ceiling: true)] }),
        ("averagePool", { [try $0[0].averagePool(3, stride: 2, padding: 1)] }),
        ("averagePoolInside", { [try $0[0].averagePool(3, stride: 2, padding: 1, countPadding: false)] }),
        ("adaptiveAveragePool", { [try $0[0].adaptiveAveragePool([3, 4])] }),
        ("adaptiveMaxPool", { [try $0[0].adaptiveMaxPool([3, 2])] }),
        ("batchNorm", { [try $0[0].batchNorm()] }),
        ("layerNorm", { [try $0[0].layerNorm()] }),
        ("groupNorm", { [try $0[0].groupNorm(2)] }),
        ("instanceNorm", { [try $0[0].instanceNorm()] }),
        ("localResponseNorm", { [try $0[0].localResponseNorm(3, alpha: 0.5)] }),
        ("rmsNorm", { [try $0[0].rmsNorm()] }),
        ("l2Normalize", { [try $0[0].l2Normalize()] }),
        ("prelu", { [try $0[0].prelu(perChannel: true)] }),
        ("relu6", { [try $0[0].relu6()] }), ("silu", { [try $0[0].silu()] }), ("mish", { [try $0[0].mish()] }),
        ("hardSigmoid", { [try $0[0].hardSigmoid()] }), ("hardSwish", { [try $0[0].hardSwish()] }), ("selu", { [try $0[0].selu()] }),
        ("elu", { [try $0[0].elu(0.7)] }), ("celu", { [try $0[0].celu(0.7)] }), ("leakyRelu", { [try $0[0].leakyRelu(0.2)] }),
        ("gelu", { [try $0[0].gelu()] }), ("geluTanh", { [try $0[0].gelu(approximate: .tanh)] }),
        ("softplus", { [try $0[0].softplus(beta: 2)] }), ("softsign", { [try $0[0].softsign()] }), ("clamp", { [try $0[0].clamp()] }),
        ("logSoftmax", { [try $0[0].logSoftmax(axis: 1)] }),
        ("embedding", { [try $0[0].embedding(7, 3)] }),
        ("rnn", { x in let r = try x[0].rnn(3, initial: x[1]); return [r.y, r.h] }),
        ("rnnStacked", { x in let r = try x[0].rnn(3, initial: x[1], layers: 2, bidirectional: true); return [r.y, r.h] }),
        ("gru", { x in let r = try x[0].gru(3, initial: x[1]); return [r.y, r.h] }),
        ("gruStacked", { x in let r = try x[0].gru(3, initial: x[1], layers: 2, bidirectional: true); return [r.y, r.h] }),
        ("lstm", { x in let r = try x[0].lstm(3, initial: x[1], cell: x[2]); return [r.y, r.h, r.c] }),
        ("lstmStacked", { x in
            let r = try x[0].lstm(3, initial: x[1], cell: x[2], layers: 2, bidirectional: true)
            return [r.y, r.h, r.c]
        }),
        ("attentionCausal", { [try $0[0].multiHeadAttention(2, causal: true)] }),
        ("attentionCross", { [try $0[0].multiHeadAttention(2, memory: $0[1])] }),
        ("encoder", { [try $0[0].transformerEncoderLayer(2, feedForward: 16, activation: .gelu)] }),
        ("encoderNormFirst", { [try $0[0].transformerEncoderLayer(2, feedForward: 16, activation: .gelu, normFirst: true)] }),
        ("decoder", { [try $0[0].transformerDecoderLayer(2, memory: $0[1], feedForward: 16)] }),
        ("upsample", { [try $0[0].upsample()] }),
        ("upsampleBilinear", { [try $0[0].upsample([2, 3], mode: .bilinear)] }),
        ("upsampleCorners", { [try $0[0].upsample(mode: .bilinear, alignCorners: true)] }),
        ("upsampleBicubic", { [try $0[0].upsample(mode: .bicubic)] }),
        ("pixelShuffle", { [try $0[0].pixelShuffle(2)] }),
        ("padReflect", { [try $0[0].pad([3, 2, 0, 1], mode: .reflect)] }),
        ("padReplicate", { [try $0[0].pad(2, mode: .replicate)] }),
        ("padCircular", { [try $0[0].pad(2, mode: .circular)] }),
        ("maxUnpool", { x in let r = try x[0].maxPoolWithIndices(2); return [try r.y.maxUnpool(r.indices, like: x[0])] }),
        ("roiAlign", { [try $0[0].roiAlign([3, 2], boxes: $0[1], images: $0[2], scale: 0.5)] }),
        ("roiAlignAligned", { [try $0[0].roiAlign([3, 2], boxes: $0[1], images: $0[2], scale: 0.5, aligned: true)] }),
        ("roiAlignAdaptive", { [try $0[0].roiAlign([3, 2], boxes: $0[1], images: $0[2], scale: 0.5, samples: 0, aligned: true)] }),
        ("roiPool", { [try $0[0].roiPool([3, 2], boxes: $0[1], images: $0[2], scale: 0.5)] }),
        ("pyramidAlign", { [try $0[0].pyramidAlign(Array($0[1...]), extents: [3, 2], scales: [1.0 / 8, 1.0 / 16, 1.0 / 32])] }),
        ("nonMaxSuppression", { x in let r = try x[0].nonMaxSuppression(60, scores: x[1], overlap: 0.3); return [r.indices, r.count] }),
        ("nonMaxSuppressionByClass", { x in
            let r = try x[0].nonMaxSuppression(20, scores: x[1], classes: x[2], overlap: 0.3)
            return [r.indices, r.count]
        }),
        ("nonMaxSuppressionCentred", { [try $0[0].nonMaxSuppression(60, scores: $0[1], overlap: 0.3, centred: true).indices] }),
        ("take", { [try $0[0].take($0[1], fill: -7)] }),
        ("denseWeightNorm", { [try $0[0].dense(3, weightNorm: true)] }),
        ("convWeightNorm", { [try $0[0].conv(6, kernel: 3, weightNorm: true)] }),
        ("convTransposeWeightNorm", { [try $0[0].convTranspose(6, kernel: 3, weightNorm: true)] }),
        ("attentionGrouped", { [try $0[0].dotProductAttention($0[1], $0[1], heads: 4, keyValueHeads: 2)] }),
        ("rotaryPositions", { [try $0[0].rotaryPositions(9, heads: 2)] }),
        ("rotaryPositionsInterleaved", { [try $0[0].rotaryPositions(9, heads: 2, interleaved: true)] }),
        ("relu", { [try $0[0].relu()] }), ("sigmoid", { [try $0[0].sigmoid()] }), ("tanh", { [try $0[0].tanh()] }),
        ("thresholdedRelu", { [try $0[0].thresholdedRelu(0.5)] }), ("softmax", { [try $0[0].softmax(axis: 1)] }),
        ("step", { [try $0[0].step()] }), ("maxout", { [try $0[0].maxout(2)] }),
        ("depthwiseConv", { [try $0[0].depthwiseConv(3, padding: 1, multiplier: 2)] }),
        ("globalAveragePool", { [try $0[0].globalAveragePool()] }), ("globalMaxPool", { [try $0[0].globalMaxPool()] }),
        ("maxPool1", { [try $0[0].maxPool(3, stride: 2, padding: 1)] }), ("maxPool3", { [try $0[0].maxPool(2, stride: 1)] }),
        ("averagePool1", { [try $0[0].averagePool(2)] }), ("averagePool3", { [try $0[0].averagePool([2, 3, 2], stride: 1)] }),
        ("adaptiveAveragePool1", { [try $0[0].adaptiveAveragePool(3)] }),
        ("convTranspose1", { [try $0[0].convTranspose(3, kernel: 4, stride: 2, padding: 1)] }),
        ("convTranspose3", { [try $0[0].convTranspose(3, kernel: 2, stride: 2)] }),
        ("batchNorm1", { [try $0[0].batchNorm()] }), ("batchNorm3", { [try $0[0].batchNorm()] }),
        ("upsample1", { [try $0[0].upsample(3)] }), ("upsampleLinear", { [try $0[0].upsample(mode: .linear)] }),
        ("upsampleTrilinear", { [try $0[0].upsample(mode: .linear)] }),
        ("maxUnpool1", { x in let r = try x[0].maxPoolWithIndices(2); return [try r.y.maxUnpool(r.indices, like: x[0])] }),
        ("maxUnpool3", { x in let r = try x[0].maxPoolWithIndices(2); return [try r.y.maxUnpool(r.indices, like: x[0])] }),
        ("hinge", { [try $0[0].hinge($0[1])] }), ("cosineDistance", { [try $0[0].cosineDistance($0[1])] }),
        ("topK", { x in let r = try x[0].topK(3); return [r.values, r.indices] }), ("argmax", { [try $0[0].argmax(1)] }),
        ("oneHot", { [try $0[0].oneHot(6)] }), ("boxDecode", { [try $0[0].boxDecode($0[1], weights: [10, 10, 5, 5])] }),
        ("crossEntropy", { [try $0[0].crossEntropy($0[1])] }),
        ("crossEntropySmooth", { [try $0[0].crossEntropy($0[1], weights: $0[2], smoothing: 0.1)] }),
        ("crossEntropyImage", { [try $0[0].crossEntropy($0[1], reduction: .none)] }),
        ("meanSquaredError", { [try $0[0].meanSquaredError($0[1])] }),
        ("meanAbsoluteError", { [try $0[0].meanAbsoluteError($0[1], reduction: .sum)] }),
        ("huber", { [try $0[0].huber($0[1], delta: 0.5)] }),
        ("binaryCrossEntropy", { [try $0[0].binaryCrossEntropy($0[1])] }),
        ("klDivergence", { [try $0[0].klDivergence($0[1])] }),
        ("cosineSimilarity", { [try $0[0].cosineSimilarity($0[1])] }),
        ("l1Distance", { [try $0[0].l1Distance($0[1])] }),
        ("l2Distance", { [try $0[0].l2Distance($0[1])] }),
        ("stack", { [try $0[0].stack($0[1], axis: 1)] }),
        ("maskedConvA", { [try $0[0].maskedConv(3, kernel: 5, mask: .a)] }),
        ("maskedConvB", { [try $0[0].maskedConv(3, kernel: [1, 3])] }),
        ("maskedConvColours", { [try $0[0].maskedConv(6, kernel: 3, mask: .a, colours: 2)] }),
    ]

    @Test(arguments: layers.map(\.name)) func agreesWithPyTorch(_ name: String) throws {
        guard let layer = Self.layers.first(where: { $0.name == name }) else { throw DLCError("there is no layer \(name)") }
        #expect(try LayerReferences.read.get().difference(name, layer.build) < 2e-6)
    }

    @Test func everyReferenceIsCompared() throws {
        #expect(Set(try LayerReferences.read.get().cases.keys) == Set(Self.layers.map(\.name)))
    }
}
