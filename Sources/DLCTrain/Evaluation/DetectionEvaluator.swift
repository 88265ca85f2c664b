import DLC
import DLCData

/// How good the boxes are that a detector finds.
///
/// A detector's outputs are known by their shapes: boxes `[N, M, 4]` (left, top, right, bottom), scores `[N, M]` and classes `[N, M]`
/// of integers. Places with a class or a score below 0 are empty. The truth is `boxes: f32[K, 4]` and `classes: i64[K]`, boxes without
/// an area being what fills up.
public struct DetectionEvaluator: Sendable {
    private let model: CompiledModel
    private let outputs: (boxes: Int, scores: Int, classes: Int)
    private let batch: Int
    private let threads: Int?
    public let wanted: [WantedField]

    private static let (boxes, classes) = ("boxes", "classes")

    /// - Returns: nil where the model's outputs are no detector's.
    public init?(_ model: CompiledModel, batch: Int = 16, threads: Int? = nil) {
        func output(_ fits: (Plan.Port) -> Bool) -> Int? { model.outputs.firstIndex(where: fits) }
        guard let boxes = output({ $0.type.isFloat && $0.shape.count == 3 && $0.shape[2].constant == 4 }),
            let scores = output({ $0.type.isFloat && $0.shape.count == 2 }),
            let classes = output({ $0.type.isInteger && $0.shape.count == 2 }),
            model.inputs.allSatisfy({ !$0.shape.isEmpty && $0.name != Self.boxes && $0.name != Self.classes })
        else { return nil }
        (self.model, self.threads) = (model, threads)
        outputs = (boxes, scores, classes)
        self.batch = model.inputs.compactMap { $0.shape[0].constant }.first ?? batch
        wanted =
            model.inputs.map { WantedField($0.name, $0.type, $0.shape.dropFirst().map(\.constant)) }
            + [WantedField(Self.boxes, .float32, [nil, 4]), WantedField(Self.classes, .int64, [nil])]
    }

    /// - Throws: where data do not fit the model, or its boxes, scores and classes not each other.
    public func run(
        _ data: any Dataset, normalisation: Normalisation = Normalisation(),
        observe: (_ examples: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> Evaluation {
        let session = try Session(model, threads: threads)
        let settles = model.inputs.contains { $0.shape[0].constant != nil }
        let batches = try Batches(data, Batches.Options(batchSize: batch, order: .sequential, keepsPartBatch: !settles)) {
            try normalisation.apply($0)
        }
        var precision = AveragePrecision()
        var examples = 0
        while let batch = try batches.next() {
            for (index, port) in model.inputs.enumerated() {
                guard let tensor = batch.tensors[port.name] else { throw DLCError("the data give nothing for the input \(port.name)") }
                try session.setInput(index, tensor)
            }
            try session.run()
            guard let truths = batch.tensors[Self.boxes], let kinds = batch.tensors[Self.classes] else {
                throw DLCError("the data give no boxes")
            }
            try add(session, truths, kinds, batch.count, to: &precision)
            examples += batch.count
            try observe(examples, data.count)
        }
        let figures = [
            NamedValue("meanAveragePrecision", precision.mean), NamedValue("averagePrecision50", precision.mean(overlap: 0.5)),
            NamedValue("averagePrecision75", precision.mean(overlap: 0.75)),
        ]
        return Evaluation(examples: examples, metrics: [], figures: figures, confusion: nil, rocAreas: [], classNames: data.classNames)
    }

    private func add(_ session: Session, _ truths: Tensor, _ kinds: Tensor, _ count: Int, to precision: inout AveragePrecision) throws {
        let (found, scores, classes) = (
            try session.output(outputs.boxes), try session.output(outputs.scores), try session.output(outputs.classes)
        )
        guard scores.shape == [count, found.shape[1]], classes.shape == scores.shape, found.shape[0] == count else {
            throw DLCError(
                "boxes \(found.shape), scores \(scores.shape) and classes \(classes.shape) do not belong together for \(count) pictures")
        }
        func box(_ values: [Double], _ place: Int) -> AveragePrecision.Box {
            (values[4 * place], values[4 * place + 1], values[4 * place + 2], values[4 * place + 3])
        }
        let (right, labels) = (try truths.doubles(), try kinds.integers())
        let (boxes, scored, answers) = (try found.doubles(), try scores.doubles(), try classes.integers())
        for image in 0..<count {
            let there = (0..<truths.shape[1]).map { image * truths.shape[1] + $0 }.compactMap { place -> (Int, AveragePrecision.Box)? in
                let found = box(right, place)
                return found.2 > found.0 && found.3 > found.1 ? (Int(labels[place]), found) : nil
            }
            let seen = (0..<found.shape[1]).map { image * found.shape[1] + $0 }.compactMap {
                place -> (Int, Double, AveragePrecision.Box)? in
                answers[place] >= 0 && scored[place] >= 0 ? (Int(answers[place]), scored[place], box(boxes, place)) : nil
            }
            precision.add(truths: there, detections: seen)
        }
    }
}
