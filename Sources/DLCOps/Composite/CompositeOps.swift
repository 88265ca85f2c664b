import DLCGraph

/// ONNX operators that are read as others, so that they need no kernel; nothing is written under their names.
enum CompositeOps {
    static let mappings: [ONNXMapping] = [
        reading("Einsum", Einsum.read),
        reading("RandomUniform", RandomTensors.readUniform),
        reading("RandomUniformLike", RandomTensors.readUniform),
        reading("RandomNormal", RandomTensors.readNormal),
        reading("RandomNormalLike", RandomTensors.readNormal),
        reading("Bernoulli", RandomTensors.readBernoulli),
        reading("TfIdfVectorizer", TermFrequencies.read),
        reading("QLinearConv", QuantizedLayers.readLinearConvolution),
        reading("QLinearMatMul", QuantizedLayers.readLinearProduct),
        reading("DynamicQuantizeLinear", DynamicQuantization.read),
        reading("Multinomial", RandomTensors.readMultinomial),
        reading("RotaryEmbedding", RotaryEmbedding.read),
        reading("LinearAttention", LinearAttention.read),
        reading("CausalConvWithState", CausalConvolution.read),
        reading("SwiGLU", GatedActivations.readSwiGLU),
        reading("Shrink", GatedActivations.readShrink),
        reading("Scale", FirstOperators.readScale),
        reading("Affine", FirstOperators.readAffine),
        reading("ScaledTanh", FirstOperators.readScaledTanh),
        reading("ParametricSoftplus", FirstOperators.readParametricSoftplus),
        reading("ImageScaler", FirstOperators.readImageScaler),
        reading("Crop", FirstOperators.readCrop),
        reading("CenterCropPad", CenterCropPad.read),
        reading("CumProd", CumulativeProduct.read),
        reading("TensorScatter", TensorScatter.read),
        reading("MaxUnpool", Unpooling.readMaxUnpool),
        reading("AffineGrid", AffineGrid.read),
        reading("GridSample", GridSample.read),
        reading("DeformConv", RegionSampling.readDeformConv),
        reading("DFT", FourierTransform.readDFT),
        reading("OptionalHasElement", OptionalValues.readHasElement),
        reading("OptionalGetElement", OptionalValues.readGetElement),
        reading("STFT", FourierTransform.readSTFT),
        reading("MelWeightMatrix", SmallMatrices.readMelWeights),
        reading("Adagrad", domain: "ai.onnx.preview.training", Optimizers.readAdagrad),
        reading("Adam", domain: "ai.onnx.preview.training", Optimizers.readAdam),
        reading("Momentum", domain: "ai.onnx.preview.training", Optimizers.readMomentum),
    ]

    private static func reading(
        _ opType: String, domain: String = "", _ read: @escaping @Sendable (inout ONNXReader) throws -> [Value]
    ) -> ONNXMapping {
        ONNXMapping(opType, domain: domain, read: read, write: { throw DLCError("\($0.op.name) is not written as \(opType)") })
    }
}
