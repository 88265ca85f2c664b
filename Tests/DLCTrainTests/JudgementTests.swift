import DLC
import Testing

@testable import DLCTrain

/// Figures of scikit-learn 1.9 (`sklearn.metrics`) for the same answers.
@Suite struct JudgementTests {
    private let truths = [2, 2, 0, 2, 1, 1, 1, 0, 2, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 2]
    private let scores: [[Double]] = [
        [0.65, 0.23, 0.43], [0.97, 0.9, 0.84], [0.39, 0.49, 0.68], [0.06, 0.56, 0.27], [0.87, 0.23, 0.9], [0.87, 0.23, 0.9],
        [0.87, 0.02, 0.71],
        [0.0, 0.32, 0.44], [0.2, 0.32, 0.81], [0.32, 0.15, 0.7], [0.45, 0.8, 0.24], [0.32, 0.8, 0.51], [0.51, 0.24, 0.01],
        [0.93, 0.09, 0.84],
        [0.37, 0.95, 0.4], [0.94, 0.56, 0.24], [0.74, 0.67, 0.68], [0.46, 0.22, 0.64], [0.11, 0.69, 0.64], [0.38, 0.8, 0.19],
    ]

    private func judged(_ rows: Range<Int>...) throws -> Judgement {
        var judgement = Judgement(.classes(3))
        for part in rows {
            let probabilities = part.flatMap { row in scores[row].map { $0 / scores[row].reduce(0, +) } }
            try judgement.add(
                answers: Tensor(doubles: probabilities, type: .float64, shape: [part.count, 3]),
                truths: Tensor(integers: part.map { Int64(truths[$0]) }, type: .int64, shape: [part.count]))
        }
        return judgement
    }

    @Test func classesAreJudgedAsByScikitLearn() throws {
        let judgement = try judged(0..<7, 7..<20)
        let confusion = try #require(judgement.confusion)
        #expect(confusion.counts == [2, 3, 4, 3, 1, 2, 2, 2, 1])
        #expect(confusion.accuracy == 0.2)
        for (label, (precision, recall, f1, iou)) in [
            (0.28571429, 0.22222222, 0.25, 0.14285714), (0.16666667, 0.16666667, 0.16666667, 0.09090909),
            (0.14285714, 0.2, 0.16666667, 0.09090909),
        ].enumerated() {
            #expect(abs(confusion.precision(label) - precision) < 1e-8 && abs(confusion.recall(label) - recall) < 1e-8)
            #expect(abs(confusion.f1(label) - f1) < 1e-8 && abs(confusion.intersectionOverUnion(label) - iou) < 1e-8)
        }
        for (area, right) in zip(judgement.areas, [0.31313131313131315, 0.17857142857142855, 0.41333333333333333]) {
            #expect(abs(try #require(area) - right) < 1e-12)
        }
        let figures = Dictionary(uniqueKeysWithValues: judgement.figures.map { ($0.name, $0.value) })
        // log_loss, but that a probability of 0 counts there as 2.2e-16.
        #expect(figures["accuracy"] == 0.2)
    }

    @Test func tiesCountHalf() throws {
        let isPositive = truths.map { $0 == 0 }
        let area = try #require(ReceiverOperatingCurve.area(scores: scores.map { $0[0] }, isPositive: isPositive))
        #expect(abs(area - 0.3484848484848485) < 1e-12)
        #expect(ReceiverOperatingCurve.area(scores: [1, 2], isPositive: [true, true]) == nil)
        #expect(ReceiverOperatingCurve.area(scores: [1, .nan], isPositive: [true, false]) == nil)
        #expect(ReceiverOperatingCurve.area(scores: [3, 3], isPositive: [true, false]) == 0.5)
    }

    @Test func shapesSayWhatIsJudged() throws {
        #expect(try AnswerKind(answers: [8, 10], truths: [8], .int64) == .classes(10))
        #expect(try AnswerKind(answers: [8, 1], truths: [8], .int64) == .binary)
        #expect(try AnswerKind(answers: [8, 5, 16, 16], truths: [8, 16, 16], .int64) == .places(5, axis: 1))
        #expect(try AnswerKind(answers: [8, 20, 30], truths: [8, 20], .int64) == .places(30, axis: 2))
        #expect(try AnswerKind(answers: [8, 30, 20], truths: [8, 20], .int64) == .places(30, axis: 1))
        #expect(try AnswerKind(answers: [8, 1], truths: [8], .float32) == .numbers)
        #expect(throws: DLCError.self) { try AnswerKind(answers: [8, 3, 4], truths: [8, 5], .int64) }
        #expect(throws: DLCError.self) { try AnswerKind(answers: [8, 3], truths: [8, 4], .float32) }
    }

    @Test func placesBeforeAndBehindTheClassesAreTheSame() throws {
        // Two sequences of three places and two classes, in both layouts.
        let behind: [Double] = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7, 0.5, 0.5, 1, 0]
        let front: [Double] = [0.9, 0.2, 0.6, 0.1, 0.8, 0.4, 0.3, 0.5, 1, 0.7, 0.5, 0]
        let truths = try Tensor(integers: [0, 1, 1, 1, -1, 0], type: .int64, shape: [2, 3])
        var (a, b) = (Judgement(.places(2, axis: 2)), Judgement(.places(2, axis: 1)))
        try a.add(answers: Tensor(doubles: behind, type: .float64, shape: [2, 3, 2]), truths: truths)
        try b.add(answers: Tensor(doubles: front, type: .float64, shape: [2, 2, 3]), truths: truths)
        #expect(a.figures == b.figures && a.count == 5)
        #expect(a.confusion?.counts == [2, 0, 1, 2])
    }

    @Test func averagePrecisionOfPerfectAndHalf() {
        var precision = AveragePrecision()
        precision.add(
            truths: [(0, (0, 0, 10, 10)), (0, (20, 20, 30, 30))], detections: [(0, 0.9, (0, 0, 10, 10)), (0, 0.8, (50, 50, 60, 60))])
        // One of two found, first: precision 1 up to recall 0.5, which are 51 of 101 places.
        #expect(abs(precision.mean(overlap: 0.5) - 51.0 / 101) < 1e-12)
        var perfect = AveragePrecision()
        perfect.add(truths: [(3, (0, 0, 4, 4))], detections: [(3, 0.5, (0, 0, 4, 4)), (3, 0.4, (0, 0, 4, 4))])
        #expect(abs(perfect.mean - 1) < 1e-12)
    }

    /// Figures of pycocotools 2.0 (`COCOeval.stats[0...2]`) for the same boxes.
    @Test func averagePrecisionIsCOCOs() {
        let truths: [(Int, Int, Double, Double, Double, Double)] = [
            (0, 0, 48, 5, 63, 22), (0, 0, 44, 53, 69, 75), (0, 0, 4, 58, 42, 76), (0, 1, 42, 36, 71, 61), (1, 1, 0, 40, 16, 74),
            (1, 1, 28, 47, 46, 75),
            (1, 0, 19, 34, 57, 71), (1, 0, 58, 58, 69, 84), (2, 0, 34, 57, 72, 88), (2, 1, 35, 3, 60, 22), (2, 0, 37, 31, 51, 47),
            (2, 1, 20, 17, 46, 29),
        ]
        let detections: [(Int, Int, Double, Double, Double, Double, Double)] = [
            (0, 0, 0.43, 52, 10, 64, 16), (0, 0, 0.11, 43, 2, 59, 24), (0, 0, 0.96, 46, 54, 65, 78), (0, 0, 0.29, 42, 55, 71, 78),
            (0, 0, 0.47, 2, 52, 47, 78),
            (0, 0, 0.37, 5, 58, 36, 73), (0, 1, 0.3, 48, 32, 72, 63), (0, 1, 0.83, 39, 39, 73, 57), (1, 0, 0.1, -1, 46, 19, 72),
            (1, 1, 0.15, 5, 42, 15, 79),
            (1, 1, 0.4, 23, 44, 46, 76), (1, 1, 0.75, 34, 43, 50, 71), (1, 0, 0.96, 15, 31, 62, 72), (1, 0, 0.79, 15, 40, 58, 71),
            (1, 1, 0.21, 52, 53, 66, 80),
            (1, 1, 0.49, 58, 53, 63, 81), (2, 0, 0.05, 30, 60, 73, 94), (2, 0, 0.67, 37, 59, 70, 84), (2, 1, 0.13, 37, -1, 54, 22),
            (2, 1, 0.39, 41, 3, 63, 26),
            (2, 0, 0.91, 40, 33, 50, 53), (2, 0, 0.48, 35, 25, 49, 50), (2, 0, 0.95, 25, 18, 49, 32), (2, 1, 0.82, 24, 20, 41, 33),
        ]
        var precision = AveragePrecision()
        for image in 0..<3 {
            precision.add(
                truths: truths.filter { $0.0 == image }.map { ($0.1, ($0.2, $0.3, $0.4, $0.5)) },
                detections: detections.filter { $0.0 == image }.map { ($0.1, $0.2, ($0.3, $0.4, $0.5, $0.6)) })
        }
        #expect(abs(precision.mean - 0.15971809680968097) < 1e-9)
        #expect(abs(precision.mean(overlap: 0.5) - 0.5235836083608361) < 1e-9)
        #expect(abs(precision.mean(overlap: 0.75) - 0.01485148514851485) < 1e-9)
    }

    @Test func copiesAreMovedAndMirrored() throws {
        let picture = try Tensor((0..<24).map { Float($0 + 1) }, shape: [1, 2, 3, 4])
        let augmentation = TestTimeAugmentation(copies: 4, shift: 0, mirrors: true)
        #expect(try augmentation.applied(to: picture, copy: 0) == picture)
        #expect(try augmentation.applied(to: picture, copy: 1).array(of: Float.self).prefix(5) == [4, 3, 2, 1, 8])
        #expect(try augmentation.applied(to: picture, copy: 2) == picture)
        for copy in 1..<20 {
            let moved = try TestTimeAugmentation(copies: 20).applied(to: picture, copy: copy).array(of: Float.self)
            // What is not 0 is where it was, moved by one place for all.
            let steps = Set(moved.enumerated().filter { $0.element != 0 }.map { $0.offset - Int($0.element - 1) })
            #expect(steps.count == 1 && [-5, -4, -3, -1, 0, 1, 3, 4, 5].contains(steps.first ?? 9))
        }
    }

    @Test func searchesDrawTheSameForASeed() throws {
        let space = try SearchSpace(grid: [.init("rate=0.1,0.01")], random: [.init("hidden=32...512"), .init("dropout=0...0.5")])
        let trials = try space.trials(6, seed: 3)
        #expect(try trials == space.trials(6, seed: 3))
        #expect(
            trials.allSatisfy { (32...512).contains(Int($0["hidden"] ?? "") ?? 0) && (0...0.5).contains(Double($0["dropout"] ?? "") ?? 2) })
        #expect(trials.map { $0["rate"] } == ["0.1", "0.01", "0.1", "0.01", "0.1", "0.01"])
        #expect(throws: DLCError.self) { try SearchSpace.Axis("rate=3...2") }
        #expect(throws: DLCError.self) { try SearchSpace.Axis("rate=1,,2") }
        #expect(throws: DLCError.self) { try SearchSpace(grid: [.init("a=1")], random: [.init("a=1...2")]) }
    }

    @Test func athirdGoesOn() {
        let halving = SuccessiveHalving(trials: 40, epochs: 27)
        #expect(halving.rounds == [1, 3, 9, 27])
        #expect(halving.survivors([0: 3, 1: 1, 2: 2, 3: .nan], of: Metric("loss")) == [1, 2])
        #expect(halving.survivors([0: 3, 1: 1, 2: 2], of: Metric("accuracy")) == [0])
        #expect(SuccessiveHalving(trials: 2, epochs: 9).rounds == [9])
    }
}
