import Testing

@testable import DLCTrain

@Suite struct AxisTests {
    private func labels(_ values: [Double], isLogarithmic: Bool = false, ticks: Int = 6, isTight: Bool = false) -> [String] {
        Axis(values, isLogarithmic: isLogarithmic, ticks: ticks, isTight: isTight).ticks.map(\.label)
    }

    @Test func ticksAreRoundNumbersAroundTheValues() {
        #expect(labels([0.13, 2.28]) == ["0", "0.5", "1.0", "1.5", "2.0", "2.5"])
        #expect(labels([0.912, 0.987], ticks: 5) == ["0.90", "0.92", "0.94", "0.96", "0.98", "1.00"])
        #expect(labels([0, 40000], ticks: 5) == ["0", "10k", "20k", "30k", "40k"])
        #expect(labels([-3, 3], ticks: 7) == ["-3", "-2", "-1", "0", "1", "2", "3"])
    }

    @Test func tightAxesEndWithTheValues() {
        let axis = Axis([1, 30], isLogarithmic: false, ticks: 7, isTight: true)
        #expect(axis.place(1) == 0 && axis.place(30) == 1 && axis.ticks.map(\.label) == ["5", "10", "15", "20", "25", "30"])
    }

    @Test func logarithmicTicksAreDecadesOrBetweenThem() {
        #expect(labels([1e-6, 1], isLogarithmic: true) == ["1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"])
        #expect(labels([1, 100], isLogarithmic: true) == ["1", "2", "5", "10", "20", "50", "100"])
        #expect(labels([1e-30, 1e30], isLogarithmic: true).count < 12)
        #expect(!labels([1.01, 1.02], isLogarithmic: true).isEmpty)
    }

    @Test(arguments: [[], [0], [5], [-1e308, 1e308], [1e-320, 2e-320], [1, 1 + 1e-15], [1e17, 1e17 + 16]] as [[Double]])
    func oddValuesHaveAnAxisToo(_ values: [Double]) {
        for isLogarithmic in [false, true] where !isLogarithmic || values.allSatisfy({ $0 > 0 }) {
            let axis = Axis(values, isLogarithmic: isLogarithmic, ticks: 6, isTight: false)
            #expect(axis.low < axis.high && axis.ticks.count <= 100)
            for value in values where abs(value) < 1e300 { #expect(axis.place(value).isFinite) }
        }
    }
}

@Suite struct PlotTests {
    private let curve: Plot = {
        let epochs = (1...20).map(Double.init)
        let train = epochs.map { epoch -> (x: Double, y: Double) in (epoch, 2 / epoch) }
        let validation = epochs.map { epoch -> (x: Double, y: Double) in (epoch, epoch == 7 ? Double.nan : 0.4 + 1.5 / epoch) }
        let series = [Plot.Series("train", train), Plot.Series("validation", validation)]
        return Plot("loss", xLabel: "epoch", series: series, markers: [Plot.Marker(x: 20, y: 0.475, label: "best: 0.475")])
    }()

    @Test func whatIsNoNumberInterruptsALine() {
        let axes = curve.axes(xTicks: 6, yTicks: 6)
        #expect(curve.runs(curve.series[0], axes).map(\.count) == [20])
        #expect(curve.runs(curve.series[1], axes).map(\.count) == [6, 13])
        var logarithmic = curve
        logarithmic.yIsLogarithmic = true
        logarithmic.series = [.init("odd", [(0, 1), (1, 0), (2, -1), (3, .infinity), (4, 2)])]
        #expect(logarithmic.runs(logarithmic.series[0], logarithmic.axes(xTicks: 6, yTicks: 6)).map(\.count) == [1, 1])
    }

    @Test func thinnedCurvesKeepTheirExtremes() {
        var run = (0..<100_000).map { (x: Double($0) / 99_999, y: 0.5) }
        run[54_321].y = 1
        run[54_322].y = 0
        let thin = LinePlot.thinned(run, columns: 300)
        #expect(thin.count <= 4 * 301 && thin.contains { $0.y == 1 } && thin.contains { $0.y == 0 })
        #expect(thin.first?.x == 0 && thin.last?.x == 1)
        #expect(zip(thin, thin.dropFirst()).allSatisfy { $0.x <= $1.x })
    }

    @Test func svgNamesAllAndEscapes() {
        var odd = curve
        odd.title = "a < b & c"
        let svg = LinePlot("run", [curve, odd, Plot("none", series: [])]).svg
        for text in ["train", "validation", "best: 0.475", "a &lt; b &amp; c", "nothing measured yet", "epoch"] {
            #expect(svg.contains(">\(text)<"))
        }
        #expect(svg.components(separatedBy: "<path stroke=").count - 1 == 2 * (3 + 2))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test(arguments: [TerminalPlot.Style.braille, .blocks], [(80, 16), (20, 6), (1, 1), (200, 50)])
    func terminalLinesFit(_ style: TerminalPlot.Style, _ size: (Int, Int)) {
        let lines = TerminalPlot(curve, style: style, isColoured: false).lines(width: size.0, height: size.1)
        #expect(lines.count == max(6, size.1))
        for line in lines { #expect(line.count <= max(20, size.0)) }
    }

    @Test func aDiagonalInBraille() {
        let plot = Plot("", series: [.init("x", [(0, 0), (1, 1)])], yRange: 0...1)
        let lines = TerminalPlot(plot, isColoured: false).lines(width: 20, height: 7)
        #expect(
            lines == [
                "", "1 ┤             ⣀⠤⠒⠉", "  │        ⢀⡠⠔⠒⠉", "  │    ⣀⠤⠔⠊⠁", "0 ┤⣀⠤⠒⠉", "  └┬───────────────┬", "   0               1",
            ])
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
