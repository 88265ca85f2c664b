import DLC

/// The order of a profile's rows.
enum StepOrder: String, CaseIterable {
    case execution, time
}

extension StepProfile {
    /// A row per step, then a row per kernel, then what is not in any step.
    func table(_ order: StepOrder) -> String {
        let column: [(title: String, alignment: Table.Alignment)] = hasSchedule ? [("times", .right)] : []
        var table = Table(
            [("step", .right), ("layer", .left), ("kernel", .left), ("operator", .left), ("result", .left)] + column + [
                ("µs", .right), ("share", .right), ("GFLOP/s", .right), ("GB/s", .right), ("roofline", .right), ("of", .left),
            ])
        /// How often something goes, where there is a column for it.
        func times(_ count: Int?) -> [String] { hasSchedule ? [count.map { "\($0)" } ?? ""] : [] }
        let whole = Double(max(1, total))
        func cells(_ figures: StepFigures) -> [String] {
            [
                Format.fixed(figures.nanoseconds / 1e3, 1), percent(figures.nanoseconds / whole),
                figures.operations > 0 ? Format.fixed(figures.gigaoperationsPerSecond, 1) : "",
                figures.bytes > 0 ? Format.fixed(figures.gigabytesPerSecond, 1) : "", percent(figures.rooflineShare),
            ]
        }
        let sorted = order == .time ? rows.sorted { ($0.nanoseconds, $1.index) > ($1.nanoseconds, $0.index) } : rows
        for row in sorted {
            table.add(
                [row.place, row.layer, row.kernel, row.summary, row.result] + times(row.times) + cells([row].figures)
                    + [row.isArithmetic ? "arithmetic" : row.cost.bytes > 0 ? "bytes" : ""])
        }
        table.addRule()
        for (kernel, rows) in groups { table.add(["\(rows.count)", "", kernel, "", ""] + times(nil) + cells(rows.figures)) }
        table.addRule()
        table.add(["\(rows.count)", "", "", "", ""] + times(nil) + cells(rows.figures))
        return table.text + "\n\n" + notes
    }

    private var notes: String {
        let makesFewer = rows.contains { $0.cost.performed < $0.cost.operations }
        let numbering =
            hasSchedule ? "steps are numbered by program and step; times are of all rounds together, rates of the last one's extents\n" : ""
        return """
            \(machine.text)
            \(numbering)\
            medians of \(runs) runs step by step; \(Format.fixed(Double(betweenSteps) / 1e3, 1)) µs, \
            \(percent(Double(betweenSteps) / Double(max(1, wholeRun)))) of a run, lie between steps
            GFLOP/s are those of the definition\(makesFewer ? ", also where an algorithm (Winograd's, Strassen's) makes fewer" : ""); \
            GB/s count operands, results and packed weights once
            roofline: the least time for the arithmetic\(makesFewer ? " (that the algorithm makes)" : "") or for the bytes, \
            whichever is longer, over the time taken
            """
    }

    private func percent(_ share: Double) -> String { Format.fixed(100 * share, 1) + " %" }
}

extension StepProfile.Row {
    /// The step in its plan, behind the program of a schedule that it is of.
    var place: String { piece.map { "\($0).\(index)" } ?? (summary == "schedule" ? "" : "\(index)") }
}
