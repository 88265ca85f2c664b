import DLCTensor

/// Curves as an SVG file, for light and dark pages: panels side by side, each with axes, ticks and a legend.
public struct LinePlot {
    public var title: String
    public var panels: [Plot]
    /// Panels to a row.
    public var columns: Int

    /// - Parameter columns: at most 2 where left out.
    public init(_ title: String = "", _ panels: [Plot], columns: Int? = nil) {
        (self.title, self.panels) = (title, panels)
        self.columns = max(1, columns ?? min(2, panels.count))
    }

    private static let panelWidth = 440.0
    private static let plot = (left: 58.0, right: 18.0, top: 38.0, height: 210.0)
    /// Below the axis.
    private static let legendTop = 54.0
    private static let legendRow = 17.0
    /// Okabe and Ito's colours that are told apart by everybody, in shades that are seen on white and on black.
    private static let colours = [
        "#0072B2", "#E06C00", "#009E73", "#C0529A", "#8A7F00", "#56B4E9", "#D1493F", "#7A6FD0", "#7F7F7F", "#00A5A5",
    ]

    /// The text of the file.
    public var svg: String {
        let legends = panels.map { Self.legend($0.series) }
        let across = max(1, min(columns, panels.count))
        let width = Self.panelWidth * Double(across)
        var height = title.isEmpty ? 6.0 : 34.0
        var body = ""
        if !title.isEmpty { body += Self.text(title, width / 2, 24, "heading", anchor: "middle") }
        for first in stride(from: 0, to: panels.count, by: across) {
            let row = first..<min(first + across, panels.count)
            for index in row {
                let x = Double(index - first) * Self.panelWidth
                let place = "translate(\(Self.number(x)) \(Self.number(height)))"
                body += "<g transform=\"\(place)\">\n\(Self.panel(panels[index], legends[index], index))</g>\n"
            }
            let legendRows = row.map { (legends[$0].last?.row ?? -1) + 1 }.max() ?? 0
            height += Self.plot.top + Self.plot.height + Self.legendTop + Double(legendRows) * Self.legendRow
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.number(width))" height="\(Self.number(height))" \
            viewBox="0 0 \(Self.number(width)) \(Self.number(height))" font-family="system-ui, Helvetica, Arial, sans-serif">
            <style>
            .page { fill: #ffffff } .halo { stroke: #ffffff; stroke-width: 3 }
            .grid { stroke: #dddddd } .axis { stroke: #888888; fill: none } .mark { stroke: #888888; stroke-dasharray: 3 3 }
            text { fill: #444444; font-size: 11px }
            .heading { fill: #111111; font-size: 16px; font-weight: 600 } .title { fill: #111111; font-size: 13px; font-weight: 600 }
            path { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }
            @media (prefers-color-scheme: dark) {
            .page { fill: #16191d } .halo { stroke: #16191d }
            .grid { stroke: #33383f } .axis { stroke: #7d848c } .mark { stroke: #7d848c }
            text { fill: #b9c0c8 } .heading, .title { fill: #f0f3f6 }
            }
            </style>
            <rect class="page" width="100%" height="100%"/>
            \(body)</svg>

            """
    }

    private static func panel(_ panel: Plot, _ legend: [LegendEntry], _ index: Int) -> String {
        let axes = panel.axes(xTicks: 7, yTicks: 6)
        let (left, right) = (plot.left, panelWidth - plot.right)
        let (top, bottom) = (plot.top, plot.top + plot.height)
        func x(_ place: Double) -> Double { left + min(max(place, -9), 9) * (right - left) }
        func y(_ place: Double) -> Double { bottom - min(max(place, -9), 9) * (bottom - top) }
        var result = text(panel.title, left, 22, "title")
        for tick in axes.y.ticks {
            let place = y(axes.y.place(tick.value))
            result += line(left, place, right, place, "grid") + text(tick.label, left - 7, place + 4, anchor: "end")
        }
        for tick in axes.x.ticks {
            let place = x(axes.x.place(tick.value))
            result += line(place, top, place, bottom, "grid") + text(tick.label, place, bottom + 16, anchor: "middle")
        }
        let corner = "M\(number(left)) \(number(top))V\(number(bottom))H\(number(right))"
        result += "<path class=\"axis\" style=\"stroke-width: 1\" d=\"\(corner)\"/>\n"
        if !panel.xLabel.isEmpty { result += text(panel.xLabel, (left + right) / 2, bottom + 33, anchor: "middle") }
        result += "<clipPath id=\"plot\(index)\"><rect x=\"\(number(left))\" y=\"\(number(top - 4))\" "
        result += "width=\"\(number(right - left + 4))\" height=\"\(number(bottom - top + 8))\"/></clipPath>\n"
        result += "<g clip-path=\"url(#plot\(index))\">\n"
        for (order, series) in panel.series.enumerated() {
            let colour = colours[order % colours.count]
            for run in panel.runs(series, axes) {
                let points = (series.isScattered ? run : thinned(run, columns: Int(right - left))).map { (x: x($0.x), y: y($0.y)) }
                if series.isScattered || points.count == 1 {
                    for point in points { result += circle(point.x, point.y, series.isScattered ? 1.6 : 2.4, "fill=\"\(colour)\"") }
                } else {
                    let path = points.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
                    result += "<path stroke=\"\(colour)\"\(dashes(order)) d=\"M\(path)\"/>\n"
                }
            }
        }
        for marker in panel.markers where marker.x.isFinite && marker.y.isFinite {
            let (markX, markY) = (x(axes.x.place(marker.x)), y(axes.y.place(marker.y)))
            result += line(markX, top, markX, bottom, "mark") + circle(markX, markY, 4, "class=\"axis\" style=\"stroke-width: 1.6\"")
            // The label goes to where there is room for it.
            let isLeft = markX > (left + right) / 2
            let above = markY > (top + bottom) / 2
            for kind in ["halo", nil] {
                result += text(marker.label, markX + (isLeft ? -8 : 8), markY + (above ? -9 : 17), kind, anchor: isLeft ? "end" : "start")
            }
        }
        result += "</g>\n"
        if panel.series.allSatisfy({ panel.runs($0, axes).isEmpty }) {
            result += text("nothing measured yet", (left + right) / 2, (top + bottom) / 2, anchor: "middle")
        }
        for entry in legend {
            let place = bottom + legendTop + Double(entry.row) * legendRow
            let colour = colours[entry.series % colours.count]
            result += "<path stroke=\"\(colour)\"\(dashes(entry.series)) d=\"M\(number(left + entry.x)) \(number(place - 4))h18\"/>\n"
            result += text(panel.series[entry.series].name, left + entry.x + 24, place)
        }
        return result
    }

    /// A curve's first, last, least and greatest point in each column of pixels, which draw the same as all of its points
    /// (Jugel et al., M4, VLDB 2014).
    static func thinned(_ run: [(x: Double, y: Double)], columns: Int) -> [(x: Double, y: Double)] {
        guard run.count > 4 * columns else { return run }
        var result: [(x: Double, y: Double)] = []
        var start = 0
        while start < run.count {
            let column = (run[start].x * Double(columns)).rounded(.down)
            var end = start + 1
            while end < run.count, (run[end].x * Double(columns)).rounded(.down) == column { end += 1 }
            var kept = Set([start, end - 1])
            if let least = (start..<end).min(by: { run[$0].y < run[$1].y }) { kept.insert(least) }
            if let greatest = (start..<end).max(by: { run[$0].y < run[$1].y }) { kept.insert(greatest) }
            result += kept.sorted().map { run[$0] }
            start = end
        }
        return result
    }

    private struct LegendEntry {
        var series: Int
        var row: Int
        var x: Double
    }

    /// Where the names of the series stand, in rows as wide as the panel; one series needs none.
    private static func legend(_ series: [Plot.Series]) -> [LegendEntry] {
        guard series.count > 1 else { return [] }
        var (row, x) = (0, 0.0)
        return series.indices.map { index in
            let width = 24 + 6.2 * Double(series[index].name.count) + 16
            if x > 0, x + width > panelWidth - plot.left { (row, x) = (row + 1, 0) }
            defer { x += width }
            return LegendEntry(series: index, row: row, x: x)
        }
    }

    /// Colours that come again are dashed.
    private static func dashes(_ series: Int) -> String { series < colours.count ? "" : " stroke-dasharray=\"5 4\"" }

    private static func line(_ x: Double, _ y: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        "<line class=\"\(kind)\" x1=\"\(number(x))\" y1=\"\(number(y))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>\n"
    }

    private static func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String) -> String {
        "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" \(style)/>\n"
    }

    private static func text(_ text: String, _ x: Double, _ y: Double, _ kind: String? = nil, anchor: String = "start") -> String {
        let style = kind.map { " class=\"\($0)\"" } ?? ""
        return "<text\(style) x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
    }

    private static func escaped(_ text: String) -> String {
        text.printable(most: 200).reduce(into: "") {
            switch $1 {
            case "&": $0 += "&amp;"
            case "<": $0 += "&lt;"
            case ">": $0 += "&gt;"
            default: $0.append($1)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        let text = Format.fixed(value, 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
