import DLCTensor

extension Dataset {
    /// SMOTE (Chawla, Bowyer, Hall and Kegelmeyer, Synthetic minority over-sampling technique, 2002): the examples, and behind them
    /// as many made ones as let every class have `ratio` times the examples of the most frequent one. A made example lies at a random
    /// place between one of its class and one of that one's `neighbours` nearest in the class.
    /// - Parameter normalisation: distances are those between normalised examples; without it those of the numbers as they are.
    /// - Throws: where there are no classes, a field holds anything but numbers, or a class to be filled has a single example.
    public func interpolated(
        neighbours: Int = 5, ratio: Double = 1, seed: UInt64, normalisation: Normalisation = Normalisation()
    ) throws -> any Dataset {
        try Interpolated(self, neighbours, ratio, seed, normalisation)
    }
}

/// A data set with examples made between others.
private struct Interpolated: Dataset {
    private struct Made {
        var from, to: Int
        var gap: Float
    }

    let summary: String
    private let base: any Dataset
    private let made: [Made]
    private let classes: [Int]

    var count: Int { base.count + made.count }
    var fields: [DataField] { base.fields }
    var encoding: DataEncoding { base.encoding }

    init(_ base: any Dataset, _ neighbours: Int, _ ratio: Double, _ seed: UInt64, _ normalisation: Normalisation) throws {
        guard neighbours > 0, ratio > 0, ratio <= 1 else {
            throw DLCError("\(neighbours) neighbours and a ratio of \(ratio); expected at least 1, and more than 0 and at most 1")
        }
        if let odd = base.fields.first(where: { $0.content != .classes && !($0.content == .numbers && $0.type.isFloat) }) {
            throw DLCError(
                "nothing lies between two examples of \(odd), which holds \(odd.content.rawValue); expected numbers", at: [base.summary])
        }
        let members = try base.members()
        let wanted = Int((Double(members.map(\.1.count).max() ?? 0) * ratio).rounded())
        let philox = Philox(seed: seed)
        var (made, classes): ([Made], [Int]) = ([], [])
        for (label, indices) in members where indices.count < wanted {
            guard indices.count > 1 else {
                throw DLCError(
                    "the class \(label) has a single example, which has no neighbour; leave it out or oversample", at: [base.summary])
            }
            let near = try Self.nearest(normalisation.apply(base.batch(indices)), count: indices.count, most: neighbours)
            let order = Permutation(count: indices.count, seed: seed, stream: UInt32(truncatingIfNeeded: label), epoch: 2)
            for number in 0..<wanted - indices.count {
                let from = order[number % indices.count]
                let words = philox.words(
                    UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), 3, UInt32(truncatingIfNeeded: label))
                let to = near[from][Int((UInt64(words.0) * UInt64(near[from].count)) >> 32)]
                made.append(Made(from: indices[from], to: indices[to], gap: Float(words.1 >> 8) * 0x1p-24))
            }
            classes += [Int](repeating: label, count: wanted - indices.count)
        }
        (self.base, self.made, self.classes) = (base, made, classes)
        summary = "\(base.summary) and \(made.count) made between them"
    }

    /// For each of `count` examples of a class its nearest others, the nearest first; of equally near ones the first.
    private static func nearest(_ batch: [String: Tensor], count: Int, most: Int) throws -> [[Int]] {
        let columns = try batch.values.filter(\.type.isFloat).map { try $0.converted(to: .float32).array(of: Float.self) }
        return (0..<count).map { one in
            let distances = (0..<count).map { other in
                columns.reduce(0.0) { sum, column in
                    let width = column.count / count
                    return (0..<width).reduce(sum) {
                        let distance = Double(column[one * width + $1]) - Double(column[other * width + $1])
                        return $0 + distance * distance
                    }
                }
            }
            return Array((0..<count).filter { $0 != one }.sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(most))
        }
    }

    func labels() throws -> [Int]? { try base.labels().map { $0 + classes } }

    func batch(_ indices: [Int]) throws -> [String: Tensor] {
        try check(indices)
        let ends = indices.flatMap { $0 < base.count ? [$0, $0] : [made[$0 - base.count].from, made[$0 - base.count].to] }
        let gaps = indices.map { $0 < base.count ? 0 : made[$0 - base.count].gap }
        return try base.batch(ends).mapValues { pairs in
            let shape = [indices.count] + pairs.shape.dropFirst()
            let each = try Checked.count(Array(pairs.shape.dropFirst()))
            guard pairs.type.isFloat else {
                let values = try pairs.integers()
                return try Tensor(
                    integers: indices.indices.flatMap { values[2 * $0 * each..<(2 * $0 + 1) * each] }, type: pairs.type, shape: shape)
            }
            let values = try pairs.converted(to: .float32).array(of: Float.self)
            let between = try Tensor(type: .float32, shape: shape) { target in
                let target = target.bindMemory(to: Float.self)
                for place in indices.indices {
                    for element in 0..<each {
                        let from = values[2 * place * each + element]
                        target[place * each + element] = from + gaps[place] * (values[(2 * place + 1) * each + element] - from)
                    }
                }
            }
            return try between.converted(to: pairs.type)
        }
    }
}
