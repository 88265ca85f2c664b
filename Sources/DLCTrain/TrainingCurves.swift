/// A training's metrics over its epochs, a panel for each.
public struct TrainingCurves: Sendable {
    public let panels: [Plot]

    /// - Parameter monitored: whose best epoch is marked.
    public init(_ history: [EpochRecord], _ metrics: [String], _ monitored: Metric) {
        let best = history.last { $0.isBest }
        panels = metrics.map { name in
            func series(_ title: String, _ values: (EpochRecord) -> [NamedValue]) -> Plot.Series {
                Plot.Series(title, history.compactMap { record in
                    values(record).first { $0.name == name }.map { (Double(record.epoch), $0.value) }
                })
            }
            let all = [series("training", \.training), series("validation", \.validation)].filter { !$0.points.isEmpty }
            var markers: [Plot.Marker] = []
            if name == monitored.name, let best, let value = best.value(of: monitored), value.isFinite {
                markers = [Plot.Marker(x: Double(best.epoch), y: value, label: "best")]
            }
            return Plot(name, xLabel: "epoch", series: all, markers: markers)
        }
    }

    public var svg: String { LinePlot("", panels).svg }
}
