import DLC
import DLCData

extension TrainingSessions {
    /// The batches of a part of the data.
    ///
    /// A network that remembers reads in every row of a batch on where the row was in the batch before: the examples are then cut into
    /// as many runs of neighbours as a batch has rows, and what is left over is not read.
    func batches(_ data: any Dataset, _ trainer: Trainer, _ order: ExampleOrder, _ normalisation: Normalisation) throws -> Batches {
        let keepsPart = trainer.takesAnyBatch && !hasMemory
        guard hasMemory else {
            return try Batches(data, Batches.Options(batchSize: trainer.batch, order: order, keepsPartBatch: keepsPart)) {
                try normalisation.apply($0)
            }
        }
        return try Batches.continued(data, rows: trainer.batch, normalisation)
    }

    /// Means of the metrics over the batches of an epoch, in order.
    func evaluate(
        _ batches: Batches, most: Int, constants: [String: Tensor], observe: (_ batch: Int) throws -> Void
    ) throws -> [NamedValue] {
        try beginEvaluation()
        try batches.seek(to: Batches.Position())
        var means = MetricMeans(metrics)
        for number in 0..<most {
            guard let batch = try batches.next() else { break }
            means.add(try evaluate(constants.merging(batch.tensors) { $1 }), examples: batch.count)
            try observe(number + 1)
        }
        return means.means
    }

    /// The metric that is watched: the one asked for, else the first.
    /// - Throws: where there is none of that name.
    func monitored(_ wanted: Metric?) throws -> Metric {
        guard let wanted else { return Metric(metrics[0]) }
        guard metrics.contains(wanted.name) else {
            throw DLCError("there is no metric \(wanted.name.printable()); the training has \(metrics.joined(separator: ", "))")
        }
        return wanted
    }
}

extension Batches {
    /// Batches of which every row goes on where it was in the batch before.
    /// - Throws: where there are fewer examples than rows.
    static func continued(_ data: any Dataset, rows: Int, _ normalisation: Normalisation) throws -> Batches {
        let length = data.count / rows
        guard length > 0 else {
            throw DLCError("\(data.summary): \(data.count) examples are less than the \(rows) rows of a batch, each of which reads on")
        }
        let order = (0..<length).flatMap { place in (0..<rows).map { $0 * length + place } }
        let options = Batches.Options(batchSize: rows, order: .sequential, keepsPartBatch: false)
        let left = data.count - order.count
        return try Batches(data.subset(order, "in \(rows) runs\(left > 0 ? " (\(left) left over)" : "")"), options) {
            try normalisation.apply($0)
        }
    }
}
