import DLC

/// An output as a person would want to read it.
///
/// The best classes where it is a classification of one thing: floats of shape `[1, classes]` (further dimensions of 1 are
/// allowed) that have labels in the metadata (`OUTPUT.labels` or `labels`, separated by commas or lines), or are
/// probabilities, or are at least 100, or where `--top` asks for it. Else the type, the shape and the first values.
struct Answer {
    let text: String

    init(_ name: String, _ tensor: Tensor, _ metadata: [String: String], top: Int?) throws {
        let labels = Self.labels(metadata["\(name).labels"] ?? metadata["labels"])
        let classes = tensor.shape.max() ?? 0
        let isVector = tensor.type.isFloat && tensor.rank >= 2 && tensor.shape[0] == 1 && classes == tensor.count && classes >= 2
        let values = isVector ? try tensor.doubles() : []
        let areProbabilities = isVector && values.allSatisfy { $0 >= 0 && $0 <= 1.0001 } && abs(values.reduce(0, +) - 1) < 1e-3
        let isClassification = isVector && (labels.count == classes || areProbabilities || classes >= 100 || top != nil)
        guard isClassification, values.allSatisfy({ !$0.isNaN }) else {
            text = try Self.summary(name, tensor)
            return
        }
        let probabilities = areProbabilities ? values : Self.softmax(values)
        let order = probabilities.indices.sorted {
            probabilities[$0] != probabilities[$1] ? probabilities[$0] > probabilities[$1] : $0 < $1
        }
        let best = order.prefix(top ?? 5).map { ($0 < labels.count ? labels[$0] : "class \($0)", probabilities[$0]) }
        let width = best.reduce(0) { max($0, $1.0.count) }
        var lines = [areProbabilities ? "\(name):" : "\(name), as probabilities (softmax of the scores):"]
        for (label, probability) in best {
            let padding = String(repeating: " ", count: width - label.count)
            let percent = Format.fixed(probability * 100, 2)
            lines.append("  \(label)\(padding)  " + String(repeating: " ", count: max(0, 6 - percent.count)) + percent + " %")
        }
        text = lines.joined(separator: "\n")
    }

    static func labels(_ text: String?) -> [String] {
        guard let text else { return [] }
        let separator: Character = text.contains("\n") ? "\n" : ","
        return text.split(separator: separator).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func softmax(_ values: [Double]) -> [Double] {
        let largest = values.max() ?? 0
        let exponentials = values.map { Format.exponential($0 - largest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }

    /// Type, shape and the first values.
    static func summary(_ name: String, _ tensor: Tensor) throws -> String {
        let shown = 8
        let head = "\(name): \(Describe.type(tensor.type, Shape(constants: tensor.shape)))"
        if tensor.count == 0 { return head }
        let values: [String]
        if tensor.type.isFloat {
            let all = try tensor.doubles()
            values = all.prefix(shown).map(Format.short)
            if tensor.count > shown {
                let mean = all.reduce(0, +) / Double(all.count)
                let range = "\(Format.short(all.min() ?? 0)) … \(Format.short(all.max() ?? 0))"
                return "\(head) = \(values.joined(separator: ", ")), … (\(range), mean \(Format.short(mean)))"
            }
        } else if tensor.type == .string {
            values = try tensor.texts().prefix(shown).map { "\"\(String(decoding: $0, as: UTF8.self).printable())\"" }
        } else if tensor.type == .bool {
            values = try tensor.integers().prefix(shown).map { $0 == 0 ? "false" : "true" }
        } else {
            values = try tensor.integers().prefix(shown).map { tensor.type == .uint64 ? "\(UInt64(bitPattern: $0))" : "\($0)" }
        }
        return "\(head) = \(values.joined(separator: ", "))\(tensor.count > shown ? ", …" : "")"
    }
}
