import DLC
import DLCData
import DLCModel
import DLCTensorFiles

/// The plain network that a training leaves: what `predict` says, the weights as constants.
public enum TrainedNetwork {
    /// - Parameter weights: a file with all parameters, such as a run's `best.safetensors`, which says too what the data were.
    /// - Returns: nil where the training has no `predict`.
    /// - Throws: `WeightMismatch` where the weights are another network's.
    public static func graph(_ path: String, _ file: ModelOptions, weights: String) throws -> Graph? {
        try graph(Compiler.training(path, file), file, weights: weights)
    }

    public static func graph(_ training: Training, _ file: ModelOptions, weights: String) throws -> Graph? {
        guard training.prediction != nil else { return nil }
        var file = file
        (file.weights, file.renames, file.drawn) = (weights, [], [])
        file.warn = { _ in }
        return try Compiler.network(of: training, file)
    }

    /// What data say in a network's metadata: means and deviations of what was normalised, classes, vocabularies.
    public static func metadata(_ data: any Dataset, _ normalisation: Normalisation) -> [String: String] {
        normalisation.metadata.merging(data.encoding.metadata) { first, _ in first }
    }
}
