import DLCTensor

/// Curves as lines of characters, for a terminal.
///
///     loss                       ── train ── validation
///      2.0 ┤⢇
///      1.0 ┤⠈⠢⢄⣀
///      0.0 ┤   ⠈⠉⠉⠒⠒⠤⠤⠤⣀⣀⣀
///          └┬────────┬────────┬
///           0        5       10
public struct TerminalPlot {
    public enum Style: Sendable { case braille, blocks }

    public var plot: Plot
    public var style: Style
    /// Whether series have colours, as terminals' escape sequences.
    public var isColoured: Bool

    public init(_ plot: Plot, style: Style = .braille, isColoured: Bool = true) {
        (self.plot, self.style, self.isColoured) = (plot, style, isColoured)
    }

    /// Blue, yellow, green, magenta, cyan, red: of the terminal's own palette, so that they suit its background.
    private static let colours = [34, 33, 32, 35, 36, 31]

    /// `height` lines, none of more than `width` characters beside escape sequences. Fewer than 20 × 6 take as many.
    public func lines(width: Int, height: Int) -> [String] {
        let (width, height) = (max(20, width), max(6, height))
        let rows = height - 3
        let axes = plot.axes(xTicks: max(2, width / 12), yTicks: max(2, (rows + 2) / 3))
        let labels = Self.labels(axes.y, rows: rows)
        let margin = min(labels.map { $0?.count ?? 0 }.max() ?? 0, width / 3)
        let canvas = drawn(axes, columns: width - margin - 2, rows: rows)
        var result = [heading(width: width)]
        for row in 0..<rows {
            let label = labels[row].map { String($0.suffix(margin)) } ?? ""
            let start = String(repeating: " ", count: margin - label.count) + label + (labels[row] == nil ? " │" : " ┤")
            result.append(start + text(canvas.row(row)))
        }
        return result + bottom(axes.x, columns: canvas.columns, margin: margin)
    }

    private func drawn(_ axes: (x: Axis, y: Axis), columns: Int, rows: Int) -> DotCanvas {
        var canvas = DotCanvas(columns: columns, rows: rows, style: style == .braille ? .braille : .blocks)
        func dot(_ place: (x: Double, y: Double)) -> (x: Int, y: Int) {
            let (x, y) = (min(max(place.x, -1), 2), min(max(place.y, -1), 2))
            return (Int((x * Double(canvas.width - 1)).rounded()), Int(((1 - y) * Double(canvas.height - 1)).rounded()))
        }
        for (index, series) in plot.series.enumerated() {
            for run in plot.runs(series, axes) {
                let dots = run.map(dot)
                for (place, next) in zip(dots, series.isScattered ? dots : Array(dots.dropFirst()) + dots.suffix(1)) {
                    canvas.line(place, next, colour: index)
                }
            }
        }
        return canvas
    }

    /// The label that stands beside each row.
    private static func labels(_ axis: Axis, rows: Int) -> [String?] {
        var result = [String?](repeating: nil, count: rows)
        for tick in axis.ticks {
            let row = Int(((1 - axis.place(tick.value)) * Double(rows - 1)).rounded())
            if result.indices.contains(row), result[row] == nil { result[row] = tick.label }
        }
        return result
    }

    /// The title, and behind it the names of the series where there are several.
    private func heading(width: Int) -> String {
        var title = String(plot.title.prefix(width))
        guard plot.series.count > 1 else { return title }
        var room = width - title.count
        for (index, series) in plot.series.enumerated() {
            let entry = "── \(series.name)"
            guard entry.count + 3 + (index < plot.series.count - 1 ? 2 : 0) <= room else { return title + (room > 1 ? " …" : "") }
            room -= entry.count + 3
            title += "   " + coloured(entry, index)
        }
        return title
    }

    /// The axis with its ticks, and their labels.
    private func bottom(_ axis: Axis, columns: Int, margin: Int) -> [String] {
        var rule = [Character](repeating: "─", count: columns)
        var labels = [Character](repeating: " ", count: margin + 2 + columns)
        for tick in axis.ticks {
            let column = Int((axis.place(tick.value) * Double(columns - 1)).rounded())
            guard rule.indices.contains(column) else { continue }
            let start = min(max(0, margin + 2 + column - tick.label.count / 2), labels.count - tick.label.count)
            // A tick whose label would touch the one before has none.
            guard start >= 0, labels[max(0, start - 1)..<start + tick.label.count].allSatisfy({ $0 == " " }) else { continue }
            rule[column] = "┬"
            labels.replaceSubrange(start..<start + tick.label.count, with: Array(tick.label))
        }
        if !plot.xLabel.isEmpty {
            // Behind the last label, where there is room.
            let used = (labels.lastIndex { $0 != " " } ?? -1) + 1
            let start = labels.count - plot.xLabel.count
            if start > used { labels.replaceSubrange(start..., with: Array(plot.xLabel)) }
        }
        while labels.last == " " { labels.removeLast() }
        return [String(repeating: " ", count: margin + 1) + "└" + String(rule), String(labels)]
    }

    private func text(_ cells: [(character: Character, colour: Int?)]) -> String {
        var result = ""
        var index = 0
        while index < cells.count {
            let colour = cells[index].colour
            let run = cells[index...].prefix { $0.colour == colour }
            let characters = String(run.map(\.character))
            result += colour.map { coloured(characters, $0) } ?? characters
            index += run.count
        }
        while result.hasSuffix(" ") { result.removeLast() }
        return result
    }

    private func coloured(_ text: String, _ series: Int) -> String {
        isColoured ? "\u{1B}[\(Self.colours[series % Self.colours.count])m\(text)\u{1B}[0m" : text
    }
}
