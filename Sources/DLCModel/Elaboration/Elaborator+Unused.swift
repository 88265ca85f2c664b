extension Elaborator {
    /// Reports names that are nothing in blocks that the model does not call, which are never evaluated.
    func checkUnused(of file: ModelFile) {
        for block in file.visible.values.sorted(by: { $0.name < $1.name }) where !entered.contains(ObjectIdentifier(block)) {
            frames.append(Frame(block, call: nil, shared: nil))
            for parameter in block.syntax.parameters { frame.declare(parameter.name.name, .invalid) }
            declareNames(in: block.syntax.body)
            for parameter in block.syntax.parameters { if let value = parameter.defaultValue { check(value) } }
            check(block.syntax.body)
            frames.removeLast()
        }
    }

    /// Every name that the statements give a value to, whatever braces it stands in.
    private func declareNames(in statements: [StatementSyntax]) {
        for statement in statements {
            switch statement.kind {
            case .assign(let names, _): for name in names { frame.declare(name.name, .invalid) }
            case .forEach(let name, _, let body):
                frame.declare(name.name, .invalid)
                declareNames(in: body)
            case .repeated(_, let body): declareNames(in: body)
            case .conditional(let branches, let otherwise):
                for branch in branches { declareNames(in: branch.body) }
                declareNames(in: otherwise ?? [])
            case .state(let name, _, _): frame.declare(name.name, .invalid)
            case .returned, .next, .check, .minimize, .freeze, .rates, .follow, .predicted, .metadata: break
            }
        }
    }

    private func check(_ statements: [StatementSyntax]) {
        for statement in statements {
            switch statement.kind {
            case .assign(_, let value), .next(_, let value): check(value)
            case .forEach(_, let sequence, let body): check(sequence); check(body)
            case .repeated(let count, let body): check(count); check(body)
            case .conditional(let branches, let otherwise):
                for branch in branches { check(branch.condition); check(branch.body) }
                check(otherwise ?? [])
            case .returned(let values), .predicted(let values): values.forEach { check($0.value) }
            case .state(_, let type, let initial):
                type.shape.forEach { check($0) }
                if let initial { check(initial) }
            case .minimize(let value, let options), .follow(let value, let options): check(value); options.forEach { check($0.value) }
            case .freeze(let patterns): patterns.forEach { check($0) }
            case .rates(let rates): rates.forEach { check($0.pattern); check($0.factor) }
            case .metadata(let notes): notes.forEach { check($0.key); check($0.value) }
            case .check(let condition, let message):
                check(condition)
                if let message { check(message) }
            }
        }
    }

    private func check(_ expression: ExpressionSyntax) {
        switch expression.kind {
        case .name(let name): _ = named(name, at: expression.range)
        case .call(let callee, let arguments):
            switch callee.kind {
            case .name(let name): checkCall(name, at: callee.range, receiver: nil)
            case .member(let base, let name):
                check(base)
                checkCall(name.name, at: name.range, receiver: .invalid)
            default: check(callee)
            }
            arguments.forEach { check($0.value) }
        default: expression.kind.parts.forEach { check($0) }
        }
    }

    private func checkCall(_ name: String, at range: SourceRange, receiver: BuildValue?) {
        if frame[name] != nil || callable(name) != nil || Builtins.functions.contains(name) { return }
        unknown(name, at: range, receiver: receiver)
    }
}
