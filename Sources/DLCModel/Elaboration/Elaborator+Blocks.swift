import DLCGraph

extension Elaborator {
    func apply(_ block: Block, _ call: Call) -> BuildValue {
        if block.syntax.kind == .model { return apply(model: block, call) }
        let binding = bind(block, call.arguments)
        if binding.missing.isEmpty && binding.problems.isEmpty {
            return enter(block, binding.values, call.range, shared: frame.shared) { body in
                try builder.block(block.name, name: call.name, body)
            }
        }
        // Without its first argument, and without any tensor, a block is a value that is applied later.
        if !call.arguments.contains(where: \.value.holdsTensor), let first = block.syntax.parameters.first, first.defaultValue == nil {
            let later = bind(block, call.arguments, skipping: 1)
            if later.problems.isEmpty, later.missing.isEmpty, later.values[first.name.name] == nil {
                return reporting(at: call.range) {
                    let path = try builder.block(block.name, name: call.name) { builder.path }
                    return .blockInstance(BlockInstance(block, later.values, path: path, parts: frame.shared?.parts ?? SharedParts()))
                }
            }
        }
        for problem in binding.problems { report(problem.message, at: problem.range, help: problem.help) }
        if let parameter = binding.missing.first, binding.problems.isEmpty {
            let names = binding.missing.map { "`\($0.name.name)`" }.joined(separator: " and ")
            report("`\(block.name)` needs \(names)", at: call.range, notes: [.init("declared here", at: parameter.range)])
        }
        return .invalid
    }

    func apply(_ instance: BlockInstance, _ call: Call) -> BuildValue {
        if let range = call.nameRange {
            report("the block `\(instance.path)` has its name already", at: range)
            return .invalid
        }
        if instance.block.syntax.kind == .model { return apply(model: instance, call) }
        guard let first = instance.block.syntax.parameters.first, call.arguments.count == 1,
            call.arguments[0].label.map({ $0.name == first.name.name }) ?? true
        else {
            report(
                "the block `\(instance.path)` takes one argument here", at: call.range, help: "the others are given where it is made")
            return .invalid
        }
        var values = instance.arguments
        values[first.name.name] = call.arguments[0].value.single
        instance.parts.begin(under: instance.path)
        return enter(instance.block, values, call.range, shared: instance) { body in try builder.block(at: instance.path, body) }
    }

    // MARK: Arguments

    struct Binding {
        var values: [String: BuildValue] = [:]
        var missing: [ParameterSyntax] = []
        var problems: [(message: String, range: SourceRange, help: String?)] = []
    }

    /// Arguments by the names of a block's parameters.
    /// - Parameter skipping: how many parameters get nothing by position and may be missing.
    func bind(_ block: Block, _ arguments: [GivenArgument], skipping: Int = 0) -> Binding {
        var binding = Binding()
        let parameters = block.syntax.parameters
        let what = block.syntax.kind == .model ? "the model `\(block.name)`" : "`\(block.name)`"
        var position = skipping
        for argument in arguments {
            let index: Int
            if let label = argument.label {
                guard let found = parameters.firstIndex(where: { $0.name.name == label.name }) else {
                    let names = parameters.map(\.name.name) + ["name"]
                    binding.problems.append(
                        (
                            "\(what) has no parameter `\(label.name)`", argument.range,
                            suggestion(for: label.name, among: names) ?? "it has \(names.map { "`\($0)`" }.joined(separator: ", "))"
                        ))
                    continue
                }
                index = found
            } else {
                index = position
                position += 1
                guard index < parameters.count else {
                    let names = parameters.isEmpty ? "no arguments" : "at most \(parameters.map(\.name.name).joined(separator: ", "))"
                    binding.problems.append(("\(what) takes \(names); there is no place for \(argument.value.found)", argument.range, nil))
                    continue
                }
            }
            let name = parameters[index].name.name
            if binding.values[name] != nil {
                binding.problems.append(("`\(name)` is given twice", argument.range, nil))
                continue
            }
            binding.values[name] = argument.value.single
        }
        binding.missing = parameters.dropFirst(skipping).filter { $0.defaultValue == nil && binding.values[$0.name.name] == nil }
        return binding
    }

    // MARK: Bodies

    /// Builds the body of a block.
    /// - Parameter open: opens the block in the builder.
    private func enter(
        _ block: Block, _ arguments: [String: BuildValue], _ range: SourceRange, shared: BlockInstance?,
        _ open: (() throws -> BuildValue) throws -> BuildValue
    ) -> BuildValue {
        enter(block, range, shared: shared, open) { [self] in
            for parameter in block.syntax.parameters {
                let value = arguments[parameter.name.name] ?? parameter.defaultValue.map { evaluate($0).single } ?? .invalid
                frame.declare(parameter.name.name, value)
            }
        }
    }

    /// - Parameter declare: gives the parameters their values in the new frame.
    func enter(
        _ block: Block, _ range: SourceRange, shared: BlockInstance?, _ open: (() throws -> BuildValue) throws -> BuildValue,
        declare: @escaping () -> Void
    ) -> BuildValue {
        if frames.contains(where: { $0.block === block }) {
            report(
                "the block `\(block.name)` calls itself", at: range,
                help: "blocks are built where they are called, without an end here; a loop repeats what is needed")
            return .invalid
        }
        guard frames.count < budget.calls else {
            report("blocks call one another more than \(budget.calls) deep", at: range)
            return .invalid
        }
        entered.insert(ObjectIdentifier(block))
        return reporting(at: range) {
            try open {
                frames.append(Frame(block, call: range, shared: shared))
                defer { frames.removeLast() }
                declare()
                return body(block)
            }
        }
    }

    /// Runs the statements of the frame's block; what it returns.
    func body(_ block: Block) -> BuildValue {
        let before = mistakes
        run(block.syntax.body)
        if isStopped { return .invalid }
        for (name, state) in frame.states.sorted(by: { $0.key < $1.key }) where !state.isSet && mistakes == before {
            report(
                "the state `\(name)` has no next value", at: state.range,
                help: "`next \(name) = …` gives it; a state that stays is a constant")
        }
        if let result = frame.result { return result }
        if mistakes == before {
            report(
                "the \(block.syntax.kind.rawValue) `\(block.name)` returned nothing", at: frame.call ?? block.syntax.name.range,
                help: "a body ends with `return …`")
        }
        return .invalid
    }
}
