import DLCTensor

/// Outputs that are maps in ONNX (ZipMap): tables of scores, a column for each label.
///
///     try session.run(["x": rows])
///     let maps: [[String: Double]] = try session.maps("probabilities")
extension Session {
    /// A map from labels to scores for each row of an output of the last run. Labels that are numbers in the model are their digits.
    /// - Throws: where there is no such output, no run has succeeded, or the model says no labels for it.
    public func maps(_ output: String) throws -> [[String: Double]] {
        guard let index = model.outputs.firstIndex(where: { $0.name == output }) else {
            throw DLCError("there is no output \(output); the model has \(model.outputs.map(\.name).joined(separator: ", "))")
        }
        guard let labels = model.labels(of: output), !labels.isEmpty else {
            throw DLCError("output \(output) is no map: the model says no labels for it (metadata \(output).labels)")
        }
        let table = try self.output(index)
        guard table.shape.last == labels.count else {
            throw DLCError("output \(output) is \(table.type)\(table.shape), with \(labels.count) labels")
        }
        let scores = try table.doubles()
        return stride(from: 0, to: scores.count, by: labels.count).map { row in
            Dictionary(zip(labels, scores[row...])) { first, _ in first }
        }
    }
}

extension CompiledModel {
    /// The labels of an output's columns in order, nil where the model says none.
    public func labels(of output: String) -> [String]? {
        metadata["\(output).labels"].map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    }
}
