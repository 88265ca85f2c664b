/// Rows under titles, in columns as wide as their widest cell.
struct Table {
    enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []
    /// The longest cell that is shown in full; names of layers can be very long.
    private let widest = 48

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    /// Adds a row; cells that are left out stay empty.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// A line between the rows before and after.
    mutating func addRule() { rows.append([]) }

    var text: String {
        let cells = rows.map { $0.map(shortened) }
        let widths = columns.indices.map { column in
            cells.reduce(columns[column].title.count) { max($0, column < $1.count ? $1[column].count : 0) }
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        var lines = [line(columns.map(\.title), widths), rule]
        for row in cells { lines.append(row.isEmpty ? rule : line(row, widths)) }
        return lines.joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var parts: [String] = []
        for (column, width) in widths.enumerated() {
            let cell = column < cells.count ? cells[column] : ""
            let padding = String(repeating: " ", count: max(0, width - cell.count))
            parts.append(columns[column].alignment == .left ? cell + padding : padding + cell)
        }
        var text = parts.joined(separator: "  ")
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private func shortened(_ cell: String) -> String {
        cell.count <= widest ? cell : "…" + cell.suffix(widest - 1)
    }
}
