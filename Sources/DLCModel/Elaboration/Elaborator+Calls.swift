import DLCGraph

/// An argument of a call, evaluated.
struct GivenArgument {
    var label: IdentifierSyntax?
    var value: BuildValue
    var range: SourceRange
}

/// A call with its arguments; the receiver of `x.f(a)` is the first.
struct Call {
    var arguments: [GivenArgument]
    /// What is given by `name:`.
    var name: String?
    var nameRange: SourceRange?
    /// Of the name before the parentheses.
    var range: SourceRange
}

extension Elaborator {
    func call(_ callee: ExpressionSyntax, _ arguments: [ArgumentSyntax], _ range: SourceRange) -> BuildValue {
        var receiver: GivenArgument?
        let target: BuildValue?
        var place = callee.range
        var function: String?
        switch callee.kind {
        case .name(let name): (target, function) = (callable(name), name)
        case .member(let base, let name):
            receiver = GivenArgument(label: nil, value: evaluate(base), range: base.range)
            (target, function, place) = (callable(name.name), name.name, name.range)
        default: target = evaluate(callee)
        }
        let given = arguments.map { GivenArgument(label: $0.label, value: evaluate($0.value), range: $0.range) }
        var call = Call(arguments: (receiver.map { [$0] } ?? []) + given, range: place)
        let isNamed = takeName(&call)
        if let function, Builtins.functions.contains(function), target == nil || !call.arguments.contains(where: \.value.holdsTensor) {
            if !isNamed || call.arguments.contains(where: \.value.isInvalid) { return .invalid }
            return builtin(function, call)
        }
        guard let target else {
            if let function, isTraining, let method = AllMethods.named(function) { return isNamed ? self.method(method, call) : .invalid }
            if let function { unknown(function, at: place, receiver: receiver?.value) }
            return .invalid
        }
        if !isNamed || call.arguments.contains(where: \.value.isInvalid) { return .invalid }
        return apply(target, call)
    }

    /// What a name that is called stands for: what can be called in the body, a block, a layer; nil where it is nothing.
    func callable(_ name: String) -> BuildValue? {
        switch frame[name] {
        case let value? where value.isCallable || value.isInvalid: return value
        default: break
        }
        if let block = frame.block.file.visible[name] { return .block(block) }
        if isInTraining, let models = frame.block.file.models[name], models.count == 1 { return .block(models[0]) }
        return AllLayers.named(name).map { .layerType($0) }
    }

    /// Whether names are those of a training's body, where models can be called.
    var isInTraining: Bool { frame.block.syntax.kind == .training }

    func unknown(_ name: String, at range: SourceRange, receiver: BuildValue?) {
        if let value = frame[name], receiver == nil {
            return report("`\(name)` is \(value.found), which cannot be called", at: range)
        }
        if let receiver, ["shape", "rank", "type", "count"].contains(name) {
            if receiver.isInvalid { return }
            return report("`\(name)` is no layer", at: range, help: "write `.\(name)` without parentheses")
        }
        let layers = AllLayers.definitions.map(\.name)
        let other = OtherNames.layers[name].map { "did you mean `\($0)`?" } ?? OtherNames.functions[name]
        let models = isInTraining ? Array(frame.block.file.models.keys) : []
        let methods = isTraining ? AllMethods.definitions.map(\.name) : []
        let near = suggestion(for: name, among: Array(frame.block.file.visible.keys) + models + layers + Builtins.functions + methods)
        if frame.block.file.models[name] != nil {
            if isInTraining { return report("several imported files have a model `\(name)`", at: range) }
            return report(
                "the model `\(name)` cannot be called here", at: range,
                help: "a training calls models, in its own body; what models share is a block")
        }
        report("no layer or block is called `\(name)`", at: range, help: other ?? near)
    }

    /// Takes the argument `name:` out of a call; false after a mistake.
    private func takeName(_ call: inout Call) -> Bool {
        guard let index = call.arguments.firstIndex(where: { $0.label?.name == "name" }) else { return true }
        let argument = call.arguments.remove(at: index)
        if call.arguments.contains(where: { $0.label?.name == "name" }) {
            report("`name` is given twice", at: argument.range)
            return false
        }
        switch argument.value.single {
        case .invalid: return false
        case .text(let name):
            let isPath =
                name.isEmpty
                || name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                    !part.isEmpty && part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                }
            if !isPath {
                report(
                    "\"\(name)\" is no name", at: argument.range,
                    help: "a name is made of letters, digits, `_` and `-`, with points between its parts")
            }
            (call.name, call.nameRange) = (name, argument.range)
            return isPath
        default:
            report("`name` is a text, found \(argument.value.found)", at: argument.range)
            return false
        }
    }

    private func apply(_ target: BuildValue, _ call: Call) -> BuildValue {
        switch target {
        case .layerType(let definition): return apply(definition, call)
        case .layer(let instance): return apply(instance, call)
        case .block(let block): return apply(block, call)
        case .blockInstance(let instance): return apply(instance, call)
        case .invalid: return .invalid
        default:
            report("\(target.found) cannot be called", at: call.range)
            return .invalid
        }
    }

    // MARK: Layers

    private func apply(_ definition: LayerDefinition, _ call: Call) -> BuildValue {
        guard let arguments = layerArguments(definition.name, call) else { return .invalid }
        do {
            let (layer, operands) = try definition.matching(arguments)
            let instance = made(layer, name: call.name)
            if operands.isEmpty { return .layer(instance) }
            return applied(instance, operands, at: call.range)
        } catch let error as CallProblems {
            for problem in error.problems {
                let argument = problem.argument.flatMap { $0 < call.arguments.count ? call.arguments[$0] : nil }
                let help =
                    problem.candidates.isEmpty
                    ? nil
                    : argument?.label.flatMap {
                        OtherNames.advice(label: $0.name, among: problem.candidates) ?? suggestion(for: $0.name, among: problem.candidates)
                    }
                report(problem.message, at: argument?.range ?? call.range, help: help)
            }
        } catch {
            return reporting(at: call.range) { throw error }
        }
        return .invalid
    }

    /// The arguments as a layer takes them, or nil where one is nothing that a layer takes.
    private func layerArguments(_ layer: String, _ call: Call) -> [CallArgument]? {
        var result: [CallArgument] = []
        for argument in call.arguments {
            if let value = argument.value.argument {
                result.append(CallArgument(argument.label?.name, value))
                continue
            }
            var help: String?
            switch argument.value {
            case .layer, .blockInstance, .block, .layerType: help = "apply it to a tensor first"
            case .results(let results, _):
                help = "take one of them: " + results.indices.map { "`\(results[$0].label ?? "y\($0 + 1)")`" }.joined(separator: ", ")
            default: break
            }
            report("`\(layer)` cannot take \(argument.value.found)", at: argument.range, help: help)
        }
        return result.count == call.arguments.count ? result : nil
    }

    private func apply(_ instance: LayerInstance, _ call: Call) -> BuildValue {
        if let range = call.nameRange {
            report("the layer `\(instance.path)` has its name already", at: range)
            return .invalid
        }
        let names = instance.layer.definition.operandNames
        var operands: [TensorValue?] = []
        for argument in call.arguments {
            let label = argument.label?.name
            guard let place = label.map({ names.firstIndex(of: $0) }) ?? operands.count else {
                report(
                    "the layer `\(instance.path)` takes only tensors here: \(names.joined(separator: ", "))", at: argument.range,
                    help: "its arguments are given where it is made")
                return .invalid
            }
            let tensors = argument.value.items?.map(\.tensor) ?? [argument.value.tensor]
            guard tensors.allSatisfy({ $0 != nil }) else {
                report("the layer `\(instance.path)` takes tensors, found \(argument.value.found)", at: argument.range)
                return .invalid
            }
            while operands.count < place { operands.append(nil) }
            if place < operands.count {
                if operands[place] != nil {
                    report("`\(names[place])` is given twice", at: argument.range)
                    return .invalid
                }
                operands[place] = tensors[0]
            } else {
                operands += tensors
            }
        }
        return applied(instance, operands, at: call.range)
    }

    /// A layer at a path; the one of an earlier application where the block around it is shared.
    private func made(_ layer: any Layer, name: String?) -> LayerInstance {
        let instance = builder.layer(layer, name: name)
        return frame.shared?.parts.layer(instance) ?? instance
    }

    private func applied(_ instance: LayerInstance, _ operands: [TensorValue?], at range: SourceRange) -> BuildValue {
        if places[instance.path] == nil { places[instance.path] = range }
        return reporting(at: range) {
            let results = try instance.results(operands)
            let labels = instance.layer.definition.results
            if results.count == 1 { return .tensor(results[0]) }
            // As many as the arguments say: the parts of a split.
            guard results.count == labels.count else { return .list(try BuildList(results.map { .tensor($0) })) }
            return .results(zip(labels, results).map { (label: $0, value: .tensor($1)) }, ofLayer: true)
        }
    }
}

extension BuildValue {
    var isCallable: Bool {
        switch self {
        case .layerType, .layer, .block, .blockInstance: true
        default: false
        }
    }
}
