import DLC

/// Means of a training's metrics over examples.
struct MetricMeans: Sendable, Equatable {
    let names: [String]
    private(set) var sums: [Double]
    private(set) var examples = 0

    init(_ names: [String]) {
        self.names = names
        sums = [Double](repeating: 0, count: names.count)
    }

    /// - Parameter values: means over the examples of a batch.
    mutating func add(_ values: [Double], examples count: Int) {
        for (index, value) in values.enumerated() { sums[index] += value * Double(count) }
        examples += count
    }

    var means: [NamedValue] {
        zip(names, sums).map { NamedValue($0, examples == 0 ? .nan : $1 / Double(examples)) }
    }

    /// The sums in a form that gives the same numbers again.
    var text: String { "\(examples) " + sums.map { String($0.bitPattern, radix: 16) }.joined(separator: " ") }

    /// - Throws: where the text is not what `text` writes for these names.
    init(_ names: [String], text: String) throws {
        self.init(names)
        let words = text.split(separator: " ")
        guard words.count == names.count + 1, let count = Int(words[0]), count >= 0 else {
            throw DLCError("sums of metrics are damaged: expected \(names.count) after a count, found '\(text.printable(most: 80))'")
        }
        examples = count
        for (index, word) in words.dropFirst().enumerated() {
            guard let bits = UInt64(word, radix: 16) else { throw DLCError("sums of metrics are damaged: '\(word)'") }
            sums[index] = Double(bitPattern: bits)
        }
    }
}
