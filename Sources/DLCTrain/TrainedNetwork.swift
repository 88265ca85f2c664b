import DLC
import DLCData
import DLCModel
import DLCTensorFiles

/// The plain network that a training leaves: what `predict` says, the weights as constants.
public enum TrainedNetwork {
    /// - Parameters:
    ///   - weights: a file with all parameters, such as a run's `best.safetensors`, which says too what the data were.
    /// - Returns: nil where the training has no `predict`.
    /// - Throws: `WeightMismatch` where the weights are another network's.
    public static func graph(_ path: String, _ file: ModelOptions, weights: String) throws -> Graph? {
        guard try Compiler.training(path, file).prediction != nil else { return nil }
        var file = file
        (file.program, file.weights, file.renames, file.drawn) = (Compiler.prediction, weights, [], [])
        file.warn = { _ in }
        return try Compiler.load(path, file)
    }

    /// What data say in a network's metadata: means and deviations of what was normalised, classes, vocabularies.
    public static func metadata(_ data: any Dataset, _ normalisation: Normalisation) -> [String: String] {
        normalisation.metadata.merging(data.encoding.metadata) { first, _ in first }
    }
}
