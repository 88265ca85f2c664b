import DLCGraph
import DLCOps

extension Elaborator {
    func evaluate(_ expression: ExpressionSyntax) -> BuildValue {
        counted(at: expression.range) { value(of: expression) }
    }

    private func value(of expression: ExpressionSyntax) -> BuildValue {
        switch expression.kind {
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .boolean(let value): return .boolean(value)
        case .invalid: return .invalid
        case .text(let pieces): return text(pieces, expression.range)
        case .name(let name): return named(name, at: expression.range)
        case .list(let items):
            let values = items.map { evaluate($0).single }
            if values.contains(where: \.isInvalid) { return .invalid }
            return reporting(at: expression.range) { .list(try BuildList(values)) }
        case .unary(let op, let operand):
            let value = evaluate(operand)
            return reporting(at: expression.range) { try Arithmetic.unary(op, value) }
        case .binary(let op, let place, let left, let right): return binary(op, place, left, right)
        case .conditional(let condition, let yes, let no):
            guard let holds = self.condition(condition) else { return .invalid }
            return evaluate(holds ? yes : no)
        case .call(let callee, let arguments): return call(callee, arguments, expression.range)
        case .member(let base, let name): return member(name, of: evaluate(base))
        case .indexed(let base, let indices): return indexed(evaluate(base), indices, base.range)
        }
    }

    private func text(_ pieces: [TextPiece], _ range: SourceRange) -> BuildValue {
        var whole = ""
        for piece in pieces {
            switch piece {
            case .literal(let letters): whole += letters
            case .value(let expression):
                let value = evaluate(expression)
                if value.isInvalid { return .invalid }
                guard let letters = value.interpolated else {
                    report("a text takes numbers, texts and dimensions, found \(value.found)", at: expression.range)
                    return .invalid
                }
                whole += letters
            }
        }
        return reporting(at: range) { .text(try Arithmetic.limited(whole)) }
    }

    private func binary(_ op: BinaryOperator, _ place: SourceRange, _ left: ExpressionSyntax, _ right: ExpressionSyntax) -> BuildValue {
        let first = evaluate(left)
        // What is settled by the left side is not evaluated on the right: `n > 0 && 12 % n == 0`.
        if case .boolean(let holds) = first.single, (op == .and && !holds) || (op == .or && holds) { return first.single }
        let second = evaluate(right)
        if op == .and || op == .or, case .boolean = first.single, case .boolean = second.single { return second.single }
        let before = builder.nodeCount
        let value = reporting(at: place) { try Arithmetic.binary(op, first, second) }
        for index in before..<builder.nodeCount { nodePlaces[index] = place }
        return value
    }

    /// The value of a name: of the body, a block, a layer, or of the language.
    func named(_ name: String, at range: SourceRange) -> BuildValue {
        if let value = frame[name] { return value }
        if let block = frame.block.file.visible[name] { return .block(block) }
        if let value = Builtins.values[name] { return value }
        if let type = ElementType(name: name), type.isComputed { return .type(type) }
        if let layer = AllLayers.named(name) { return .layerType(layer) }
        if let advice = OtherNames.values[name] {
            report("nothing is called `\(name)` here", at: range, help: advice)
            return .invalid
        }
        let candidates = frame.names + Array(frame.block.file.visible.keys) + Array(Builtins.values.keys) + Builtins.functions
        let near = suggestion(for: name, among: candidates) ?? suggestion(for: name, among: AllLayers.definitions.map(\.name))
        let help = frame.ended.contains(name) ? "what braces give a name ends with them; give `\(name)` a value before them too" : near
        if Builtins.functions.contains(name) {
            report("`\(name)` is a function; it takes its arguments in parentheses", at: range)
        } else {
            report("nothing is called `\(name)` here", at: range, help: help)
        }
        return .invalid
    }

    /// `x.shape` and what else belongs to a value.
    private func member(_ name: IdentifierSyntax, of whole: BuildValue) -> BuildValue {
        var members: [String] = []
        if case .results(let results, _) = whole {
            if let part = results.first(where: { $0.label == name.name }) { return part.value }
            members = results.compactMap(\.label)
        }
        let base = whole.single
        switch (base, name.name) {
        case (.invalid, _): return .invalid
        case (.tensor(let tensor), "shape"):
            return reporting(at: name.range) { .list(try BuildList(tensor.shape.map { try BuildValue($0) })) }
        case (.tensor(let tensor), "rank"): return .integer(tensor.rank)
        case (.tensor(let tensor), "type"): return .type(tensor.element)
        case (.list(let list), "count"): return .integer(list.items.count)
        case (.range(let range), "count"): return .integer(range.count)
        case (.layer(let instance), _): return reporting(at: name.range) { .tensor(try instance.parameter(name.name)) }
        case (.tensor, _): members += ["shape", "rank", "type"]
        case (.list, _), (.range, _): members += ["count"]
        default: break
        }
        let isLayer = AllLayers.named(name.name) != nil || frame.block.file.visible[name.name] != nil
        let known = members.isEmpty ? nil : "it has " + members.map { "`\($0)`" }.joined(separator: ", ")
        report(
            "\(base.found) has no `\(name.name)`", at: name.range,
            help: isLayer ? "a layer is applied with parentheses: `.\(name.name)(…)`" : suggestion(for: name.name, among: members) ?? known)
        return .invalid
    }
}
