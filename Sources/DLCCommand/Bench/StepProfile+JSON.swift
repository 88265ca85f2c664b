import DLC

/// JSON that is written field by field.
enum JSONText {
    /// An object of values that are JSON already, in this order.
    static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\(Format.json($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    /// An array with a line per element.
    static func lines(_ elements: [String]) -> String { "[\n" + elements.joined(separator: ",\n") + "\n]" }
}

extension StepProfile {
    /// Fields for the object of `--json`: the machine, each step, each kernel, the time between steps.
    var fields: [(String, String)] {
        let whole = Double(max(1, total))
        func numbers(_ figures: StepFigures) -> [(String, String)] {
            [
                ("us", Format.fixed(figures.nanoseconds / 1e3, 3)), ("share", Format.fixed(figures.nanoseconds / whole, 5)),
                ("gflops", Format.fixed(figures.gigaoperationsPerSecond, 2)), ("gbytes_per_s", Format.fixed(figures.gigabytesPerSecond, 2)),
                ("roofline", Format.fixed(figures.rooflineShare, 4)),
            ]
        }
        let steps = rows.map { row -> String in
            var place: [(String, String)] = row.piece.map { [("program", "\($0)")] } ?? []
            if hasSchedule { place.append(("times", "\(row.times)")) }
            return JSONText.object(
                place + [
                    ("step", "\(row.index)"), ("layer", Format.json(row.layer)), ("kernel", Format.json(row.kernel)),
                    ("operator", Format.json(row.summary)), ("result", Format.json(row.result)),
                ] + numbers([row].figures) + [
                    ("bound", row.isArithmetic ? "\"arithmetic\"" : "\"bytes\""), ("flop", Format.fixed(row.cost.operations, 0)),
                    ("flop_performed", Format.fixed(row.cost.performed, 0)), ("bytes", Format.fixed(row.cost.bytes, 0)),
                ])
        }
        let kernels = groups.map {
            JSONText.object([("kernel", Format.json($0.kernel)), ("steps", "\($0.rows.count)")] + numbers($0.rows.figures))
        }
        let read = machine.readRates.map { JSONText.object([("bytes", "\($0.bytes)"), ("gbytes_per_s", Format.fixed($0.rate / 1e9, 2))]) }
        return [
            (
                "machine",
                JSONText.object([
                    ("gflops", Format.fixed(machine.operationsPerSecond / 1e9, 2)), ("read", "[" + read.joined(separator: ", ") + "]"),
                ])
            ),
            ("between_steps_us", Format.fixed(Double(betweenSteps) / 1e3, 3)), ("profiled_runs", "\(runs)"),
            ("steps", JSONText.lines(steps)), ("kernels", JSONText.lines(kernels)),
        ]
    }
}
