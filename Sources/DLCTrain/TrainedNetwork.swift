import DLC
import DLCData
import DLCModel
import DLCTensorFiles

/// The plain network that a training leaves: what `predict` says, the weights as constants.
public enum TrainedNetwork {
    /// - Parameters:
    ///   - weights: a file with all parameters, such as a run's `best.safetensors`.
    ///   - metadata: what the data have to say to whoever runs it.
    /// - Returns: nil where the training has no `predict`.
    /// - Throws: `WeightMismatch` where the weights are another network's.
    public static func graph(_ path: String, _ file: ModelOptions, weights: String, metadata: [String: String]) throws -> Graph? {
        guard try Compiler.training(path, file).prediction != nil else { return nil }
        var file = file
        (file.program, file.weights, file.renames, file.drawn) = (Compiler.prediction, weights, [], [])
        file.warn = { _ in }
        var graph = try Compiler.load(path, file)
        graph.metadata.merge(metadata) { said, _ in said }
        return graph
    }

    /// What data say in a network's metadata: means and deviations of what was normalised, classes, vocabularies.
    public static func metadata(_ data: any Dataset, _ normalisation: Normalisation) -> [String: String] {
        var pairs = normalisation.metadata.merging(data.encoding.metadata) { first, _ in first }
        if !data.classNames.isEmpty {
            // Names with commas stand on lines of their own; a line end within a name would be taken for the next.
            let names = data.classNames.map { String($0.map { $0.isNewline ? " " : $0 }) }
            pairs["labels"] = names.joined(separator: names.contains { $0.contains(",") } ? "\n" : ",")
        }
        return pairs
    }
}
