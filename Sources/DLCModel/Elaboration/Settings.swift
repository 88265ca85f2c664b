import DLCGraph

extension Elaborator {
    /// The value that a build-time parameter of a model is set to, of the kind of its default.
    /// - Parameter text: as a model file spells the value; quotes of a text and brackets of a list may be left out.
    func setting(_ parameter: ParameterSyntax, _ text: String, default fallback: BuildValue) -> BuildValue {
        if fallback.isInvalid { return .invalid }
        if let value = read(text, like: fallback) { return value }
        let kind = switch fallback {
        case .integer: "an integer such as \(fallback.interpolated ?? "1")"
        case .number: "a number such as \(fallback.interpolated ?? "0.5")"
        case .boolean: "true or false"
        case .text: "a text such as \(fallback.argument?.text ?? "its default")"
        case .type: "a type such as f32"
        case .initialiser: "an initialiser such as \(fallback.argument?.text ?? "zeros")"
        case .range: "a range such as 0..<4"
        case .list: "values with commas between, each as in \(fallback.argument?.text ?? "its default")"
        case .layerType, .block: "the name of a layer or block"
        case .none: "a number, a text, true or false, a type or a list of them"
        default: "the default, \(fallback.found); it cannot be set"
        }
        report("`\(parameter.name.name)` is set to `\(text.printable())`; what fits is \(kind)", at: parameter.name.range)
        return .invalid
    }

    private func read(_ text: String, like fallback: BuildValue) -> BuildValue? {
        var text = text
        switch fallback {
        case .text where !text.hasPrefix("\""): return .text(text)
        case .list where !text.hasPrefix("["): text = "[\(text)]"
        default: break
        }
        guard let expression = Parser.value(SourceFile(path: "--set", text: text)) else { return nil }
        return attempt { evaluate(expression).single }.flatMap { Self.fitting($0, like: fallback) }
    }

    /// The value where it is of the kind of another.
    private static func fitting(_ value: BuildValue, like fallback: BuildValue) -> BuildValue? {
        switch (fallback, value) {
        case (.number, .integer(let value)): return .number(Double(value))
        case (.number, .number(let number)): return number.isNaN ? nil : value
        case (.integer, .integer), (.boolean, .boolean), (.text, .text), (.type, .type), (.initialiser, .initialiser), (.range, .range),
            (.layerType, .layerType), (.layerType, .block), (.block, .layerType), (.block, .block),
            (.none, .integer), (.none, .number), (.none, .boolean), (.none, .text), (.none, .type), (.none, .list), (.none, .none):
            return value
        case (.list(let kinds), .list(let list)):
            var values: [BuildValue] = []
            for item in list.items {
                let fits = kinds.items.isEmpty ? item : kinds.items.lazy.compactMap { fitting(item, like: $0) }.first
                guard let fits else { return nil }
                values.append(fits)
            }
            return (try? BuildList(values)).map { .list($0) }
        default: return nil
        }
    }
}
