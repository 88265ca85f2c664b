import DLC
import DLCTensorFiles

/// The folder of a run: checkpoints and what people look at. Every file is replaced as a whole, so that a kill at any instant leaves
/// the old or the new.
public struct RunFolder: Sendable {
    public let path: String
    /// The command's words, which a continuation repeats.
    public var arguments: [String] = []
    /// What the data say to whoever runs the network: see `TrainedNetwork.metadata`.
    var metadata: [String: String] = [:]

    public init(_ path: String) { self.path = path }

    /// All that a continuation needs.
    public var lastPath: String { "\(path)/last.safetensors" }
    /// Parameters and statistics of the best epoch, by the names of the model.
    public var bestPath: String { "\(path)/best.safetensors" }
    /// The network that the best parameters make, compiled; where the training says what it predicts.
    public var networkPath: String { "\(path)/model.dlc" }
    public var metricsPath: String { "\(path)/metrics.csv" }

    /// Whether there is something to go on from.
    public var holdsCheckpoint: Bool { FilePath.isFile(lastPath) }

    /// The model file that the run keeps to: its own copy; `file` where it has none.
    public func text(of file: String) -> String {
        let copy = "\(path)/model/\(file.split(separator: "/").last ?? "")"
        return FilePath.isFile(copy) ? copy : file
    }

    func checkpoint() throws -> Checkpoint {
        guard FilePath.isFile(lastPath) else { throw DLCError("there is no checkpoint last.safetensors to go on from", at: [path]) }
        return try Checkpoint(contentsOf: lastPath)
    }

    /// The words with which the run in the folder was begun.
    /// - Throws: where there is no checkpoint or it cannot be read.
    public func firstArguments() throws -> [String] { try checkpoint().arguments }

    /// Makes the folder, where there is none, and keeps the model's text in it, below `model`.
    func begin(_ texts: [(path: String, text: String)]) throws {
        try FilePath.makeFolder(path)
        for (name, text) in texts {
            let file = "\(path)/model/\(name)"
            try FilePath.makeFolder(String(FilePath.folder(file).dropLast()))
            try Staging.file(file) { try FileBytes.write(Array(text.utf8), to: $0) }
        }
    }

    func write(_ checkpoint: Checkpoint) throws { try checkpoint.write(to: lastPath) }

    func writeBest(_ weights: [(name: String, tensor: Tensor)]) throws {
        let entries = weights.map { Safetensors.Entry(name: $0.name, type: $0.tensor.type, shape: $0.tensor.shape) }
        try Staging.file(bestPath) {
            try Safetensors.write(entries, metadata: metadata.merging(["format": "pt"]) { $1 }, to: $0) { weights[$0].tensor }
        }
    }

    /// Parameters of the best epoch so far; empty where there was none.
    func bestWeights() throws -> [String: Tensor] {
        guard FilePath.isFile(bestPath) else { return [:] }
        let file = try Safetensors(contentsOf: bestPath)
        var result: [String: Tensor] = [:]
        for (index, entry) in file.entries.enumerated() { result[entry.name] = try located(bestPath) { try file.tensor(at: index) } }
        return result
    }

    /// Adds what an epoch's layers computed to `watch.csv`, in place of what a run that was killed had written of it.
    func write(_ watch: LayerWatch) throws {
        let file = "\(path)/watch.csv"
        let before = FilePath.isFile(file) ? String(decoding: try FileBytes.read(file), as: UTF8.self) : LayerWatch.titles
        let kept = before.split(separator: "\n").filter { Int($0.prefix { $0 != "," }).map { $0 < watch.epoch } ?? true }
        try Staging.file(file) { try FileBytes.write(Array((kept.map { $0 + "\n" }.joined() + watch.csv).utf8), to: $0) }
    }

    /// Writes what people look at after an epoch.
    func report(_ history: [EpochRecord], _ metrics: [String], _ monitored: Metric) throws {
        try Staging.file(metricsPath) { try FileBytes.write(Array(HistoryText.csv(history, metrics).utf8), to: $0) }
        let curves = TrainingCurves(history, metrics, monitored).svg
        try Staging.file("\(path)/curves.svg") { try FileBytes.write(Array(curves.utf8), to: $0) }
    }
}
