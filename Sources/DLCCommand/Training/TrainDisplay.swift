import DLC
import DLCTrain

/// Shows how a training goes.
protocol TrainDisplay {
    func show(_ event: TrainingEvent) throws
    /// Gives the terminal back, before anything else is said.
    func close()
    func finish(_ outcome: TrainingOutcome, _ folder: RunFolder, _ hasNetwork: Bool)
}

extension TrainDisplay {
    func close() {}
}

/// Lines for people and for logs: the overview, a row after each epoch, and in long epochs how far they are.
class PlainDisplay: TrainDisplay {
    private var table: EpochRows?
    private var overview: TrainingOverview?
    private var said = ContinuousClock.now
    let rate: WorkRate

    init(_ trainer: Trainer) { rate = WorkRate() }

    func show(_ event: TrainingEvent) throws {
        switch event {
        case .began(let overview):
            self.overview = overview
            for line in TrainingText.overview(overview) { print(line) }
            Output.flush()
        case .step(let report):
            rate.add(report)
            step(report)
        case .watched(let watch): for line in TrainingText.watch(watch) { print(line) }
        case .validating(let batch, let count): validating(batch, count)
        case .epoch(let record):
            clear()
            let rows = table ?? EpochRows(record)
            if table == nil { print(rows.titles) }
            table = rows
            print(rows.row(record))
            Output.flush()
        case .saved: break
        }
    }

    func finish(_ outcome: TrainingOutcome, _ folder: RunFolder, _ hasNetwork: Bool) {
        clear()
        for line in TrainingText.ending(outcome, folder, hasNetwork) { print(line) }
    }

    /// Says every half minute where a long epoch is.
    func step(_ report: StepReport) {
        guard said.duration(to: .now) > .seconds(30) else { return }
        said = .now
        print(TrainingText.step(report, overview, rate, bar: nil))
        Output.flush()
    }

    func validating(_ batch: Int, _ count: Int) {}
    func clear() {}
    func close() { clear() }
    fileprivate var known: TrainingOverview? { overview }
}

/// The same, with one line that is rewritten while an epoch goes on.
final class LineDisplay: PlainDisplay {
    private var drawn = ContinuousClock.now - .seconds(1)
    private var last: StepReport?

    override func step(_ report: StepReport) {
        last = report
        draw(Double(report.batch) / Double(max(1, report.batches)), report)
    }

    override func validating(_ batch: Int, _ count: Int) {
        if let last { draw(Double(batch) / Double(max(1, count)), last, validating: true) }
    }

    override func clear() { Console.put("\r\u{1B}[K") }

    private func draw(_ share: Double, _ report: StepReport, validating: Bool = false) {
        guard drawn.duration(to: .now) > .milliseconds(80) else { return }
        drawn = .now
        let text = TrainingText.step(report, known, rate, bar: TrainingText.bar(share, validating: validating))
        Console.put("\r\(text.prefix(max(20, Console.width - 1)))\u{1B}[K")
    }
}

/// What was done lately, for rates that people read.
final class WorkRate {
    private(set) var secondsPerStep = 0.0
    private var examples = 0.0

    func add(_ report: StepReport) {
        // The first steps of a program are slower than the rest; the mean forgets them.
        let weight = secondsPerStep == 0 ? 1 : 0.05
        secondsPerStep += (report.seconds - secondsPerStep) * weight
        examples += (Double(report.examples) - examples) * weight
    }

    var examplesPerSecond: Double { secondsPerStep > 0 ? examples / secondsPerStep : 0 }
}

/// The table of epochs, a row at a time.
struct EpochRows {
    private let names: [String]
    private let hasValidation: Bool
    private let width = 11

    init(_ record: EpochRecord) {
        names = record.training.map(\.name)
        hasValidation = !record.validation.isEmpty
    }

    private func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    private func columns(_ cells: [String]) -> String { cells.map { padded($0, max(width, $0.count + 2)) }.joined() }
    private func wide(_ name: String, _ part: String) -> String { part.isEmpty ? name : "\(part) \(name)" }

    var titles: String {
        let judged = hasValidation ? names.map { wide($0, "val") } : []
        return padded("epoch", 5) + padded("step", 9) + columns(names + judged) + padded("seconds", 10)
    }

    func row(_ record: EpochRecord) -> String {
        func cells(_ values: [NamedValue], _ part: String) -> [String] {
            values.map { padded(Format.short($0.value), wide($0.name, part).count) }
        }
        let numbers = cells(record.training, "") + cells(record.validation, "val")
        return padded("\(record.epoch)", 5) + padded("\(record.step)", 9) + columns(numbers) + padded(Format.fixed(record.seconds, 1), 10)
            + (record.isBest ? "  best" : "")
    }
}

/// A training in words.
enum TrainingText {
    static func overview(_ overview: TrainingOverview) -> [String] {
        var lines: [String] = []
        let frozen = overview.frozen > 0 ? ", \(Format.grouped(overview.frozen)) of them frozen" : ""
        lines.append(
            "training    \(overview.name): \(Format.grouped(overview.parameters)) parameters in \(overview.tensors) tensors\(frozen)")
        for (part, text) in zip(["data", "validation"], overview.data) {
            lines.append(part + String(repeating: " ", count: 12 - part.count) + text)
        }
        if !overview.classes.isEmpty {
            let shown = overview.classes.prefix(12).map { "\($0.name.printable(most: 24)) \($0.count)" }.joined(separator: ", ")
            lines.append("classes     \(overview.classes.count): \(shown)\(overview.classes.count > 12 ? ", …" : "")")
        }
        lines.append(
            "steps       \(Format.grouped(overview.steps)), \(Format.grouped(overview.stepsPerEpoch)) an epoch, batches of \(overview.batch)"
                + (overview.leftOut > 0 ? "; \(Format.grouped(overview.leftOut)) examples of an epoch are left out" : ""))
        let work = overview.operations.map { ", \(Format.count($0))FLOP a step" } ?? ""
        lines.append(
            "memory      \(overview.peak.map { "\(Format.bytes($0)) at most, " } ?? "")\(Format.bytes(overview.states)) of states\(work)")
        if overview.resumedAt > 0 { lines.append("goes on     after step \(Format.grouped(overview.resumedAt))") }
        return lines
    }

    static func step(_ report: StepReport, _ overview: TrainingOverview?, _ rate: WorkRate, bar: String?) -> String {
        var parts = ["epoch \(report.epoch)"]
        if let bar { parts.append(bar) }
        parts.append("\(report.batch)/\(report.batches)")
        parts += report.metrics.map { "\($0.name) \(Format.short($0.value))" }
        if let rate = report.rate { parts.append("rate \(Format.short(rate))") }
        if rate.secondsPerStep > 0 {
            parts.append("\(Format.grouped(Int(rate.examplesPerSecond))) examples/s")
            if let operations = overview?.operations {
                parts.append("\(Format.short(Double(operations) / rate.secondsPerStep / 1e9)) GFLOP/s")
            }
            if let overview { parts.append("\(time(Double(overview.steps - report.step) * rate.secondsPerStep)) left") }
        }
        return parts.joined(separator: "  ")
    }

    static func watch(_ watch: LayerWatch) -> [String] {
        var lines = watch.dead.map { "       dead: \(Format.fixed(100 * $0.zeros, 1)) % of \($0.layer) (\($0.summary)) is 0" }
        if let (largest, smallest) = watch.gradients {
            lines.append(
                "       gradients from \(Format.short(largest.rms)) (\(largest.layer)) to \(Format.short(smallest.rms)) (\(smallest.layer))"
            )
        }
        return lines
    }

    static func bar(_ share: Double, validating: Bool) -> String {
        let width = 20
        let full = min(width, max(0, Int((share * Double(width)).rounded(.down))))
        let mark = validating ? "╍" : "━"
        return String(repeating: mark, count: full) + String(repeating: "─", count: width - full)
    }

    /// `0:12`, `1:02:03`.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "–" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return whole < 3600 ? "\(whole / 60):\(two(whole % 60))" : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }

    static func ending(_ outcome: TrainingOutcome, _ folder: RunFolder, _ hasNetwork: Bool) -> [String] {
        var lines: [String] = []
        switch outcome.reason {
        case .finished: break
        case .patience(let epochs): lines.append("ended: not better for \(epochs) epochs")
        case .stopped: lines.append("stopped after step \(outcome.step); go on with: dlc train --resume \(folder.path)")
        }
        if let best = outcome.best {
            let values = (best.validation.isEmpty ? best.training : best.validation).map { "\($0.name) \(Format.short($0.value))" }.joined(
                separator: ", ")
            lines.append("best        epoch \(best.epoch): \(values), in \(folder.bestPath)")
            if hasNetwork { lines.append("network     \(folder.networkPath), for dlc run, evaluate and apps") }
        }
        return lines
    }
}

/// A line of JSON for each event.
struct JSONDisplay: TrainDisplay {
    private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
    private func object(_ values: [NamedValue]) -> String {
        "{" + values.map { "\(Format.json($0.name)): \(number($0.value))" }.joined(separator: ", ") + "}"
    }

    func show(_ event: TrainingEvent) throws {
        switch event {
        case .began(let overview):
            let classes = overview.classes.map { "\(Format.json($0.name)): \($0.count)" }.joined(separator: ", ")
            let data = overview.data.map(Format.json).joined(separator: ", ")
            print(
                """
                {"event": "began", "training": \(Format.json(overview.name)), "parameters": \(overview.parameters), "frozen": \(overview.frozen), \
                "data": [\(data)], "classes": {\(classes)}, "batch": \(overview.batch), "stepsPerEpoch": \(overview.stepsPerEpoch), \
                "leftOut": \(overview.leftOut), \
                "steps": \(overview.steps), "peak": \(overview.peak.map { "\($0)" } ?? "null"), "states": \(overview.states), \
                "operations": \(overview.operations.map { "\($0)" } ?? "null"), "resumedAt": \(overview.resumedAt)}
                """)
        case .step(let report):
            print(
                """
                {"event": "step", "step": \(report.step), "epoch": \(report.epoch), "batch": \(report.batch), "loss": \(number(report.loss)), \
                "rate": \(report.rate.map(number) ?? "null"), \
                "means": \(object(report.metrics)), "examples": \(report.examples), "seconds": \(report.seconds)}
                """)
        case .watched(let watch):
            let rows = watch.rows.map { row in
                "{\"forward\": \(row.isForward), \"layer\": \(Format.json(row.layer)), \"operator\": \(Format.json(row.summary)), \"rms\": \(number(row.rms)), \"zeros\": \(row.zeros), \"spoiled\": \(row.spoiled)}"
            }
            print(
                "{\"event\": \"watched\", \"epoch\": \(watch.epoch), \"step\": \(watch.step), \"rows\": [\(rows.joined(separator: ", "))]}")
        case .validating: return
        case .epoch(let record):
            print(
                """
                {"event": "epoch", "epoch": \(record.epoch), "step": \(record.step), "training": \(object(record.training)), \
                "validation": \(object(record.validation)), "seconds": \(record.seconds), "best": \(record.isBest)}
                """)
        case .saved(let path): print("{\"event\": \"saved\", \"path\": \(Format.json(path))}")
        }
        Output.flush()
    }

    func finish(_ outcome: TrainingOutcome, _ folder: RunFolder, _ hasNetwork: Bool) {
        let reason =
            switch outcome.reason {
            case .finished: "finished"
            case .patience: "early stopping"
            case .stopped: "stopped"
            }
        print(
            "{\"event\": \"ended\", \"reason\": \"\(reason)\", \"step\": \(outcome.step), \"bestEpoch\": \(outcome.best.map { "\($0.epoch)" } ?? "null"), \"folder\": \(Format.json(folder.path)), \"network\": \(hasNetwork)}"
        )
    }
}
