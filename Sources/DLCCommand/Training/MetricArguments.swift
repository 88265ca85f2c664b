import ArgumentParser
import DLCTrain

/// `METRIC`, `METRIC:min` or `METRIC:max`.
struct Monitor: ExpressibleByArgument, CustomStringConvertible {
    var metric: Metric

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        if argument.hasSuffix(":min") || argument.hasSuffix(":max") {
            metric = Metric(name: String(argument.dropLast(4)), isBetterLarger: argument.hasSuffix("x"))
        } else {
            metric = Metric(argument)
        }
    }

    var description: String { "\(metric.name):\(metric.isBetterLarger ? "max" : "min")" }
}

/// `METRIC:EPOCHS`.
struct EarlyStopping: ExpressibleByArgument, CustomStringConvertible {
    var metric: String
    var epochs: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), colon != argument.startIndex,
            let epochs = Int(argument[argument.index(after: colon)...]),
            epochs >= 1
        else { return nil }
        (metric, self.epochs) = (String(argument[..<colon]), epochs)
    }

    var description: String { "\(metric):\(epochs)" }
}
