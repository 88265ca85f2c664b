import DLCGraph

extension Elaborator {
    /// The value that a build-time parameter of a model is set to, of the kind of its default.
    /// - Parameter text: as given on the command line.
    func setting(_ parameter: ParameterSyntax, _ text: String, default fallback: BuildValue) -> BuildValue {
        if fallback.isInvalid { return .invalid }
        if let value = Self.read(text, like: fallback) { return value }
        let kind = switch fallback {
        case .integer: "an integer such as \(fallback.interpolated ?? "1")"
        case .number: "a number such as \(fallback.interpolated ?? "0.5")"
        case .boolean: "true or false"
        case .type: "a type such as f32"
        case .list: "values with commas between, each as in \(fallback.argument?.text ?? "its default")"
        default: "the default, \(fallback.found); it cannot be set"
        }
        report("`\(parameter.name.name)` is set to `\(text)`; what fits is \(kind)", at: parameter.name.range)
        return .invalid
    }

    private static func read(_ text: String, like fallback: BuildValue) -> BuildValue? {
        switch fallback {
        case .integer: return Int(text).map { .integer($0) }
        case .number: return Double(text).flatMap { $0.isNaN ? nil : .number($0) }
        case .boolean: return Bool(text).map { .boolean($0) }
        case .text: return .text(text)
        case .type: return ElementType(name: text).map { .type($0) }
        case .list(let list):
            guard let first = list.items.first else { return nil }
            let inner = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...]
            var values: [BuildValue] = []
            for part in inner.split(separator: ",") {
                guard let value = read(part.filter { $0 != " " }, like: first) else { return nil }
                values.append(value)
            }
            return (try? BuildList(values)).map { .list($0) }
        default: return nil
        }
    }
}
