import DLCGraph
import DLCOps

/// What a training's requests come to once all of its layers are known.
extension ModelBuilder {
    /// - Throws: `TrainingProblems`.
    func settleTraining() throws {
        guard mode == .step, !training.isSettled else { return }
        training.isSettled = true
        var problems = patternProblems()
        let plans = covered(&problems)
        if training.minimised.isEmpty {
            problems.append(TrainingProblem(message: "the training minimizes nothing", help: "`minimize loss, by: adam(1e-3)`", request: 0))
        }
        if !problems.isEmpty { throw TrainingProblems(problems: problems) }
        _ = try key()
        var next: [String: TensorValue] = [:]
        for (index, (minimised, parameters)) in zip(training.minimised, plans).enumerated() {
            try update(minimised, parameters, index, &next)
        }
        for (name, value) in training.statistics.sorted(by: { $0.key < $1.key }) { next[name] = value }
        try follow(&next)
        for parameter in parameters { if let value = next[parameter.name] { try self.next(parameter.name, value) } }
    }

    // MARK: Which parameters

    /// The parameters of each `minimize`.
    private func covered(_ problems: inout [TrainingProblem]) -> [[ModelParameter]] {
        var owners: [String: Int] = [:]
        return training.minimised.map { minimised in
            let reached = reached(from: minimised.loss)
            let isReached = { (parameter: ModelParameter) in
                self.parameterValue(parameter.name).map { reached.contains($0.value.index) } ?? false
            }
            let weights = parameters.filter { $0.role == .weight }
            var mine: [ModelParameter] = []
            func problem(_ message: String, _ help: String? = nil, option: String? = nil, other: Int? = nil) {
                problems.append(TrainingProblem(message: message, help: help, request: minimised.id, option: option, other: other))
            }
            let type = minimised.loss.type
            guard type.shape.isEmpty, type.element.isFloat else {
                let help = type.element.isFloat ? "`.mean()` or `.sum()` makes one" : "only floating-point values have gradients"
                problem("a loss is a scalar of floating point, found \(type)", help, option: "")
                return []
            }
            if let patterns = minimised.request.over?.map({ NamePattern($0) }) {
                let meant = weights.filter { weight in patterns.contains { $0.covers(weight.name) } }
                mine = meant.filter { !training.keeps($0.name) }
                if mine.isEmpty, !meant.isEmpty { problem("all parameters that `over` names are frozen or follow others", option: "over") }
                let lost = mine.filter { !isReached($0) }
                if !lost.isEmpty {
                    problem(
                        "no way leads from the loss to \(Self.list(lost.map(\.name)))", "a parameter moves where the loss depends on it",
                        option: "over")
                }
            } else {
                mine = weights.filter { isReached($0) && !training.keeps($0.name) }
                if mine.isEmpty {
                    let isAny = weights.contains(where: isReached)
                    problem(
                        isAny
                            ? "all parameters that the loss depends on are frozen or follow others"
                            : "no way leads from the loss to a parameter", option: "")
                }
            }
            for parameter in mine {
                if let other = owners[parameter.name] {
                    problem("two `minimize` move \(parameter.name)", "`over:` says which parameters each moves", other: other)
                    break
                }
            }
            for parameter in mine where owners[parameter.name] == nil { owners[parameter.name] = minimised.id }
            return mine
        }
    }

    /// Names, or the first of many.
    static func list(_ names: [String]) -> String {
        names.count > 4 ? names.prefix(3).joined(separator: ", ") + " and \(names.count - 3) others" : names.joined(separator: ", ")
    }

    private func patternProblems() -> [TrainingProblem] {
        var problems: [TrainingProblem] = []
        func check(_ text: String, _ request: Int, _ option: String?) {
            let pattern = NamePattern(text)
            if parameters.contains(where: { pattern.covers($0.name) }) { return }
            let blocks = Set(
                parameters.flatMap { parameter in
                    let parts = parameter.name.split(separator: ".")
                    return (1...parts.count).map { parts.prefix($0).joined(separator: ".") }
                })
            let plain = text.replacing("*", with: "").trimming(".")
            let near = nearestName(to: plain, among: blocks.sorted()).map { "did you mean `\($0)`?" }
            let names = parameters.isEmpty ? "it has none" : "there are \(Self.list(parameters.map(\.name)))"
            problems.append(
                TrainingProblem(message: "no parameter is called `\(text)`", help: near ?? names, request: request, option: option))
        }
        for frozen in training.frozen { check(frozen.text, frozen.id, nil) }
        for rate in training.rates { check(rate.text, rate.id, nil) }
        for minimised in training.minimised {
            for pattern in minimised.request.over ?? [] { check(pattern, minimised.id, "over") }
            for pattern in minimised.request.decay ?? [] { check(pattern, minimised.id, "decay") }
        }
        for name in training.statistics.keys.sorted() where training.keeps(name) {
            let frozen = training.frozen.first { $0.pattern.covers(name) }?.id
            let followed = training.followed.first { NamePattern($0.target).covers(name) }?.id
            problems.append(
                TrainingProblem(
                    message: "\(name) has moved in a layer above", help: "this stands before the layers that it concerns",
                    request: frozen ?? followed ?? 0))
            break
        }
        return problems
    }

    // MARK: Updates

    private func update(
        _ minimised: TrainingRequests.Minimised, _ parameters: [ModelParameter], _ index: Int, _ next: inout [String: TensorValue]
    ) throws {
        let request = minimised.request
        let suffix = request.name.map { ".\($0)" } ?? (index == 0 ? "" : "\(index + 1)")
        let values = parameters.compactMap { parameterValue($0.name) }
        training.gradients["minimize\(suffix)"] = minimised.id
        var gradients = try gradients(of: minimised.loss, at: values, name: "minimize\(suffix)")
        let run = try runNumber()
        var (number, isDue) = (Scalar.tensor(run), TensorValue?.none)
        if request.accumulate > 1 {
            let count = Double(request.accumulate)
            number = .tensor(try (run / count).apply(Unary(.floor)))
            let due = try ((run + 1).apply(Binary(.mod), scalar(count, like: run))).apply(Binary(.equal), scalar(0, like: run))
            isDue = due
            gradients = try zip(parameters, gradients).map { parameter, gradient in
                let name = "training.sum.\(parameter.name)"
                let sum = try state(name, parameter.type, shape: parameter.shape) + gradient
                try self.next(name, due.apply(Where(), scalar(0, like: sum), sum))
                return try sum / count
            }
        }
        if request.optimiser is NewtonCG, request.clip != nil || request.accumulate > 1 {
            throw TrainingProblems(problems: [
                TrainingProblem(
                    message: "newtonCG takes the gradient as it is, neither clipped nor accumulated", request: minimised.id, option: "by")
            ])
        }
        if let clip = request.clip { gradients = try clip.clip(gradients) }
        let update = UpdateStep(self, number: number, isDue: isDue, suffix: suffix)
        let rate = try rate(request.optimiser.rate, update)
        if request.optimiser is NewtonCG { training.gradients["newtonCG"] = minimised.id }
        let steps = try zip(parameters, zip(values, gradients)).map { parameter, pair in
            let factor = training.rates.reduce(1) { $1.pattern.covers(parameter.name) ? $0 * $1.factor : $0 }
            return ParameterStep(
                parameter: pair.0, gradient: pair.1, rate: try rate * .number(factor),
                decays: request.decay?.contains { NamePattern($0).covers(parameter.name) } ?? true, name: parameter.name, update: update)
        }
        for (parameter, (old, moved)) in zip(parameters, zip(values, try request.optimiser.updates(steps))) {
            let new = try update.whenDue(moved, else: old)
            next[parameter.name] = new
            guard let average = request.average else { continue }
            let name = Self.averageName(parameter.name)
            let kept = try state(name, parameter.type, shape: parameter.shape)
            try self.next(name, update.whenDue(average.next(kept, new, at: number), else: kept))
            training.copies[name] = parameter.name
            training.averages.insert(parameter.name)
        }
        training.trained += parameters.map(\.name)
    }

    /// The rate at the update. What it begins from is a state, which a session may set.
    private func rate(_ rate: Hyperparameter, _ update: UpdateStep) throws -> Scalar {
        let base: Double
        switch rate {
        case .tensor: return try update.value(rate)
        case .number(let number): base = number
        case .schedule(let schedule): base = schedule.rate
        }
        let name = "training.rate\(update.suffix)"
        let kept = try state(name, shape: [], initial: Tensor(filling: base, type: .float32, shape: []))
        try next(name, kept)
        training.rateStates.append(name)
        let current = Scalar.tensor(try kept.apply(Cast(to: .float64)))
        let inEffect: Scalar =
            if case .schedule(let schedule) = rate { try schedule.value(current, atUpdate: update.number) } else { current }
        training.ratesInEffect.append(inEffect)
        return inEffect
    }

    // MARK: Followers

    private func follow(_ next: inout [String: TensorValue]) throws {
        var problems: [TrainingProblem] = []
        for followed in training.followed {
            let targets = parameters.indices.filter { parameters[$0].name.hasPrefix(followed.target + ".") }
            if targets.isEmpty {
                problems.append(TrainingProblem(message: "no block or layer is called `\(followed.target)`", request: followed.id))
            }
            var due: TensorValue?
            if followed.every > 1 {
                let run = try runNumber() + 1
                due = try run.apply(Binary(.mod), scalar(Double(followed.every), like: run)).apply(Binary(.equal), scalar(0, like: run))
            }
            for index in targets {
                let target = parameters[index]
                let name = followed.of + target.name.dropFirst(followed.target.count)
                guard let source = parameters.first(where: { $0.name == name }), let old = parameterValue(target.name),
                    let now = next[name] ?? parameterValue(name),
                    source.shape == target.shape, source.type == target.type
                else {
                    problems.append(
                        TrainingProblem(
                            message: "\(target.name) is \(target.type)\(target.shape) and has no parameter \(name) of that type to follow",
                            request: followed.id))
                    break
                }
                parameters[index].source = name
                let moved = followed.rate == 1 ? now : try old + (now - old) * followed.rate
                next[target.name] = try due.map { try moved.kept(where: $0, else: old) } ?? moved
            }
        }
        if !problems.isEmpty { throw TrainingProblems(problems: problems) }
    }
}

extension String {
    fileprivate func trimming(_ character: Character) -> String {
        var text = self[...]
        while text.first == character { text = text.dropFirst() }
        while text.last == character { text = text.dropLast() }
        return String(text)
    }
}
