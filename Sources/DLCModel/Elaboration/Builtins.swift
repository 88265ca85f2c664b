import DLCGraph
import DLCOps

/// Names of the language that are neither layers nor blocks.
enum Builtins {
    static var values: [String: BuildValue] {
        [
            "none": .none, "zeros": .initialiser(.zeros), "ones": .initialiser(.ones), "bilinear": .initialiser(.bilinear),
            "pi": .number(.pi),
        ]
    }

    /// Functions of build-time values. Where a tensor is among the arguments, the layer of the same name is meant.
    static let functions = [
        "min", "max", "abs", "floor", "ceil", "round", "sqrt", "exp", "log", "sum",
        "constant", "normal", "uniform", "truncatedNormal", "xavierUniform", "xavierNormal", "kaimingUniform", "kaimingNormal",
        "orthogonal",
        "parameter", "tensor", "fill", "where", "gradient", "squaredNorm", "norm1",
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
            case "where": return try choice(call)
            case "gradient": return try gradient(call)
            case "squaredNorm", "norm1": return try norm(name, call)
            case "constant", "normal", "uniform", "truncatedNormal", "xavierUniform", "xavierNormal", "kaimingUniform", "kaimingNormal",
                "orthogonal":
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
        guard let x = a.dim, let y = b.dim else {
            throw Diagnostic("`\(name)` takes numbers of one kind, found \(a.found) and \(b.found)", at: range)
        }
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
        case "exp": return .number(power(2.718281828459045, x))
        case "log" where x > 0: return .number(logarithm(x))
        default: throw Diagnostic("`\(name)` of \(x) does not exist", at: range)
        }
    }

    // MARK: Initialisers

    private func initialiser(_ name: String, _ call: Call) throws -> Initialiser {
        var arguments = NamedArguments(name, call)
        let result: Initialiser
        switch name {
        case "constant": result = .constant(try arguments.number("value"))
        case "normal":
            result = .normal(mean: try arguments.number("mean", 0, labelled: true), deviation: try arguments.number("deviation", 1))
        case "uniform":
            let low = try arguments.number("low")
            let high = try arguments.optionalNumber("high")
            result = high.map { .uniform(low: low, high: $0) } ?? .uniform(low)
        case "truncatedNormal":
            let (deviation, mean) = (try arguments.number("deviation", 1), try arguments.number("mean", 0, labelled: true))
            result = .truncatedNormal(
                mean: mean, deviation: deviation, low: try arguments.number("low", -2, labelled: true),
                high: try arguments.number("high", 2, labelled: true))
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
            throw Diagnostic(
                "a parameter needs a name", at: call.range,
                help: "`name: \"weight\"` is its part of the path by which files give its values")
        }
        var arguments = NamedArguments("parameter", call)
        let shape = try arguments.extents("shape")
        let type = try arguments.type("type") ?? .float32
        let initialiser = try arguments.initialiser("init") ?? .zeros
        try arguments.finish()
        guard let extents = shape.constants else {
            throw Diagnostic("the extents of a parameter are known integers, found \(shape)", at: call.range)
        }
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

    /// `where(x > 0, x, 0)`
    private func choice(_ call: Call) throws -> BuildValue {
        if let range = call.nameRange { throw Diagnostic("`where` has no argument `name`", at: range) }
        var arguments = NamedArguments("where", call)
        let (condition, a, b) = (try arguments.value("condition"), try arguments.value("a"), try arguments.value("b"))
        try arguments.finish()
        return .tensor(try Arithmetic.choose(condition, a, b))
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
