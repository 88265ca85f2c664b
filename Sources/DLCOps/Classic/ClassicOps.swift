import DLCGraph

/// Classic machine learning: the operators of ONNX's domain ai.onnx.ml.
enum ClassicOps {
    static let definitions: [OperatorDefinition] = [
        TreeEnsemble.definition,
        Find.definition,
        SquaredDistances.definition,
        PairwiseCoupling.definition,
    ]

    /// What is read as other operators.
    static let mappings: [ONNXMapping] = [
        reading("ArrayFeatureExtractor", SmallMatrices.readFeatures),
        reading("Binarizer", SmallMatrices.readBinarizer),
        reading("CategoryMapper", LabelMaps.readMapper),
        reading("DictVectorizer", LabelMaps.readDictionary),
        reading("FeatureVectorizer", Preprocessing.readVectorizer),
        reading("Imputer", Preprocessing.readImputer),
        reading("LinearClassifier", LinearModels.readClassifier),
        reading("LinearRegressor", LinearModels.readRegressor),
        reading("Normalizer", Preprocessing.readNormalizer),
        reading("OneHotEncoder", LabelMaps.readOneHot),
        reading("SVMClassifier", SupportVectors.readClassifier),
        reading("SVMRegressor", SupportVectors.readRegressor),
        reading("Scaler", Preprocessing.readScaler),
        reading("ZipMap", Preprocessing.readZipMap),
    ]

    private static func reading(_ opType: String, _ read: @escaping @Sendable (inout ONNXReader) throws -> [Value]) -> ONNXMapping {
        ONNXMapping(opType, domain: "ai.onnx.ml", read: read, write: { throw DLCError("\($0.op.name) is not written as \(opType)") })
    }
}
