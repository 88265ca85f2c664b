import DLCGraph
import DLCOps
import DLCPasses

extension Elaborator {
    /// Where a request of a training stands.
    struct Request {
        var range: SourceRange
        var options: [String: SourceRange]
    }

    /// Whether a training is built, whatever block of it.
    var isTraining: Bool { frames.first?.block.syntax.kind == .training }

    /// What only trainings say.
    func request(_ statement: StatementSyntax) {
        guard isInTraining else {
            let word = statement.range.text.prefix { $0.isLetter }
            let done = word == "predict" ? "predicted" : "minimized"
            return report(
                "`\(word)` stands in a training", at: statement.range,
                help: isTraining
                    ? "what this \(frame.block.syntax.kind.rawValue) returns can be \(done) there"
                    : "for example `training T(…) { … }`, which may call models")
        }
        switch statement.kind {
        case .minimize(let loss, let options): minimize(loss, options, statement.range)
        case .freeze(let patterns):
            let texts = patterns.flatMap { self.patterns($0) ?? [] }
            request(statement.range) { try builder.freeze(texts) }
        case .rates(let rates):
            var factors: [(pattern: String, factor: Double)] = []
            for rate in rates {
                let texts = patterns(rate.pattern)
                let value = evaluate(rate.factor)
                guard let factor = Arithmetic.number(value), factor >= 0 else {
                    if !value.isInvalid { report("the factor of a rate is a number from 0, found \(value.found)", at: rate.factor.range) }
                    continue
                }
                factors += (texts ?? []).map { ($0, factor) }
            }
            request(statement.range) { try builder.rates(factors) }
        case .follow(let target, let options): follow(target, options, statement.range)
        case .predicted(let values): predict(values, statement.range)
        default: break
        }
    }

    private func request(_ range: SourceRange, _ options: [ArgumentSyntax] = [], _ body: () throws -> Int) {
        _ = reporting(at: range) {
            let places = options.compactMap { option in option.label.map { ($0.name, option.value.range) } }
            requests[try body()] = Request(range: range, options: Dictionary(places) { first, _ in first })
            return .none
        }
    }

    /// A text or a list of texts; nil after a mistake.
    private func patterns(_ expression: ExpressionSyntax) -> [String]? {
        let value = evaluate(expression).single
        if value.isInvalid { return nil }
        let texts = (value.items ?? [value]).compactMap { item -> String? in
            if case .text(let text) = item, !text.isEmpty { text } else { nil }
        }
        guard !texts.isEmpty, texts.count == value.items?.count ?? 1 else {
            report(
                "parameters are named by a text or a list of texts, found \(value.found)", at: expression.range,
                help: "for example \"features.*\"")
            return nil
        }
        return texts
    }

    // MARK: minimize

    private static let options = ["by", "over", "clip", "accumulate", "average", "decay", "name"]

    private func minimize(_ expression: ExpressionSyntax, _ options: [ArgumentSyntax], _ range: SourceRange) {
        let loss = evaluate(expression)
        // Evaluation leaves it out; what it calls has its place in the names all the same.
        if builder.mode == .evaluation { return }
        var request = Minimisation(by: SGD())
        var isWhole = true
        for option in options {
            guard let label = option.label else { continue }
            if !set(&request, label, option.value) { isWhole = false }
        }
        if !options.contains(where: { $0.label?.name == "by" }) {
            return report("`minimize` needs `by`, an optimiser", at: range, help: "for example `minimize loss, by: adam(1e-3)`")
        }
        if loss.isInvalid || !isWhole { return }
        guard let tensor = loss.tensor else {
            return report("a loss is a scalar of floating point, found \(loss.found)", at: expression.range)
        }
        let places = options + [ArgumentSyntax(label: IdentifierSyntax(name: "", range: expression.range), value: expression)]
        self.request(range, places) { try builder.minimize(tensor, request) }
    }

    /// Sets one option; false after a mistake.
    private func set(_ request: inout Minimisation, _ label: IdentifierSyntax, _ expression: ExpressionSyntax) -> Bool {
        func isMethod<M>(_ path: WritableKeyPath<Minimisation, M?>, _ kind: MethodDefinition.Kind) -> Bool {
            let value = evaluate(expression)
            if case .method(let method) = value, let fitting = method as? M {
                request[keyPath: path] = fitting
                return true
            }
            if !value.isInvalid { wrongMethod(label.name, kind, value, expression) }
            return false
        }
        switch label.name {
        case "by":
            let value = evaluate(expression)
            if case .method(let method as any Optimiser) = value {
                request.optimiser = method
                return true
            }
            if !value.isInvalid { wrongMethod("by", .optimiser, value, expression) }
            return false
        case "clip": return isMethod(\.clip, .clipping)
        case "average": return isMethod(\.average, .average)
        case "over":
            request.over = patterns(expression)
            return request.over != nil
        case "decay":
            request.decay = patterns(expression)
            return request.decay != nil
        case "accumulate":
            guard let count = known(expression, "the number of runs that are accumulated") else { return false }
            guard count >= 1 else {
                report("`accumulate` is 0; expected at least 1", at: expression.range)
                return false
            }
            request.accumulate = count
            return true
        case "name":
            let value = evaluate(expression)
            guard case .text(let name) = value.single, !name.isEmpty else {
                if !value.isInvalid { report("`name` is a text, found \(value.found)", at: expression.range) }
                return false
            }
            request.name = name
            return true
        default:
            _ = evaluate(expression)
            report(
                "`minimize` has no `\(label.name)`; it takes \(Self.options.map { "`\($0)`" }.joined(separator: ", "))", at: label.range,
                help: suggestion(for: label.name, among: Self.options))
            return false
        }
    }

    private func wrongMethod(_ label: String, _ kind: MethodDefinition.Kind, _ value: BuildValue, _ expression: ExpressionSyntax) {
        let names = AllMethods.definitions.filter { $0.kind == kind }.map { "`\($0.name)`" }.joined(separator: ", ")
        report("`\(label)` is one of \(names), found \(value.found)", at: expression.range)
    }

    // MARK: predict

    private func predict(_ values: [ReturnedSyntax], _ range: SourceRange) {
        if let prediction {
            return report(
                "the training predicts already", at: range,
                help: "one `predict` may have several values: `predict classes: …, features: …`",
                notes: [.init("the first one", at: prediction)])
        }
        prediction = range
        let results = builder.predicting { values.map { (label: $0.label?.name, value: evaluate($0.value)) } }
        let result = results.count == 1 && results[0].label == nil ? results[0].value : .results(results, ofLayer: false)
        // A prediction of what is learned may bear its name, which the program that predicts does not read.
        let read = builder.inputs(readBy: results.compactMap { $0.value.tensor })
        outputs(result, at: values.map(\.value.range), of: "a prediction", example: "predict", apart: { !read.contains($0) }) {
            try builder.prediction($0, $1)
        }
    }

    // MARK: follow

    private func follow(_ target: ExpressionSyntax, _ options: [ArgumentSyntax], _ range: SourceRange) {
        let targets = patterns(target)
        var (source, every, rate) = (String?.none, 1, 1.0)
        for option in options {
            guard let label = option.label else { continue }
            switch label.name {
            case "of": source = patterns(option.value)?.first
            case "every": every = known(option.value, "`every`") ?? 1
            case "rate":
                let value = evaluate(option.value)
                if let number = Arithmetic.number(value), 0...1 ~= number {
                    rate = number
                } else if !value.isInvalid {
                    report("`rate` of `follow` is a number from 0 to 1, found \(value.found)", at: option.value.range)
                }
            default:
                report("`follow` has no `\(label.name)`; it takes `of`, `every`, `rate`", at: label.range)
            }
        }
        guard let targets else { return }
        guard let source else {
            if !options.contains(where: { $0.label?.name == "of" }) {
                report(
                    "`follow` needs `of`, the block that is followed", at: range, help: "`follow \"target\", of: \"online\", every: 1000`")
            }
            return
        }
        guard every >= 1 else { return report("`every` of `follow` is 0; expected at least 1", at: range) }
        for name in targets + [source] where name.contains("*") {
            return report(
                "`follow` takes names of blocks or layers, found \"\(name)\"", at: range, help: "without `*`: all of a block follows")
        }
        request(range, options) { try targets.map { try builder.follow($0, of: source, every: every, rate: rate) }.last ?? 0 }
    }

    // MARK: Methods

    func method(_ definition: MethodDefinition, _ call: Call) -> BuildValue {
        if let range = call.nameRange {
            report("`\(definition.name)` has no argument `name`", at: range)
            return .invalid
        }
        if call.arguments.contains(where: \.value.isInvalid) { return .invalid }
        var arguments: [CallArgument] = []
        for given in call.arguments {
            guard let value = given.value.argument else {
                report("`\(definition.name)` cannot take \(given.value.found)", at: given.range)
                return .invalid
            }
            arguments.append(CallArgument(given.label?.name, value))
        }
        do {
            return .method(try definition.matching(arguments))
        } catch let error as CallProblems {
            for problem in error.problems {
                let argument = problem.argument.map { call.arguments[$0] }
                let help =
                    problem.candidates.isEmpty
                    ? nil
                    : argument?.label.flatMap {
                        OtherNames.advice(label: $0.name, among: problem.candidates) ?? suggestion(for: $0.name, among: problem.candidates)
                    }
                report(problem.message, at: argument?.range ?? call.range, help: help)
            }
            return .invalid
        } catch {
            return reporting(at: call.range) { throw error }
        }
    }

    // MARK: The end of a training

    /// Settles what the training asks for, and reports what cannot be.
    func settle() {
        do {
            try builder.settleTraining()
            checkGradients()
        } catch let error as TrainingProblems {
            for problem in error.problems {
                let request = requests[problem.request]
                let range = problem.option.flatMap { request?.options[$0] } ?? request?.range ?? frame.block.syntax.name.range
                let notes = problem.other.flatMap { requests[$0] }.map { [Diagnostic.Note("the other one", at: $0.range)] } ?? []
                report(problem.message, at: range, help: problem.help, notes: notes)
            }
        } catch {
            _ = reporting(at: frame.block.syntax.name.range) { throw error }
        }
    }

    /// Reports every operator without a gradient that lies between a loss and a parameter.
    private func checkGradients() {
        let graph = builder.graph.graph
        guard builder.mode != .evaluation, graph.nodes.contains(where: { $0.op is Gradient }) else { return }
        for problem in graph.gradientProblems() {
            let request = builder.training.gradients[problem.request].flatMap { requests[$0] }
            let asked = request?.options[""] ?? request?.range ?? places[problem.request] ?? frame.block.syntax.name.range
            guard !problem.operation.isEmpty else {
                report(
                    problem.message.replacing(
                        "y does not depend", with: request == nil ? "`of` does not depend" : "the loss does not depend"), at: asked)
                continue
            }
            let unnamed = graph.nodes.indices.first {
                graph.nodes[$0].name.isEmpty && graph.nodes[$0].op.name == problem.operation && nodePlaces[$0] != nil
            }
            let range = place(of: problem.layer) ?? (problem.layer.isEmpty ? unnamed.flatMap { nodePlaces[$0] } : nil)
            let what = problem.layer.isEmpty ? problem.operation : "\(problem.operation) of \(problem.layer)"
            report(
                "\(what) \(problem.message)", at: range ?? asked,
                notes: range == nil ? [] : [.init("on the way from what is differentiated here", at: asked)])
        }
    }

    /// Where the layer of a path, or the layer that it is part of, was applied.
    private func place(of path: String) -> SourceRange? {
        var parts = path.split(separator: ".")
        while !parts.isEmpty {
            if let place = places[parts.joined(separator: ".")] { return place }
            parts.removeLast()
        }
        return nil
    }
}
