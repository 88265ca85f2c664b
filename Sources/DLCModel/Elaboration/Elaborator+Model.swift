import DLCGraph

extension Elaborator {
    /// Builds a model: its parameters, its inputs, its body, its outputs.
    /// - Parameter settings: values of build-time parameters by name, as text.
    func build(_ model: Block, settings: [String: String]) {
        frames = [Frame(model, call: nil, shared: nil)]
        let (inputs, settable) = (model.syntax.parameters.filter { $0.type != nil }, model.syntax.parameters.filter { $0.type == nil })
        for parameter in settable {
            var value = parameter.defaultValue.map { evaluate($0).single } ?? .invalid
            if let text = settings[parameter.name.name] { value = setting(parameter, text, default: value) }
            frame.declare(parameter.name.name, value)
            builder.numbers[parameter.name.name] = Arithmetic.number(value)
        }
        let symbols = inputs.flatMap { declareSymbols(of: $0, settings) }
        let kind = model.syntax.kind.rawValue
        for name in settings.keys.sorted() where !symbols.contains(name) && !settable.contains(where: { $0.name.name == name }) {
            let isInput = inputs.contains { $0.name.name == name }
            let names = settable.map(\.name.name) + symbols
            let known = names.isEmpty ? "it has none" : "it has " + names.map { "`\($0)`" }.joined(separator: ", ")
            report(
                isInput
                    ? "`\(name)` is an input of the \(kind) `\(model.name)`, which cannot be set"
                    : "the \(kind) `\(model.name)` has no parameter `\(name)` to set",
                at: model.syntax.name.range, help: suggestion(for: name, among: names) ?? known)
        }
        for input in inputs { declare(input) }
        let result = body(model)
        if errors.isEmpty {
            outputs(result, at: frame.resultRanges, of: "an output of a \(kind)", example: "return") { try builder.output($0, $1) }
        }
        if errors.isEmpty { settleMetadata() }
        if errors.isEmpty { settle() }
        if builder.mode != .evaluation { checkUnused(of: model.file) }
    }

    /// Names in the shape of an input that are nothing else are dimensions, which a run settles or a setting: a model of
    /// known extents may have faster kernels.
    private func declareSymbols(of input: ParameterSyntax, _ settings: [String: String]) -> [String] {
        var symbols: [String] = []
        func visit(_ expression: ExpressionSyntax) {
            if case .name(let name) = expression.kind, frame[name] == nil {
                symbols.append(name)
                frame.declare(name, settings[name].map { extent($0, of: name, at: expression.range) } ?? .dimension(Dim(symbol: name)))
            }
            expression.kind.parts.forEach(visit)
        }
        input.type?.shape.forEach(visit)
        return symbols
    }

    private func extent(_ text: String, of symbol: String, at range: SourceRange) -> BuildValue {
        if let value = Int(text), value >= 1, value <= 1 << 40 { return .integer(value) }
        report("`\(symbol)` is set to `\(text)`; what fits is an integer from 1", at: range)
        return .invalid
    }

    private func declare(_ input: ParameterSyntax) {
        guard let type = input.type else { return }
        var shape: Shape = []
        for expression in type.shape {
            let value = evaluate(expression)
            if let dim = value.dim, dim.constant ?? 1 >= 0 {
                shape.append(dim)
            } else if !value.isInvalid {
                report("an extent of an input is a known integer from 0 or a dimension, found \(value.found)", at: expression.range)
            }
        }
        let isComplete = shape.count == type.shape.count
        frame.declare(
            input.name.name,
            isComplete ? reporting(at: input.range) { .tensor(try builder.input(input.name.name, type.element, shape)) } : .invalid)
    }

    /// Takes what stands after `return` or `predict` for outputs.
    /// - Parameter apart: whether an input belongs to another graph, so that an output may bear its name.
    func outputs(
        _ result: BuildValue, at ranges: [SourceRange], of what: String, example: String, apart: (String) -> Bool = { _ in false },
        _ take: (String, TensorValue) throws -> Void
    ) {
        var results: [(label: String?, value: BuildValue)] = [(nil, result)]
        if case .results(let several, false) = result { results = several }
        for (index, (label, value)) in results.enumerated() {
            let place = index < ranges.count ? ranges[index] : ranges.first ?? frame.block.syntax.name.range
            guard let tensor = value.tensor else {
                if !value.single.isInvalid { report("\(what) is a tensor, found \(value.found)", at: place) }
                continue
            }
            if label == nil && results.count > 1 {
                report("an output among several needs a label", at: place, help: "`\(example) logits: …, features: …`")
                continue
            }
            let name = label ?? "output"
            // In ONNX a name stands for one value.
            if !apart(name), frame.block.syntax.parameters.contains(where: { $0.type != nil && $0.name.name == name }) {
                report("the output would be called `\(name)`, as an input is", at: place, help: "an output has a name of its own")
                continue
            }
            _ = reporting(at: place) {
                try take(name, tensor)
                return .none
            }
        }
    }
}
