import DLC

/// What the layers of one training step have computed, forward and backward: where units are dead, and gradients vanish.
public struct LayerWatch: Sendable {
    public struct Row: Sendable {
        /// Whether it stands before the loss, or is a gradient of something behind it.
        public var isForward: Bool
        public var layer: String
        public var summary: String
        /// The root of the mean of the squares.
        public var rms: Double
        /// The share of elements that are 0.
        public var zeros: Double
        /// Elements that are no numbers or infinite.
        public var spoiled: Int
    }

    /// From 1.
    public var epoch: Int
    public var step: Int
    /// In the order of the plan; what moves the parameters is left out.
    public var rows: [Row]

    /// - Parameters:
    ///   - loss: the step of the plan that computes the loss.
    init(epoch: Int, step: Int, _ values: [StepValues], loss: Int) {
        (self.epoch, self.step) = (epoch, step)
        rows = values.filter { $0.count > 0 && !$0.name.isEmpty && !$0.writesState }.map { values in
            Row(
                isForward: values.step <= loss, layer: values.name, summary: values.summary, rms: values.rms,
                zeros: Double(values.zeros) / Double(values.count), spoiled: values.nans + values.infinities)
        }
    }

    /// Layers behind a rectifier of which nearly all is 0.
    public var dead: [Row] { rows.filter { $0.isForward && $0.zeros > 0.9 && $0.summary.lowercased().contains("relu") } }

    /// The largest and the smallest gradient; far apart, the lower layers hardly learn.
    public var gradients: (largest: Row, smallest: Row)? {
        let found = rows.filter { !$0.isForward && $0.rms.isFinite && $0.rms > 0 }
        guard let largest = found.max(by: { $0.rms < $1.rms }), let smallest = found.min(by: { $0.rms < $1.rms }) else { return nil }
        return (largest, smallest)
    }

    /// A line for each row, below the titles `epoch,step,direction,layer,operator,rms,zeros,spoiled`.
    var csv: String {
        func quoted(_ text: String) -> String {
            "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        return rows.map { row in
            "\(epoch),\(step),\(row.isForward ? "forward" : "backward"),\(quoted(row.layer)),\(quoted(row.summary)),\(row.rms),\(row.zeros),\(row.spoiled)\n"
        }.joined()
    }

    static let titles = "epoch,step,direction,layer,operator,rms,zeros,spoiled\n"
}
