import DLC

/// What a model's answers are to the truth, by their shapes.
enum AnswerKind: Equatable {
    /// Scores of classes `[N, C]` beside a class for each example.
    case classes(Int)
    /// One score `[N]` or `[N, 1]` beside a class 0 or 1.
    case binary
    /// Scores `[N, C, …]` or `[N, …, C]` beside a class for each place; `axis` is that of the classes.
    case places(Int, axis: Int)
    /// Numbers beside numbers of the same shape.
    case numbers

    /// - Parameters: shapes with the batch dimension in front.
    /// - Throws: where the two do not fit.
    init(answers: [Int], truths: [Int], _ type: ElementType) throws {
        let (a, t) = (Array(answers.dropFirst()), Array(truths.dropFirst()))
        if type.isFloat {
            guard a == t || a + [1] == t || a == t + [1] else { throw Self.misfit(answers, truths) }
            self = .numbers
        } else if t.isEmpty, a.count == 1 {
            self = a[0] == 1 ? .binary : .classes(a[0])
        } else if t.isEmpty, a.isEmpty || a.allSatisfy({ $0 == 1 }) {
            self = .binary
        } else if !t.isEmpty, a.count == t.count + 1 {
            let (first, last) = (Array(a.dropFirst()) == t, Array(a.dropLast()) == t)
            // Sequences have their classes behind, images in front.
            guard first || last else { throw Self.misfit(answers, truths) }
            let isLast = last && (!first || t.count == 1)
            self = .places(isLast ? a[a.count - 1] : a[0], axis: isLast ? a.count : 1)
        } else {
            throw Self.misfit(answers, truths)
        }
    }

    private static func misfit(_ answers: [Int], _ truths: [Int]) -> DLCError {
        DLCError(
            """
            answers \(answers) cannot be judged by truths \(truths); expected scores [N, classes] for classes [N], [N, classes, …] or [N, …, classes] \
            for classes [N, …], or numbers of one shape
            """)
    }
}

/// Adds up how good answers are, batch by batch.
struct Judgement {
    let kind: AnswerKind
    private(set) var confusion: ConfusionMatrix?
    private(set) var count = 0
    private var logarithms = 0.0
    private var (squares, distances, sum, squaresOfTruth) = (0.0, 0.0, 0.0, 0.0)
    /// Scores and classes of whole examples, for areas under curves.
    private var scores: [[Double]] = []
    private var labels: [Int] = []

    /// Beyond these many classes no matrix is kept, beyond these many scores no areas are computed.
    private static let (mostClasses, mostScores) = (1000, 40_000_000)

    init(_ kind: AnswerKind) {
        self.kind = kind
        switch kind {
        case .classes(let count), .places(let count, _): confusion = count <= Self.mostClasses ? ConfusionMatrix(classes: count) : nil
        case .binary: confusion = ConfusionMatrix(classes: 2)
        case .numbers: confusion = nil
        }
    }

    /// - Parameters:
    ///   - answers: probabilities, as `probabilities` makes them; numbers as they are.
    mutating func add(answers: Tensor, truths: Tensor) throws {
        let values = try answers.doubles()
        switch kind {
        case .numbers:
            for (value, truth) in zip(values, try truths.doubles()) {
                count += 1
                squares += (value - truth) * (value - truth)
                distances += abs(value - truth)
                sum += truth
                squaresOfTruth += truth * truth
            }
        case .binary:
            for (value, truth) in zip(values, try truths.integers()) { try addRow([1 - value, value], Int(truth), keeping: true) }
        case .classes(let classes):
            for (row, truth) in try truths.integers().enumerated() {
                try addRow(Array(values[row * classes..<(row + 1) * classes]), Int(truth), keeping: true)
            }
        case .places(let classes, let axis):
            let inner = answers.shape[(axis + 1)...].reduce(1, *)
            for (place, truth) in try truths.integers().enumerated() where truth >= 0 {
                let start = place / inner * inner * classes + place % inner
                try addRow((0..<classes).map { values[start + $0 * inner] }, Int(truth), keeping: false)
            }
        }
    }

    private mutating func addRow(_ row: [Double], _ truth: Int, keeping: Bool) throws {
        guard row.indices.contains(truth) else { throw DLCError("a label is \(truth); the model has the classes 0 to \(row.count - 1)") }
        let answer = row.indices.max { row[$0] < row[$1] || row[$0].isNaN } ?? 0
        try confusion?.add(truth: truth, answer: answer)
        count += 1
        logarithms -= Mathematics.log(max(row[truth], 1e-300))
        right += answer == truth ? 1 : 0
        if keeping, (labels.count + 1) * row.count <= Self.mostScores {
            scores.append(row)
            labels.append(truth)
        }
    }

    private var right = 0

    /// The figures that sum all up.
    var figures: [NamedValue] {
        let n = Double(count)
        guard case .numbers = kind else {
            var result = [NamedValue("accuracy", Double(right) / n), NamedValue("crossEntropy", logarithms / n)]
            if let confusion {
                result += [
                    NamedValue("precision", confusion.mean(confusion.precision)), NamedValue("recall", confusion.mean(confusion.recall)),
                    NamedValue("f1", confusion.mean(confusion.f1)),
                ]
            }
            if case .places = kind {
                result.append(NamedValue("perplexity", Mathematics.exp(logarithms / n)))
                if let confusion { result.append(NamedValue("meanIoU", confusion.mean(confusion.intersectionOverUnion))) }
            }
            let areas = self.areas.compactMap { $0 }
            if !areas.isEmpty { result.append(NamedValue("rocArea", areas.reduce(0, +) / Double(areas.count))) }
            return result
        }
        let spread = squaresOfTruth - sum * sum / n
        return [
            NamedValue("meanSquaredError", squares / n), NamedValue("meanAbsoluteError", distances / n),
            NamedValue("r2", spread > 0 ? 1 - squares / spread : .nan),
        ]
    }

    /// By class, one against all others; nil where a class or its others are missing.
    var areas: [Double?] {
        guard let first = scores.first, labels.count == count else { return [] }
        if case .binary = kind {
            return [nil, ReceiverOperatingCurve.area(scores: scores.map { $0[1] }, isPositive: labels.map { $0 == 1 })]
        }
        return first.indices.map { label in
            ReceiverOperatingCurve.area(scores: scores.map { $0[label] }, isPositive: labels.map { $0 == label })
        }
    }
}
