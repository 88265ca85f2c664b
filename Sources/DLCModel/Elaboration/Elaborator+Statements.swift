import DLCGraph

extension Elaborator {
    /// Builds the statements of a pair of braces that is open in the frame, up to a `return`.
    func run(_ statements: [StatementSyntax]) {
        for statement in statements {
            if frame.result != nil || isStopped { return }
            _ = counted(at: statement.range) {
                run(statement)
                return .none
            }
        }
    }

    /// Builds statements with braces of their own.
    private func runScope(_ statements: [StatementSyntax], declaring name: String = "_", _ value: BuildValue = .none) {
        frame.openScope()
        if name != "_" { frame.declare(name, value) }
        run(statements)
        frame.closeScope()
    }

    private func run(_ statement: StatementSyntax) {
        switch statement.kind {
        case .assign(let names, let expression): assign(names, evaluate(expression), at: expression.range)
        case .forEach(let name, let sequence, let body): forEach(name, sequence, body)
        case .repeated(let count, let body): repeated(count, body)
        case .conditional(let branches, let otherwise): conditional(branches, otherwise)
        case .returned(let values): returned(values)
        case .state(let name, let type, let initial): declareState(name, type, initial, statement.range)
        case .next(let name, let expression): setNext(name, expression, statement.range)
        case .check(let condition, let message): check(condition, message)
        case .metadata(let notes): metadata(notes, statement.range)
        case .minimize, .freeze, .rates, .follow, .predicted: request(statement)
        }
    }

    private func assign(_ names: [IdentifierSyntax], _ value: BuildValue, at range: SourceRange) {
        guard names.count > 1 else {
            if case .results(let results, false) = value {
                let labels = results.compactMap(\.label)
                let parts = labels.count == results.count ? labels : (1...results.count).map { "y\($0)" }
                if results.contains(where: { $0.label == nil }) {
                    report(
                        "`\(names[0].name)` would be \(results.count) results", at: names[0].range,
                        help: "name each: `\(parts.joined(separator: ", ")) = …`")
                    return frame.assign(names[0].name, .invalid)
                }
            }
            return names.forEach { if $0.name != "_" { frame.assign($0.name, value) } }
        }
        var parts: [BuildValue] = []
        switch value {
        case .results(let results, _): parts = results.map(\.value)
        case .invalid: break
        default:
            if let items = value.items {
                parts = items
            } else {
                report(
                    "there are \(names.count) names for one value, \(value.found)", at: names[0].range.through(names[names.count - 1].range)
                )
            }
        }
        if !parts.isEmpty, parts.count < names.count || (parts.count > names.count && !isLayerResult(value)) {
            report(
                "there are \(names.count) names for \(parts.count) values", at: names[0].range.through(names[names.count - 1].range),
                help: parts.count > names.count ? "`_` discards one" : nil)
            parts = []
        }
        for (index, name) in names.enumerated() where name.name != "_" {
            frame.assign(name.name, index < parts.count ? parts[index] : .invalid)
        }
    }

    /// Results of a layer after the wanted ones may be left out.
    private func isLayerResult(_ value: BuildValue) -> Bool { if case .results(_, true) = value { true } else { false } }

    private func forEach(_ name: IdentifierSyntax, _ sequence: ExpressionSyntax, _ body: [StatementSyntax]) {
        let value = evaluate(sequence)
        switch value.single {
        case .range(let range):
            for index in range {
                if isStopped || frame.result != nil { return }
                countedRound(at: sequence.range) { runScope(body, declaring: name.name, .integer(index)) }
            }
        case .list(let list):
            for item in list.items {
                if isStopped || frame.result != nil { return }
                countedRound(at: sequence.range) { runScope(body, declaring: name.name, item) }
            }
        case .invalid:
            // Once, so that the mistakes of the body are found too.
            runScope(body, declaring: name.name, .invalid)
        case .integer(let count):
            report("`for` goes over a list or a range, found \(value.found)", at: sequence.range, help: "did you mean `0..<\(count)`?")
        default:
            report(
                "`for` goes over a list or a range, found \(value.found)", at: sequence.range, help: "for example `0..<4` or `[64, 128]`")
        }
    }

    private func repeated(_ count: ExpressionSyntax, _ body: [StatementSyntax]) {
        let value = evaluate(count)
        if value.isInvalid { return runScope(body) }
        guard let times = value.integer, times >= 0 else {
            return report("`repeat` takes how many times, a known integer from 0, found \(value.found)", at: count.range)
        }
        for _ in 0..<times {
            if isStopped || frame.result != nil { return }
            countedRound(at: count.range) { runScope(body) }
        }
    }

    private func conditional(_ branches: [StatementSyntax.Branch], _ otherwise: [StatementSyntax]?) {
        for branch in branches {
            // Which branch was meant is not known after a mistake: none is built, and no result is missed.
            guard let holds = condition(branch.condition) else {
                for name in branches.flatMap({ assignedNames($0.body) }) + assignedNames(otherwise ?? []) { frame.assign(name, .invalid) }
                return
            }
            if holds { return runScope(branch.body) }
        }
        if let otherwise { runScope(otherwise) }
    }

    /// The names that statements give a value to and that are known before them.
    private func assignedNames(_ statements: [StatementSyntax]) -> [String] {
        statements.flatMap { statement -> [String] in
            switch statement.kind {
            case .assign(let names, _): names.map(\.name).filter { frame[$0] != nil }
            case .forEach(_, _, let body), .repeated(_, let body): assignedNames(body)
            case .conditional(let branches, let otherwise): branches.flatMap { assignedNames($0.body) } + assignedNames(otherwise ?? [])
            default: []
            }
        }
    }

    /// Whether a condition holds; nil after a mistake.
    func condition(_ expression: ExpressionSyntax) -> Bool? {
        let value = evaluate(expression)
        switch value.single {
        case .boolean(let holds): return holds
        case .invalid: return nil
        case .tensor(let tensor):
            report(
                "a condition is true or false while the model is built; this is a tensor \(tensor.type)", at: expression.range,
                help: "`where(condition, a, b)` chooses by the elements of a tensor")
        default:
            report("a condition is true or false, found \(value.found)", at: expression.range)
        }
        return nil
    }

    private func returned(_ values: [ReturnedSyntax]) {
        let results = values.map { (label: $0.label?.name, value: evaluate($0.value)) }
        frame.resultRanges = values.map(\.value.range)
        // Results of a call are handed on as they are.
        frame.result = results.count == 1 && results[0].label == nil ? results[0].value : .results(results, ofLayer: false)
    }

    private func declareState(_ name: IdentifierSyntax, _ type: TypeSyntax, _ initial: ExpressionSyntax?, _ range: SourceRange) {
        if let first = frame.states[name.name] {
            return report("`\(name.name)` is a state already", at: name.range, notes: [.init("the first one", at: first.range)])
        }
        let shape = type.shape.map { known($0, "an extent of a state") }
        guard !shape.contains(where: { $0 == nil }) else { return frame.assign(name.name, .invalid) }
        let fullName = ModelBuilder.join(builder.path, name.name)
        let first = initial.map { initialValue($0, type.element) }
        let value =
            first.map { $0 == nil } == true
            ? .invalid
            : reporting(at: initial?.range ?? name.range) {
                .tensor(try builder.state(fullName, type.element, shape: shape.compactMap(\.self), initial: first ?? nil))
            }
        frame.states[name.name] = Frame.State(fullName: fullName, range: range, isSet: value.isInvalid)
        frame.declare(name.name, value)
    }

    /// A number, which every element is, or a tensor that is known; nil after a mistake.
    private func initialValue(_ expression: ExpressionSyntax, _ element: ElementType) -> Tensor? {
        let value = evaluate(expression)
        if let number = Arithmetic.number(value.single) {
            guard element.isFloat || Int(exactly: number) != nil else {
                report("the number \(number) does not fit a state of \(element)", at: expression.range)
                return nil
            }
            return try? Tensor(filling: number, type: element, shape: [])
        }
        if let tensor = value.tensor.flatMap({ builder.fact($0.value).constant }) { return tensor }
        if !value.isInvalid {
            let found = value.tensor == nil ? value.found : "a tensor that a run computes"
            report(
                "what a state is before the first run is known when the model is built, found \(found)", at: expression.range,
                help: "a number for all elements, or `tensor([0.5, 1])`")
        }
        return nil
    }

    private func setNext(_ name: IdentifierSyntax, _ expression: ExpressionSyntax, _ range: SourceRange) {
        let value = evaluate(expression)
        guard let state = frame.states[name.name] else {
            if frame[name.name]?.isInvalid == true { return }
            return report(
                "no state is called `\(name.name)` here", at: name.range,
                help: suggestion(for: name.name, among: Array(frame.states.keys))
                    ?? "a state is declared by `state \(name.name): f32[1, 256]`")
        }
        frame.states[name.name]?.isSet = true
        if frame[name.name]?.isInvalid == true { return }
        if state.isSet { return report("the state `\(name.name)` has its next value already", at: name.range) }
        guard let tensor = value.tensor else {
            if !value.isInvalid { report("the next value of a state is a tensor, found \(value.found)", at: expression.range) }
            return
        }
        _ = reporting(at: expression.range) {
            try builder.next(state.fullName, tensor)
            return .none
        }
    }

    private func check(_ condition: ExpressionSyntax, _ message: ExpressionSyntax?) {
        guard self.condition(condition) == false else { return }
        let text = message.map { evaluate($0) }
        switch text?.single {
        case .text(let text): report(text, at: condition.range)
        case nil, .invalid: report("this does not hold: \(condition.range.text)", at: condition.range)
        default: if let message { report("the message of a check is a text, found \(text?.found ?? "nothing")", at: message.range) }
        }
    }

    /// The integer of an expression, at least 0; nil after a mistake.
    func known(_ expression: ExpressionSyntax, _ what: String) -> Int? {
        let value = evaluate(expression)
        if let integer = value.integer, integer >= 0 { return integer }
        if !value.isInvalid { report("\(what) is a known integer from 0, found \(value.found)", at: expression.range) }
        return nil
    }
}
