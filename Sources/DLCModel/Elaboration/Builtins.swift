import DLCGraph
import DLCOps

/// Names of the language that are neither layers nor blocks.
enum Builtins {
    static var values: [String: BuildValue] {
        ["none": .none, "zeros": .initialiser(.zeros), "ones": .initialiser(.ones), "pi": .number(.pi)]
    }

    /// Functions of build-time values. Where a tensor is among the arguments, the layer of the same name is meant.
    static let functions = [
        "min", "max", "abs", "floor", "ceil", "round", "sqrt", "exp", "log", "sum",
        "constant", "normal", "uniform", "truncatedNormal", "xavierUniform", "xavierNormal", "kaimingUniform", "kaimingNormal", "orthogonal",
        "parameter", "tensor", "fill",
    ]

    /// What other frameworks call a layer.
    static let otherNames = [
        "linear": "dense", "Linear": "dense", "fc": "dense", "fullyConnected": "dense", "conv2d": "conv", "Conv2d": "conv",
        "conv1d": "conv", "conv3d": "conv", "convolution": "conv", "cat": "concat", "concatenate": "concat", "permute": "transpose",
        "view": "reshape", "swish": "silu", "batchnorm": "batchNorm", "bn": "batchNorm", "BatchNorm2d": "batchNorm",
        "layernorm": "layerNorm", "avgPool": "averagePool", "meanPool": "averagePool", "gap": "globalAveragePool",
    ]
}

extension Elaborator {
    /// A call of a function of the language.
    func builtin(_ name: String, _ call: Call) -> BuildValue {
        reporting(at: call.range) {
            switch name {
            case "parameter": return try parameter(call)
            case "tensor": return try constant(call)
            case "fill": return try fill(call)
            case "constant", "normal", "uniform", "truncatedNormal", "xavierUniform", "xavierNormal", "kaimingUniform", "kaimingNormal", "orthogonal":
                if let range = call.nameRange { throw Diagnostic("`\(name)` has no argument `name`", at: range) }
                return .initialiser(try initialiser(name, call))
            default:
                if let range = call.nameRange { throw Diagnostic("`\(name)` has no argument `name`", at: range) }
                return try function(name, call)
            }
        }
    }

    // MARK: Functions

    private func function(_ name: String, _ call: Call) throws -> BuildValue {
        for argument in call.arguments {
            if argument.label != nil { throw Diagnostic("`\(name)` has no labels", at: argument.range) }
        }
        var values = call.arguments.map { (value: $0.value, range: $0.range) }
        if ["min", "max", "sum"].contains(name), values.count == 1, let items = values[0].value.items {
            values = items.map { ($0, call.arguments[0].range) }
        }
        switch name {
        case "min", "max":
            guard let first = values.first else { throw Diagnostic("`\(name)` takes at least one number", at: call.range) }
            return try values.dropFirst().reduce(number(first.value, name, first.range)) {
                try extreme(name, $0, number($1.value, name, $1.range), at: $1.range)
            }
        case "sum":
            return try values.reduce(.integer(0)) { try Arithmetic.binary(.add, $0, number($1.value, name, $1.range)) }
        default:
            guard values.count == 1 else { throw Diagnostic("`\(name)` takes one number, found \(values.count) values", at: call.range) }
            return try function(name, number(values[0].value, name, values[0].range), at: values[0].range)
        }
    }

    private func number(_ value: BuildValue, _ function: String, _ range: SourceRange) throws -> BuildValue {
        if Arithmetic.number(value) != nil || value.dim != nil { return value.single }
        throw Diagnostic("`\(function)` takes numbers, found \(value.found)", at: range)
    }

    private func extreme(_ name: String, _ a: BuildValue, _ b: BuildValue, at range: SourceRange) throws -> BuildValue {
        if let x = Arithmetic.number(a), let y = Arithmetic.number(b) { return (name == "min") == (y < x) ? b : a }
        guard let x = a.dim, let y = b.dim else { throw Diagnostic("`\(name)` takes numbers of one kind, found \(a.found) and \(b.found)", at: range) }
        return try BuildValue(name == "min" ? Dim.min(x, y) : Dim.max(x, y))
    }

    private func function(_ name: String, _ value: BuildValue, at range: SourceRange) throws -> BuildValue {
        guard let x = Arithmetic.number(value) else {
            throw Diagnostic("`\(name)` takes a number that is known, found \(value.found)", at: range)
        }
        func whole(_ rounded: Double) throws -> BuildValue {
            guard let integer = Int(exactly: rounded) else { throw Diagnostic("\(rounded) is no integer", at: range) }
            return .integer(integer)
        }
        switch name {
        case "abs":
            if case .integer(let integer) = value { return .integer(integer < 0 ? try Checked.multiply(integer, -1) : integer) }
            return .number(abs(x))
        case "floor": return try whole(x.rounded(.down))
        case "ceil": return try whole(x.rounded(.up))
        case "round": return try whole(x.rounded())
        case "sqrt" where x >= 0:
            let root = x.squareRoot()
            if case .integer = value, let integer = Int(exactly: root) { return .integer(integer) }
            return .number(root)
        case "exp": return .number(power(M.e, x))
        case "log" where x > 0: return .number(logarithm(x))
        default: throw Diagnostic("`\(name)` of \(x) does not exist", at: range)
        }
    }

    private enum M { static let e = 2.718281828459045 }

    // MARK: Initialisers

    private func initialiser(_ name: String, _ call: Call) throws -> Initialiser {
        var arguments = NamedArguments(name, call)
        let result: Initialiser
        switch name {
        case "constant": result = .constant(try arguments.number("value"))
        case "normal": result = .normal(mean: try arguments.number("mean", 0, labelled: true), deviation: try arguments.number("deviation", 1))
        case "uniform":
            let low = try arguments.number("low")
            let high = try arguments.optionalNumber("high")
            result = high.map { .uniform(low: low, high: $0) } ?? .uniform(low)
        case "truncatedNormal":
            let (deviation, mean) = (try arguments.number("deviation", 1), try arguments.number("mean", 0, labelled: true))
            result = .truncatedNormal(
                mean: mean, deviation: deviation, low: try arguments.number("low", -2, labelled: true), high: try arguments.number("high", 2, labelled: true))
        case "xavierUniform": result = .xavierUniform(gain: try arguments.number("gain", 1))
        case "xavierNormal": result = .xavierNormal(gain: try arguments.number("gain", 1))
        case "orthogonal": result = .orthogonal(gain: try arguments.number("gain", 1))
        default:
            let slope = try arguments.number("slope", 0)
            let fan = try arguments.text("fan", Initialiser.Fan.allCases.map(\.rawValue)).flatMap { Initialiser.Fan(rawValue: $0) } ?? .in
            result = name == "kaimingUniform" ? .kaimingUniform(slope: slope, fan: fan) : .kaimingNormal(slope: slope, fan: fan)
        }
        try arguments.finish()
        return result
    }

    // MARK: Tensors

    /// `parameter([768], init: normal(0.02), type: f32, name: "cls")`
    private func parameter(_ call: Call) throws -> BuildValue {
        guard let name = call.name, !name.isEmpty else {
            throw Diagnostic("a parameter needs a name", at: call.range, help: "`name: \"weight\"` is its part of the path by which files give its values")
        }
        var arguments = NamedArguments("parameter", call)
        let shape = try arguments.extents("shape")
        let type = try arguments.type("type") ?? .float32
        let initialiser = try arguments.initialiser("init") ?? .zeros
        try arguments.finish()
        guard let extents = shape.constants else { throw Diagnostic("the extents of a parameter are known integers, found \(shape)", at: call.range) }
        func make() throws -> TensorValue { try builder.parameter(extents, init: initialiser, type: type, name: name) }
        guard let shared = frame.shared else { return .tensor(try make()) }
        return .tensor(try shared.parts.parameter(ModelBuilder.join(builder.path, name), make))
    }

    /// `tensor([[1, 2], [3, 4]], type: f32)`
    private func constant(_ call: Call) throws -> BuildValue {
        if let range = call.nameRange { throw Diagnostic("a constant has no name", at: range) }
        var arguments = NamedArguments("tensor", call)
        let value = try arguments.value("value")
        let type = try arguments.type("type")
        try arguments.finish()
        var shape: [Int] = []
        var level = value
        while let items = level.items {
            shape.append(items.count)
            guard let first = items.first else { break }
            level = first
        }
        var numbers: [Double] = []
        var isInteger = true, isBoolean = true
        func collect(_ value: BuildValue, _ depth: Int) throws {
            if let items = value.items {
                guard depth < shape.count, items.count == shape[depth] else {
                    throw DLCError("the lists of a tensor have equal lengths, as \(shape) here; found \(value.found)")
                }
                for item in items { try collect(item, depth + 1) }
            } else if depth == shape.count, let number = Arithmetic.number(value) {
                numbers.append(number)
                isBoolean = false
                if case .number = value { isInteger = false }
            } else if depth == shape.count, case .boolean(let flag) = value {
                numbers.append(flag ? 1 : 0)
            } else {
                throw DLCError("a tensor is made of numbers, in lists of equal lengths; found \(value.found)")
            }
        }
        try collect(value, 0)
        let element = type ?? (numbers.isEmpty ? .float32 : isBoolean ? .bool : isInteger ? .int64 : .float32)
        if !element.isFloat, !isInteger { throw DLCError("these are no integers; \(element) cannot hold them") }
        return .tensor(builder.constant(try Tensor(doubles: numbers, type: element, shape: shape)))
    }

    /// `fill([N, 256], 0)`
    private func fill(_ call: Call) throws -> BuildValue {
        if let range = call.nameRange { throw Diagnostic("a constant has no name", at: range) }
        var arguments = NamedArguments("fill", call)
        let shape = try arguments.extents("shape")
        let value = try arguments.number("value", 0)
        let type = try arguments.type("type") ?? .float32
        try arguments.finish()
        if let extents = shape.constants { _ = try Checked.multiply(Checked.count(extents), type.size) }
        let element = try Tensor(filling: value, type: type, shape: [])
        return .tensor(try builder.add(Fill(shape: shape, value: element), [])[0])
    }
}

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
