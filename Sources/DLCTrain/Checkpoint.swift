import DLC
import DLCModel
import DLCTensorFiles

/// Where a training stands, and all that it needs to go on as if nothing had happened.
///
/// In a file it is a `.safetensors` of the states by name: a weight file of the training's parameters too. The rest is text under
/// `__metadata__`.
struct Checkpoint: Sendable {
    var states: [String: Tensor]
    /// Updates so far.
    var step: Int
    /// The epoch that goes on, from 0, and how many of its batches are done.
    var epoch: Int
    var batch: Int
    /// Sums over these batches.
    var means: MetricMeans
    /// Seconds that the epoch has taken.
    var seconds: Double
    var history: [EpochRecord]
    /// What the rest of the run depends on, such as the size of a batch: who goes on must have the same.
    var identity: [String: String]
    /// How the run was begun, for `--resume`.
    var arguments: [String] = []

    func write(to path: String) throws {
        let names = states.keys.sorted()
        var metadata: [String: String] = [
            "format": "pt", "dlc.step": "\(step)", "dlc.epoch": "\(epoch)", "dlc.batch": "\(batch)",
            "dlc.metrics": means.names.joined(separator: "\n"),
            "dlc.means": means.text, "dlc.seconds": "\(seconds)", "dlc.history": HistoryText.csv(history, means.names),
            "dlc.arguments": arguments.joined(separator: "\n"),
        ]
        for (name, value) in identity { metadata["dlc.is.\(name)"] = value }
        try Staging.file(path) { temporary in
            let entries = names.compactMap { name in states[name].map { Safetensors.Entry(name: name, type: $0.type, shape: $0.shape) } }
            try Safetensors.write(entries, metadata: metadata, to: temporary) { index in
                guard let tensor = states[entries[index].name] else { throw DLCError("there is no \(entries[index].name)") }
                return tensor
            }
        }
    }

    /// - Throws: where the file cannot be read or is no checkpoint.
    init(contentsOf path: String) throws {
        self = try located(path) {
            let file = try Safetensors(contentsOf: path)
            func text(_ name: String) throws -> String {
                guard let value = file.metadata["dlc.\(name)"] else {
                    throw DLCError("is no checkpoint of a training: it does not say its \(name)")
                }
                return value
            }
            func number(_ name: String) throws -> Int {
                guard let value = Int(try text(name)), value >= 0 else {
                    throw DLCError("is damaged: \(name) is '\(try text(name).printable(most: 40))'")
                }
                return value
            }
            let metrics = try text("metrics").split(separator: "\n").map(String.init)
            guard let seconds = Double(try text("seconds")) else {
                throw DLCError("is damaged: seconds are '\(try text("seconds").printable(most: 40))'")
            }
            var states: [String: Tensor] = [:]
            for (index, entry) in file.entries.enumerated() { states[entry.name] = try file.tensor(at: index) }
            var identity: [String: String] = [:]
            for (name, value) in file.metadata where name.hasPrefix("dlc.is.") { identity[String(name.dropFirst("dlc.is.".count))] = value }
            return Checkpoint(
                states: states, step: try number("step"), epoch: try number("epoch"), batch: try number("batch"),
                means: try MetricMeans(metrics, text: try text("means")), seconds: seconds,
                history: try HistoryText.records(text("history"), metrics),
                identity: identity,
                arguments: try text("arguments").split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    init(
        states: [String: Tensor], step: Int, epoch: Int, batch: Int, means: MetricMeans, seconds: Double, history: [EpochRecord],
        identity: [String: String], arguments: [String] = []
    ) {
        (self.states, self.step, self.epoch, self.batch) = (states, step, epoch, batch)
        (self.means, self.seconds, self.history, self.identity, self.arguments) = (means, seconds, history, identity, arguments)
    }

    /// - Throws: naming the first thing in which a run that shall go on differs.
    func check(identity wanted: [String: String]) throws {
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
            let found = identity[name] ?? "nothing"
            guard found == value else {
                throw DLCError("was trained with \(name) \(found.printable()), to go on needs the same; found \(value.printable())")
            }
        }
    }
}

/// Epochs as comma-separated values, numbers in the shortest form that gives them again.
enum HistoryText {
    static func csv(_ history: [EpochRecord], _ metrics: [String]) -> String {
        let hasValidation = history.contains { !$0.validation.isEmpty }
        var lines = [
            (["epoch", "step", "seconds", "best"] + metrics + (hasValidation ? metrics.map { "validation_\($0)" } : [])).joined(
                separator: ",")
        ]
        for record in history {
            var cells = ["\(record.epoch)", "\(record.step)", "\(record.seconds)", record.isBest ? "1" : "0"]
            cells += record.training.map { "\($0.value)" }
            if hasValidation { cells += record.validation.isEmpty ? metrics.map { _ in "" } : record.validation.map { "\($0.value)" } }
            lines.append(cells.joined(separator: ","))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// - Throws: where the text is not what `csv` writes for these metrics.
    static func records(_ text: String, _ metrics: [String]) throws -> [EpochRecord] {
        try text.split(separator: "\n").dropFirst().enumerated().map { row, line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let columns = [4 + metrics.count, 4 + 2 * metrics.count]
            guard columns.contains(cells.count), let epoch = Int(cells[0]), let step = Int(cells[1]), let seconds = Double(cells[2]) else {
                throw DLCError("is damaged: epoch \(row + 1) of its history is '\(String(line).printable(most: 80))'")
            }
            func values(from first: Int) -> [NamedValue] {
                guard first < cells.count, !cells[first].isEmpty else { return [] }
                return metrics.enumerated().map { NamedValue($1, Double(cells[first + $0]) ?? .nan) }
            }
            return EpochRecord(
                epoch: epoch, step: step, training: values(from: 4), validation: values(from: 4 + metrics.count), seconds: seconds,
                isBest: cells[3] == "1")
        }
    }
}
