import DLC
import DLCTrain

/// A judgement in words and in JSON.
struct EvaluationText {
    let metrics: [NamedValue]
    let evaluation: Evaluation?
    /// Names of the classes that the model gives them.
    let labels: [String]
    /// The most classes whose matrix fits on a page.
    private let mostShown = 20

    private func name(_ label: Int) -> String {
        let names = evaluation?.classNames ?? []
        return label < names.count ? names[label] : label < labels.count ? labels[label] : "\(label)"
    }

    var lines: [String] {
        var lines: [String] = []
        if !metrics.isEmpty { lines.append("training    " + text(metrics)) }
        guard let evaluation else { return lines }
        lines.append("answers     \(Format.grouped(evaluation.examples)) examples: " + text(evaluation.figures))
        guard let confusion = evaluation.confusion else { return lines }
        var table = Table([
            ("class", .left), ("there", .right), ("answered", .right), ("precision", .right), ("recall", .right), ("F1", .right),
            ("IoU", .right),
            ("ROC area", .right),
        ])
        for label in 0..<min(confusion.count, 100) {
            let area = label < evaluation.rocAreas.count ? evaluation.rocAreas[label] : nil
            table.add([
                name(label), "\(confusion.truths(label))", "\(confusion.answers(label))", Format.fixed(confusion.precision(label), 4),
                Format.fixed(confusion.recall(label), 4), Format.fixed(confusion.f1(label), 4),
                Format.fixed(confusion.intersectionOverUnion(label), 4),
                area.map { Format.fixed($0, 4) } ?? "–",
            ])
        }
        lines += ["", table.text]
        if confusion.count > 100 { lines.append("… and \(confusion.count - 100) classes more; --json has all") }
        if confusion.count <= mostShown {
            var matrix = Table([("truth, answer", .left)] + (0..<confusion.count).map { (name($0), .right) })
            for truth in 0..<confusion.count {
                matrix.add([name(truth)] + (0..<confusion.count).map { confusion[truth, $0] == 0 ? "·" : "\(confusion[truth, $0])" })
            }
            lines += ["", matrix.text]
        }
        return lines
    }

    private func text(_ values: [NamedValue]) -> String { values.map { "\($0.name) \(Format.short($0.value))" }.joined(separator: ", ") }

    var json: String {
        func number(_ value: Double?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null" }
        func object(_ values: [NamedValue]) -> String {
            "{" + values.map { "\(Format.json($0.name)): \(number($0.value))" }.joined(separator: ", ") + "}"
        }
        guard let evaluation else { return "{\"metrics\": \(object(metrics))}" }
        var parts = [
            "\"examples\": \(evaluation.examples)", "\"metrics\": \(object(metrics))", "\"figures\": \(object(evaluation.figures))",
        ]
        if let confusion = evaluation.confusion {
            let classes = (0..<confusion.count).map { label in
                let area = label < evaluation.rocAreas.count ? evaluation.rocAreas[label] : nil
                return """
                    {"name": \(Format.json(name(label))), "there": \(confusion.truths(label)), "answered": \(confusion.answers(label)), \
                    "precision": \(confusion.precision(label)), "recall": \(confusion.recall(label)), "f1": \(confusion.f1(label)), \
                    "iou": \(confusion.intersectionOverUnion(label)), "rocArea": \(number(area))}
                    """
            }
            let rows = (0..<confusion.count).map { truth in
                "[\((0..<confusion.count).map { "\(confusion[truth, $0])" }.joined(separator: ", "))]"
            }
            parts += ["\"classes\": [\(classes.joined(separator: ", "))]", "\"confusion\": [\(rows.joined(separator: ", "))]"]
        }
        return "{\(parts.joined(separator: ", "))}"
    }
}
