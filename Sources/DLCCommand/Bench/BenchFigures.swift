import DLC

/// The result of a measurement; times in nanoseconds.
struct BenchFigures {
    var load: Int64
    var first: Int64
    var median: Int64
    var least: Int64
    var runs: Int
    var threads: Int
    var peakBytes: Int64
    var fileBytes: Int
    var arenaBytes: Int

    /// Fields of the object that `--json` prints.
    var fields: [(String, String)] {
        func milliseconds(_ value: Int64) -> String { Format.fixed(Double(value) / 1e6, 4) }
        func megabytes(_ value: Int) -> String { Format.fixed(Double(value) / 1_048_576, 2) }
        return [
            ("load_ms", milliseconds(load)), ("first_ms", milliseconds(first)), ("median_ms", milliseconds(median)),
            ("min_ms", milliseconds(least)), ("runs", "\(runs)"), ("threads", "\(threads)"), ("peak_rss_mb", megabytes(Int(peakBytes))),
            ("file_mb", megabytes(fileBytes)), ("arena_mb", megabytes(arenaBytes)),
        ]
    }

    var text: String {
        func milliseconds(_ value: Int64) -> String { Format.fixed(Double(value) / 1e6, 3) + " ms" }
        return """
            median  \(milliseconds(median)) of \(runs) runs on \(threads) thread\(threads == 1 ? "" : "s"), fastest \(milliseconds(least))
            first   \(milliseconds(first)), after loading in \(milliseconds(load))
            memory  \(Format.bytes(Int(peakBytes))) at most, of which file \(Format.bytes(fileBytes)), arena \(Format.bytes(arenaBytes))
            """
    }
}
