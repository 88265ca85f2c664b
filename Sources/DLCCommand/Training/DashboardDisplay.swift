import DLC
import DLCTrain

/// Fills the terminal with curves while a training goes on; the table of epochs stays behind when it ends.
final class DashboardDisplay: TrainDisplay {
    private var overview: TrainingOverview?
    private var history: [EpochRecord] = []
    /// Losses of single steps, thinned out so that they stay as many as are drawn.
    private var losses: [(x: Double, y: Double)] = []
    private var stride = 1
    private var last: StepReport?
    private var drawn = ContinuousClock.now - .seconds(1)
    private let rate = WorkRate()
    private let metrics: Metric?

    init(_ trainer: Trainer) {
        metrics = trainer.options.monitor ?? trainer.loss
        Console.put("\u{1B}[?1049h\u{1B}[?25l")
    }

    func show(_ event: TrainingEvent) throws {
        switch event {
        case .began(let overview): self.overview = overview
        case .step(let report):
            rate.add(report)
            last = report
            if report.step % stride == 0 { losses.append((Double(report.step), report.loss)) }
            if losses.count > 2000 {
                losses = losses.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
                stride *= 2
            }
            draw(nil)
        case .validating(let batch, let count): draw((batch, count))
        case .epoch(let record):
            history.append(record)
            drawn -= .seconds(1)
            draw(nil)
        case .watched, .saved: break
        }
    }

    func close() { Console.put("\u{1B}[?25h\u{1B}[?1049l") }

    func finish(_ outcome: TrainingOutcome, _ folder: RunFolder, _ hasNetwork: Bool) {
        if let overview { for line in TrainingText.overview(overview) { print(line) } }
        if let first = outcome.history.first {
            let rows = EpochRows(first)
            print(rows.titles)
            for record in outcome.history { print(rows.row(record)) }
        }
        for line in TrainingText.ending(outcome, folder, hasNetwork) { print(line) }
    }

    private func draw(_ validating: (batch: Int, of: Int)?) {
        guard drawn.duration(to: .now) > .milliseconds(200), let overview else { return }
        drawn = .now
        let (width, height) = (Console.width, Console.height)
        var lines = TrainingText.overview(overview)
        if let last {
            let share = validating.map { Double($0.batch) / Double(max(1, $0.of)) } ?? Double(last.batch) / Double(max(1, last.batches))
            lines += ["", TrainingText.step(last, overview, rate, bar: TrainingText.bar(share, validating: validating != nil))]
        }
        lines.append("")
        let plots = self.plots
        let rows = max(6, (height - lines.count - 1) / max(1, (plots.count + 1) / 2) - 1)
        // Two plots side by side where there is room.
        let columns = width >= 100 && plots.count > 1 ? 2 : 1
        for start in Swift.stride(from: 0, to: plots.count, by: columns) where lines.count + 6 < height {
            let pictures = plots[start..<min(start + columns, plots.count)].map {
                TerminalPlot($0).lines(width: width / columns - 2, height: min(rows, height - lines.count - 1))
            }
            for row in 0..<(pictures.map(\.count).max() ?? 0) {
                lines.append(
                    pictures.map { row < $0.count ? padded($0[row], width / columns) : String(repeating: " ", count: width / columns) }
                        .joined())
            }
        }
        let shown = lines.prefix(height - 1).map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        Console.put("\u{1B}[H\(shown)\u{1B}[J")
    }

    /// A line that takes as many columns on the terminal, colours not counted.
    private func padded(_ line: String, _ width: Int) -> String {
        var (shown, isEscape) = (0, false)
        for character in line {
            if character == "\u{1B}" { isEscape = true } else if isEscape { isEscape = !character.isLetter } else { shown += 1 }
        }
        return line + String(repeating: " ", count: max(0, width - shown))
    }

    private var plots: [Plot] {
        var plots = [Plot("loss of steps", xLabel: "step", series: [Plot.Series("loss", losses)])]
        if let first = history.first, history.count > 1, let metrics {
            plots += TrainingCurves(history, first.training.map(\.name), metrics).panels
        }
        return plots
    }
}
