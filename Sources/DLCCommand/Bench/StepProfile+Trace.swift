import DLC

extension StepProfile {
    /// One run in the Trace Event Format (JSON object format, complete events, times in µs), steps one after another.
    func trace(_ model: String) -> String {
        func name(_ kind: String, _ text: String) -> String {
            JSONText.object([
                ("name", Format.json(kind)), ("ph", "\"M\""), ("pid", "1"), ("tid", "1"),
                ("args", JSONText.object([("name", Format.json(text))])),
            ])
        }
        var events = [name("process_name", model), name("thread_name", "steps")]
        var start = 0
        for row in rows {
            let figures = [row].figures
            events.append(
                JSONText.object([
                    ("name", Format.json(row.summary)), ("cat", Format.json(row.kernel)), ("ph", "\"X\""), ("pid", "1"), ("tid", "1"),
                    ("ts", Format.fixed(Double(start) / 1e3, 3)), ("dur", Format.fixed(Double(row.nanoseconds) / 1e3, 3)),
                    (
                        "args",
                        JSONText.object([
                            ("layer", Format.json(row.layer)), ("kernel", Format.json(row.kernel)), ("result", Format.json(row.result)),
                            ("GFLOP/s", Format.fixed(figures.gigaoperationsPerSecond, 2)),
                            ("GB/s", Format.fixed(figures.gigabytesPerSecond, 2)),
                            ("roofline", Format.fixed(figures.rooflineShare, 4)),
                        ])
                    ),
                ]))
            start += row.nanoseconds
        }
        return JSONText.object([("displayTimeUnit", "\"ns\""), ("traceEvents", JSONText.lines(events))]) + "\n"
    }
}
