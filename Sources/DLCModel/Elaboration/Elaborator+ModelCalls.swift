import DLCGraph

/// Models that a training calls: their inputs are tensors, their settings arguments; names of their parameters are as in the model
/// itself, unless `name:` puts a block around them.
extension Elaborator {
    func apply(model: Block, _ call: Call) -> BuildValue {
        let (inputs, settings) = parts(of: model)
        let binding = bind(model, call.arguments)
        for problem in binding.problems { report(problem.message, at: problem.range, help: problem.help) }
        if !binding.problems.isEmpty { return .invalid }
        let given = inputs.filter { binding.values[$0.name.name] != nil }
        if given.isEmpty, !inputs.isEmpty {
            return reporting(at: call.range) {
                let path = try builder.block(model.name, name: call.name ?? "") { builder.path }
                let values = binding.values.filter { value in settings.contains { $0.name.name == value.key } }
                return .blockInstance(BlockInstance(model, values, path: path, parts: frame.shared?.parts ?? SharedParts()))
            }
        }
        guard check(binding.missing, of: model, call) else { return .invalid }
        return build(model, binding.values, call, shared: frame.shared) { body in try builder.block(model.name, name: call.name ?? "", body)
        }
    }

    func apply(model instance: BlockInstance, _ call: Call) -> BuildValue {
        if let range = call.nameRange {
            report("the model `\(instance.block.name)` has its name already", at: range)
            return .invalid
        }
        let binding = bind(instance.block, call.arguments)
        for problem in binding.problems { report(problem.message, at: problem.range, help: problem.help) }
        if !binding.problems.isEmpty { return .invalid }
        for argument in call.arguments {
            guard let label = argument.label?.name, parts(of: instance.block).settings.contains(where: { $0.name.name == label }) else {
                continue
            }
            report(
                "the model `\(instance.block.name)` takes only its inputs here", at: argument.range,
                help: "settings are given where it is made")
            return .invalid
        }
        guard check(binding.missing, of: instance.block, call) else { return .invalid }
        instance.parts.begin(under: instance.path)
        let values = instance.arguments.merging(binding.values) { made, _ in made }
        return build(instance.block, values, call, shared: instance) { body in try builder.block(at: instance.path, body) }
    }

    private func parts(of model: Block) -> (inputs: [ParameterSyntax], settings: [ParameterSyntax]) {
        (model.syntax.parameters.filter { $0.type != nil }, model.syntax.parameters.filter { $0.type == nil })
    }

    private func check(_ missing: [ParameterSyntax], of model: Block, _ call: Call) -> Bool {
        guard let first = missing.first else { return true }
        let names = missing.map { "`\($0.name.name)`" }.joined(separator: " and ")
        report("the model `\(model.name)` needs \(names)", at: call.range, notes: [.init("declared here", at: first.name.range)])
        return false
    }

    private func build(
        _ model: Block, _ values: [String: BuildValue], _ call: Call, shared: BlockInstance?,
        _ open: (() throws -> BuildValue) throws -> BuildValue
    ) -> BuildValue {
        let (inputs, settings) = parts(of: model)
        var isFitting = true
        let result = enter(model, call.range, shared: shared, open) { [self] in
            for setting in settings {
                frame.declare(setting.name.name, values[setting.name.name] ?? setting.defaultValue.map { evaluate($0).single } ?? .invalid)
            }
            for input in inputs { declareExtents(of: input, values[input.name.name]) }
            for input in inputs {
                let value = values[input.name.name] ?? .invalid
                let fits = value.isInvalid || self.fits(value, input, model, call)
                if !fits { isFitting = false }
                frame.declare(input.name.name, fits ? value : .invalid)
            }
        }
        guard isFitting else { return .invalid }
        // One output stands for itself, under its name too.
        if case .results(let results, false) = result, results.count == 1 { return .results(results, ofLayer: true) }
        return result
    }

    /// Names in an input's shape that are nothing else are the extents of what is given.
    private func declareExtents(of input: ParameterSyntax, _ value: BuildValue?) {
        guard let type = input.type, let tensor = value?.tensor, tensor.rank == type.shape.count else { return }
        for (expression, extent) in zip(type.shape, tensor.shape) {
            guard case .name(let name) = expression.kind, frame[name] == nil else { continue }
            frame.declare(name, (try? BuildValue(extent)) ?? .invalid)
        }
    }

    /// Whether a value is of an input's type; reported where it is called if not.
    private func fits(_ value: BuildValue, _ input: ParameterSyntax, _ model: Block, _ call: Call) -> Bool {
        guard let type = input.type else { return true }
        let written = "\(type.element)[\(type.shape.map(\.range.text).joined(separator: ", "))]"
        let argument =
            call.arguments.first { $0.label?.name == input.name.name }
            ?? call.arguments.filter { $0.label == nil }.dropFirst(
                parts(of: model).inputs.firstIndex { $0.name.name == input.name.name } ?? 0
            ).first
        func refuse(_ help: String? = nil) -> Bool {
            // The mistake is the caller's.
            let caller = frames.removeLast()
            defer { frames.append(caller) }
            report(
                "`\(input.name.name)` of the model `\(model.name)` is \(written), found \(value.found)", at: argument?.range ?? call.range,
                help: help,
                notes: [.init("declared here", at: input.name.range)])
            return false
        }
        guard let tensor = value.tensor, tensor.rank == type.shape.count else { return refuse() }
        guard tensor.element == type.element else { return refuse("`cast(\(type.element))` converts") }
        for (axis, expression) in type.shape.enumerated() {
            guard let wanted = evaluate(expression).dim, wanted != tensor.shape[axis] else { continue }
            do {
                try builder.require(wanted, equals: tensor.shape[axis], "dimension \(axis) of \(input.name.name) of \(model.name)")
            } catch {
                return refuse("dimension \(axis) would be \(wanted)")
            }
        }
        return true
    }
}
