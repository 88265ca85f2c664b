import DLCGraph

/// Operators of the domain com.microsoft, which ONNX Runtime's optimisers and the tools around them leave in files, read as
/// others (contract: ContribOperators.md of ONNX Runtime); nothing is written under their names.
enum ContribOps {
    static let mappings: [ONNXMapping] = [
        reading("BiasGelu", ContribActivations.readBiasGelu),
        reading("FastGelu", ContribActivations.readFastGelu),
        reading("QuickGelu", ContribActivations.readQuickGelu),
        reading("BiasSplitGelu", ContribActivations.readBiasSplitGelu),
        reading("BiasAdd", ContribActivations.readBiasAdd),
        reading("GatedAdd", GatedOperators.readGatedAdd),
        reading("ScaledSiLU", GatedOperators.readScaledSiLU),
        reading("GatedRMSNorm", GatedOperators.readGatedNorm),
        reading("BranchwiseRMSNorm", GatedOperators.readBranchNorm),
        reading("LinearAttentionGate", GatedOperators.readAttentionGate),
        reading("LinearAttention", LinearAttention.read),
        reading("CausalConvWithState", CausalConvolution.read),
        reading("MoE", MixtureOfExperts.read),
        reading("QMoE", MixtureOfExperts.readQuantized),
        reading("ExpandDims", ContribMovement.readExpandDims),
        reading("UnfoldTensor", ContribMovement.readUnfold),
        reading("NGramRepeatBlock", ContribMovement.readNGramRepeat),
        reading("TorchEmbedding", ContribMovement.readEmbedding),
        reading("Unique", ContribMovement.readUnique),
        reading("CropAndResize", ContribMovement.readCropAndResize),
        reading("FusedMatMul", ContribProducts.readMatMul),
        reading("TransposeMatMul", ContribProducts.readMatMul),
        reading("FusedMatMulActivation", ContribProducts.readMatMulActivation),
        reading("MatMulInteger16", ContribProducts.readShortProduct),
        reading("FusedGemm", ContribProducts.readGemm),
        reading("GemmFastGelu", ContribProducts.readGemmFastGelu),
        reading("FusedConv", ContribProducts.readConv),
        reading("NhwcFusedConv", ContribProducts.readFusedChannelsLast),
        reading("ConvTransposeWithDynamicPads", ContribProducts.readConvTranspose),
        reading("MatMulNBits", PackedProduct.read),
        reading("MatMulBnb4", PackedProduct.readBitsAndBytes),
        reading("GatherBlockQuantized", QuantizedTables.readBlocks),
        reading("SkipLayerNormalization", ContribNormalization.readSkipLayer),
        reading("SkipSimplifiedLayerNormalization", ContribNormalization.readSkipRootMeanSquare),
        reading("EmbedLayerNormalization", ContribNormalization.readEmbedding),
        reading("QEmbedLayerNormalization", ContribNormalization.readQuantizedEmbedding),
        reading("GroupNorm", ContribNormalization.readGroup),
        reading("SkipGroupNorm", ContribNormalization.readSkipGroup),
        reading("BiasSoftmax", ContribNormalization.readBiasSoftmax),
        reading("SimplifiedLayerNormalization", ContribNormalization.readRootMeanSquare),
        // ONNX Runtime registers this one in the standard domain.
        reading("SimplifiedLayerNormalization", domain: "", ContribNormalization.readRootMeanSquare),
        reading("Attention", ContribAttention.readSelfAttention),
        reading("MultiHeadAttention", ContribAttention.readMultiHead),
        reading("DecoderMaskedMultiHeadAttention", ContribAttention.readDecoder),
        reading("GroupQueryAttention", GroupQueryAttention.read),
        reading("SparseAttention", GroupQueryAttention.readSparse),
        reading("RotaryEmbedding", ContribAttention.readRotary),
        reading("MRotaryEmbedding", PositionTables.readRotary),
        reading("RelativePositionBias", PositionTables.readBias),
        reading("GatedRelativePositionBias", PositionTables.readGatedBias),
        reading("GridSample", GridSample.read),
        reading("QLinearAdd", QuantizedOperators.readAdd),
        reading("QLinearMul", QuantizedOperators.readMul),
        reading("MulInteger", QuantizedOperators.readMulInteger),
        reading("ReduceSumInteger", QuantizedOperators.readReduceSumInteger),
        reading("QLinearSigmoid", QuantizedOperators.readSigmoid),
        reading("QLinearLeakyRelu", QuantizedOperators.readLeakyRelu),
        reading("QLinearAveragePool", QuantizedOperators.readAveragePool),
        reading("QLinearGlobalAveragePool", QuantizedOperators.readGlobalAveragePool),
        reading("NhwcMaxPool", QuantizedOperators.readMaxPool),
        reading("QLinearReduceMean", QuantizedOperators.readReduceMean),
        reading("QLinearConcat", QuantizedOperators.readConcat),
        reading("QLinearSoftmax", QuantizedOperators.readSoftmax),
        reading("QLinearWhere", QuantizedOperators.readWhere),
        reading("QLinearConv", ContribProducts.readQuantizedConv),
        reading("QGemm", QuantizedProducts.readGemm),
        reading("MatMulIntegerToFloat", QuantizedProducts.readToFloat),
        reading("DynamicQuantizeMatMul", QuantizedProducts.readDynamic),
        reading("DynamicQuantizeLSTM", QuantizedProducts.readLSTM),
        reading("QAttention", QuantizedProducts.readAttention),
        reading("NhwcConv", ContribProducts.readChannelsLast),
        standard("Pad", opset: 13),
        standard("GatherND", opset: 11),
        standard("Range", opset: 11),
        standard("Trilu", opset: 14),
    ]

    private static func reading(
        _ opType: String, domain: String = "com.microsoft", _ read: @escaping @Sendable (inout ONNXReader) throws -> [Value]
    ) -> ONNXMapping {
        ONNXMapping(opType, domain: domain, read: read, write: { throw DLCError("\($0.op.name) is not written as \(opType)") })
    }

    /// An operator that means what the standard one of that name does.
    private static func standard(_ opType: String, opset: Int) -> ONNXMapping {
        reading(opType) { reader in
            let mapping = MovementOps.definitions.flatMap(\.onnx).first { $0.opType == opType && $0.domain.isEmpty }
            guard let mapping else { throw DLCError("\(opType) is not known") }
            return try reader.delegate(mapping.read, operands: reader.operands, attributes: reader.attributes, opset: opset)
        }
    }
}

extension ONNXReader {
    /// What another reading makes of these operands and attributes.
    mutating func delegate(
        _ read: (inout ONNXReader) throws -> [Value], operands: [Value?], attributes: [String: AttributeValue], opset: Int
    ) throws -> [Value] {
        var inner = ONNXReader(
            builder: builder, opType: opType, opset: opset, name: name, operands: operands, attributes: attributes,
            resultNames: resultNames)
        let results = try read(&inner)
        builder = inner.builder
        return results
    }
}
