/// A set of axes with curves, for `LinePlot` and `TerminalPlot` alike.
public struct Plot: Sendable {
    public struct Series: Sendable {
        public var name: String
        /// In the order in which they are joined. A point with a coordinate that is no number or infinite, or that a logarithmic
        /// axis does not have, interrupts the line.
        public var points: [(x: Double, y: Double)]
        /// Whether points are marks of their own, unjoined.
        public var isScattered = false

        public init(_ name: String, _ points: [(x: Double, y: Double)], isScattered: Bool = false) {
            (self.name, self.points, self.isScattered) = (name, points, isScattered)
        }
    }

    /// A point that is pointed out, such as the best epoch.
    public struct Marker: Sendable {
        public var x: Double
        public var y: Double
        public var label: String

        public init(x: Double, y: Double, label: String) { (self.x, self.y, self.label) = (x, y, label) }
    }

    public var title: String
    public var xLabel: String
    public var series: [Series]
    public var markers: [Marker]
    public var xIsLogarithmic: Bool
    public var yIsLogarithmic: Bool
    /// Where set, the vertical axis' ends in place of those of the points; what is beyond is cut off.
    public var yRange: ClosedRange<Double>?

    public init(
        _ title: String, xLabel: String = "", series: [Series], markers: [Marker] = [], xIsLogarithmic: Bool = false,
        yIsLogarithmic: Bool = false, yRange: ClosedRange<Double>? = nil
    ) {
        (self.title, self.xLabel, self.series, self.markers) = (title, xLabel, series, markers)
        (self.xIsLogarithmic, self.yIsLogarithmic, self.yRange) = (xIsLogarithmic, yIsLogarithmic, yRange)
    }

    /// The axes for a room of so many ticks.
    func axes(xTicks: Int, yTicks: Int) -> (x: Axis, y: Axis) {
        let drawn = series.flatMap { $0.points } + markers.map { ($0.x, $0.y) }
        let shown = drawn.filter { isDrawn($0.0, xIsLogarithmic) && isDrawn($0.1, yIsLogarithmic) }
        return (
            Axis(shown.map(\.0), isLogarithmic: xIsLogarithmic, ticks: xTicks, isTight: true),
            Axis(
                yRange.map { [$0.lowerBound, $0.upperBound] } ?? shown.map(\.1), isLogarithmic: yIsLogarithmic, ticks: yTicks,
                isTight: yRange != nil)
        )
    }

    /// The drawn runs of a series as places of 0…1 on both axes.
    func runs(_ series: Series, _ axes: (x: Axis, y: Axis)) -> [[(x: Double, y: Double)]] {
        var result: [[(x: Double, y: Double)]] = []
        var run: [(x: Double, y: Double)] = []
        for (x, y) in series.points {
            if isDrawn(x, xIsLogarithmic), isDrawn(y, yIsLogarithmic) {
                run.append((axes.x.place(x), axes.y.place(y)))
            } else if !run.isEmpty {
                result.append(run)
                run = []
            }
        }
        return run.isEmpty ? result : result + [run]
    }

    private func isDrawn(_ value: Double, _ isLogarithmic: Bool) -> Bool { value.isFinite && (!isLogarithmic || value > 0) }
}
