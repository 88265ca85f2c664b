import DLC
import DLCData
import DLCModel

/// How good a model's answers are on data.
public struct Evaluation: Sendable {
    public var examples: Int
    /// The scalar outputs of a training's evaluation: means over the examples.
    public var metrics: [NamedValue]
    /// What follows from answers and truths.
    public var figures: [NamedValue]
    public var confusion: ConfusionMatrix?
    /// The area under the ROC curve by class, one against all others; nil where it is not defined.
    public var rocAreas: [Double?]
    /// Names of the classes 0, 1, …; empty where nobody names them.
    public var classNames: [String]
}

/// Judges models by data: an answer, the truth beside it, and what follows from many of both.
public struct Evaluator: Sendable {
    /// Their answers are averaged, classes' as probabilities.
    let models: [CompiledModel]
    let output: Int
    let target: WantedField
    /// Examples in a batch.
    let batch: Int
    let threads: Int?
    /// Copies of pictures whose answers are averaged; nil takes each picture as it is.
    public var augmentation: TestTimeAugmentation?
    /// What the models' inputs and the truth ask of data.
    public let wanted: [WantedField]

    /// - Parameters:
    ///   - models: one, or several of one architecture: an ensemble.
    ///   - output: which one holds the answers; nil takes the first.
    ///   - target: the field with the truth; its shape is an example's.
    /// - Throws: where the models differ in inputs or outputs, or have no such output.
    public init(_ models: [CompiledModel], output: String? = nil, target: WantedField, batch: Int = 64, threads: Int? = nil) throws {
        guard let first = models.first else { throw DLCError("there is no model to judge") }
        for other in models.dropFirst() {
            guard zip(first.inputs, other.inputs).allSatisfy({ $0.name == $1.name && $0.type == $1.type }),
                first.inputs.count == other.inputs.count
            else {
                throw DLCError("the models of an ensemble differ in their inputs")
            }
        }
        guard let place = output.map({ name in first.outputs.firstIndex { $0.name == name } }) ?? 0, first.outputs.indices.contains(place)
        else {
            throw DLCError(
                "there is no output \((output ?? "").printable()); the model has \(first.outputs.map(\.name).joined(separator: ", "))")
        }
        (self.models, self.output, self.target, self.threads) = (models, place, target, threads)
        var (size, inputs): (Int?, [WantedField]) = (nil, [])
        for port in first.inputs {
            guard let leading = port.shape.first else { throw DLCError("input \(port.name) is one number, no batch of data") }
            size = leading.constant ?? size
            inputs.append(WantedField(port.name, port.type, port.shape.dropFirst().map(\.constant)))
        }
        self.batch = size ?? batch
        var target = target
        if let classes = Self.classes(first.outputs[place], target) { target.classes = classes }
        wanted = inputs.contains { $0.name == target.name } ? inputs : inputs + [target]
    }

    /// The number of classes that an answer tells apart, where the model says so.
    private static func classes(_ port: Plan.Port, _ target: WantedField) -> Int? {
        guard !target.type.isFloat, target.shape.isEmpty, port.shape.count == 2, let count = port.shape[1].constant, count > 1 else {
            return nil
        }
        return count
    }

    /// - Parameter observe: called after each batch with the examples so far.
    /// - Throws: where data do not fit the models, or answers not the truth.
    public func run(
        _ data: any Dataset, normalisation: Normalisation = Normalisation(),
        observe: (_ examples: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> Evaluation {
        let sessions = try models.map { try Session($0, threads: threads) }
        let settles = models[0].inputs.contains { $0.shape.first?.constant != nil }
        let options = Batches.Options(batchSize: batch, order: .sequential, keepsPartBatch: !settles)
        // A network that remembers reads on in every row, as it learned to.
        let remembers = !models[0].states.isEmpty
        // An answer that bears the truth's name is of its units, and both are judged in those of the data.
        var given = normalisation
        let name = models[0].outputs[output].name
        let units = name == target.name && !models[0].inputs.contains { $0.name == name } ? given.fields.removeValue(forKey: name) : nil
        let batches =
            remembers ? try Batches.continued(data, rows: batch, given) : try Batches(data, options) { [given] in try given.apply($0) }
        var judgement: Judgement?
        var examples = 0
        while let batch = try batches.next() {
            guard let truths = batch.tensors[target.name] else { throw DLCError("the data give no \(target.name)") }
            var answers: [Tensor] = []
            for (session, copy) in sessions.flatMap({ session in (0..<max(1, augmentation?.copies ?? 1)).map { (session, $0) } }) {
                for (index, port) in session.model.inputs.enumerated() {
                    guard let tensor = batch.tensors[port.name] else { throw DLCError("the data give nothing for the input \(port.name)") }
                    try session.setInput(index, augmentation?.applied(to: tensor, copy: copy) ?? tensor)
                }
                try session.run()
                let answer = try session.output(output)
                answers.append(try units?.undo(answer) ?? answer)
            }
            let kind = try judgement?.kind ?? AnswerKind(answers: answers[0].shape, truths: truths.shape, truths.type)
            if judgement == nil { judgement = Judgement(kind) }
            try judgement?.add(answers: Probabilities.mean(answers.map { try Probabilities.of($0, kind) }), truths: truths)
            examples += batch.count
            try observe(examples, data.count)
        }
        let names = data.classNames
        return Evaluation(
            examples: examples, metrics: [], figures: judgement?.figures ?? [], confusion: judgement?.confusion,
            rocAreas: judgement?.areas ?? [],
            classNames: names)
    }
}

/// Scores of classes as probabilities.
enum Probabilities {
    /// The same where the scores of every place are probabilities already, else their softmax; the logistic function of single scores that
    /// are none.
    static func of(_ answers: Tensor, _ kind: AnswerKind) throws -> Tensor {
        var values = try answers.doubles()
        switch kind {
        case .numbers: return answers
        case .binary:
            if values.contains(where: { $0 < 0 || $0 > 1 }) { values = values.map { 1 / (1 + Mathematics.exp(-$0)) } }
        case .classes(let count): apply(&values, count, inner: 1)
        case .places(let count, let axis): apply(&values, count, inner: answers.shape[(axis + 1)...].reduce(1, *))
        }
        return try Tensor(doubles: values, type: .float64, shape: answers.shape)
    }

    private static func apply(_ values: inout [Double], _ count: Int, inner: Int) {
        let places = (0..<values.count / max(1, count)).map { $0 / inner * inner * count + $0 % inner }
        let areProbabilities = places.allSatisfy { start in
            var sum = 0.0
            for index in 0..<count {
                let value = values[start + index * inner]
                if !(value >= 0) { return false }
                sum += value
            }
            return abs(sum - 1) < 1e-3
        }
        if areProbabilities { return }
        for start in places {
            let largest = (0..<count).reduce(-Double.infinity) { max($0, values[start + $1 * inner]) }
            var sum = 0.0
            for index in 0..<count {
                let value = Mathematics.exp(values[start + index * inner] - largest)
                values[start + index * inner] = value
                sum += value
            }
            for index in 0..<count { values[start + index * inner] /= sum }
        }
    }

    static func mean(_ answers: [Tensor]) throws -> Tensor {
        guard answers.count > 1 else { return answers[0] }
        var sum = try answers[0].doubles()
        for answer in answers.dropFirst() {
            guard answer.shape == answers[0].shape else {
                throw DLCError("the models of an ensemble answer \(answers[0].shape) and \(answer.shape)")
            }
            for (index, value) in try answer.doubles().enumerated() { sum[index] += value }
        }
        return try Tensor(doubles: sum.map { $0 / Double(answers.count) }, type: .float64, shape: answers[0].shape)
    }
}
