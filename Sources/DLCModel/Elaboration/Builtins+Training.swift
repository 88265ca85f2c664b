import DLCGraph
import DLCOps

extension Elaborator {
    /// `gradient(of: y, at: x)`: the gradient of the sum of y's elements; a list of them for a list of tensors.
    func gradient(_ call: Call) throws -> BuildValue {
        if let range = call.nameRange { throw Diagnostic("`gradient` has no argument `name`", at: range) }
        var arguments = NamedArguments("gradient", call)
        let (of, at) = (try arguments.value("of"), try arguments.value("at"))
        try arguments.finish()
        guard let y = of.tensor else { throw Diagnostic("`of` of `gradient` is a tensor, found \(of.found)", at: call.range) }
        let values = (at.items ?? [at]).map(\.tensor)
        guard !values.isEmpty, values.allSatisfy({ $0 != nil }) else {
            throw Diagnostic("`at` of `gradient` is a tensor or a list of tensors, found \(at.found)", at: call.range)
        }
        gradientCount += 1
        let name = gradientCount == 1 ? "gradient" : "gradient\(gradientCount)"
        places[name] = call.range
        let results = try builder.gradients(of: y, at: values.compactMap(\.self), name: name)
        if at.items == nil { return .tensor(results[0]) }
        return .list(try BuildList(results.map { .tensor($0) }))
    }

    /// `squaredNorm("*.weight")` and `norm1("*.weight")`: over all elements of the parameters that there are so far.
    func norm(_ name: String, _ call: Call) throws -> BuildValue {
        if let range = call.nameRange { throw Diagnostic("`\(name)` has no argument `name`", at: range) }
        guard isTraining else {
            throw Diagnostic("`\(name)` stands in a training", at: call.range, help: "it is for what `minimize` takes")
        }
        guard !call.arguments.isEmpty, call.arguments.allSatisfy({ $0.label == nil }) else {
            throw Diagnostic("`\(name)` takes patterns of parameters such as \"*.weight\"", at: call.range)
        }
        var chosen: [TensorValue] = []
        var taken: Set<String> = []
        for argument in call.arguments {
            for item in argument.value.items ?? [argument.value] {
                guard case .text(let text) = item.single else {
                    throw Diagnostic("`\(name)` takes patterns of parameters, found \(item.found)", at: argument.range)
                }
                let found = builder.weights(NamePattern(text))
                if found.isEmpty {
                    throw Diagnostic(
                        "no parameter is called `\(text)` up to here", at: argument.range,
                        help: "the layers stand before what is computed from their parameters")
                }
                chosen += found.filter { taken.insert($0.name).inserted }.map(\.value)
            }
        }
        let parts = try chosen.map { try (name == "norm1" ? $0.apply(Unary(.abs)) : $0 * $0).apply(Reduce(.sum, keepDims: false)) }
        guard let first = parts.first else { throw Diagnostic("`\(name)` takes patterns of parameters", at: call.range) }
        return .tensor(try parts.dropFirst().reduce(first) { try $0 + ($1.element == $0.element ? $1 : $1.cast($0.element)) })
    }
}
