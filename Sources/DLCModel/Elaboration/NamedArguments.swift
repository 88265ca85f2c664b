import DLCGraph

/// The arguments of a function of the language, taken by name or, in order, by position.
struct NamedArguments {
    let function: String
    let call: Call
    private var rest: [GivenArgument]
    private var names: [String] = []

    init(_ function: String, _ call: Call) {
        self.function = function
        self.call = call
        rest = call.arguments
    }

    private mutating func take(_ name: String, labelled: Bool = false) -> GivenArgument? {
        names.append(name)
        let index = rest.firstIndex { $0.label?.name == name } ?? (labelled ? nil : rest.firstIndex { $0.label == nil })
        return index.map { rest.remove(at: $0) }
    }

    private func unfit(_ name: String, _ kind: String, _ argument: GivenArgument) -> Diagnostic {
        Diagnostic("`\(name)` of `\(function)` is \(kind), found \(argument.value.found)", at: argument.range)
    }

    private func missing(_ name: String, _ kind: String) -> Diagnostic {
        Diagnostic("`\(function)` needs `\(name)`, \(kind)", at: call.range)
    }

    mutating func value(_ name: String) throws -> BuildValue {
        guard let argument = take(name) else { throw missing(name, "a number or a list") }
        return argument.value.single
    }

    mutating func optionalNumber(_ name: String, labelled: Bool = false) throws -> Double? {
        guard let argument = take(name, labelled: labelled) else { return nil }
        guard let number = Arithmetic.number(argument.value) else { throw unfit(name, "a number", argument) }
        return number
    }

    mutating func number(_ name: String, _ fallback: Double? = nil, labelled: Bool = false) throws -> Double {
        guard let number = try optionalNumber(name, labelled: labelled) ?? fallback else { throw missing(name, "a number") }
        return number
    }

    mutating func text(_ name: String, _ cases: [String]) throws -> String? {
        guard let argument = take(name, labelled: true) else { return nil }
        guard case .text(let text) = argument.value.single, cases.contains(text) else {
            throw unfit(name, "one of \(cases.map { "\"\($0)\"" }.joined(separator: ", "))", argument)
        }
        return text
    }

    mutating func type(_ name: String) throws -> ElementType? {
        guard let argument = take(name, labelled: true) else { return nil }
        guard case .type(let type) = argument.value.single else { throw unfit(name, "a type such as f32", argument) }
        return type
    }

    mutating func initialiser(_ name: String) throws -> Initialiser? {
        guard let argument = take(name, labelled: true) else { return nil }
        guard let value = argument.value.argument, let initialiser = Initialiser(argument: value) else {
            throw unfit(name, "an initialiser such as normal(0.02)", argument)
        }
        return initialiser
    }

    mutating func extents(_ name: String) throws -> Shape {
        guard let argument = take(name) else { throw missing(name, "a list of extents such as [1, 768]") }
        let dims = argument.value.items.map { $0.map(\.dim) } ?? [argument.value.dim]
        let shape = dims.compactMap(\.self)
        guard shape.count == dims.count, shape.allSatisfy({ ($0.constant ?? 0) >= 0 }) else {
            throw unfit(name, "a list of extents such as [1, 768]", argument)
        }
        return shape
    }

    /// Refuses what was not taken.
    func finish() throws {
        guard let argument = rest.first else { return }
        let known = names.map { "`\($0)`" }.joined(separator: ", ")
        guard let label = argument.label else {
            throw Diagnostic("`\(function)` has no place for \(argument.value.found); it takes \(known)", at: argument.range)
        }
        throw Diagnostic(
            "`\(function)` has no argument `\(label.name)`; it takes \(known)", at: argument.range,
            help: nearestName(to: label.name, among: names).map { "did you mean `\($0)`?" })
    }
}
