import DLCGraph

/// One argument of a call: `3` or `kernel: 3`.
public struct CallArgument {
    public var label: String?
    public var value: ArgumentValue

    public init(_ label: String? = nil, _ value: ArgumentValue) {
        self.label = label
        self.value = value
    }
}

/// What is wrong with a call, and with which of its arguments.
public struct CallProblem: Sendable {
    /// The index of the argument, nil where one is missing.
    public var argument: Int?
    public var message: String
    /// The labels that would fit where the label is unknown, for a suggestion.
    public var candidates: [String] = []
}

/// All problems of one call.
public struct CallProblems: Error, CustomStringConvertible, Sendable {
    public var problems: [CallProblem]

    public var description: String { problems.map(\.message).joined(separator: "; ") }
}

extension LayerDefinition {
    /// A call's arguments matched: tensors are operands, by position or by name; everything else arguments.
    ///
    /// A number may stand for a tensor where the layer takes nothing else by position (`max(x, 0)`), beside a tensor that
    /// gives it its type.
    /// - Returns: the layer, and its operands; no operands where the call leaves out all tensors.
    /// - Throws: `CallProblems`.
    public func matching(_ call: [CallArgument]) throws -> (layer: any Layer, operands: [TensorValue?]) {
        var matcher = CallMatcher(self)
        for (index, argument) in call.enumerated() { matcher.take(argument, index) }
        return try matcher.finish()
    }
}

/// Matches the arguments of one call.
private struct CallMatcher {
    let definition: LayerDefinition
    var layer: any Layer
    var operands: [ArgumentValue?] = []
    var given: Set<String> = []
    var problems: [CallProblem] = []

    init(_ definition: LayerDefinition) {
        self.definition = definition
        layer = definition.make()
    }

    var positional: [LayerArgument] { definition.arguments.filter { $0.use != .labelled } }
    var repeats: Bool { definition.arity.most == nil }

    mutating func take(_ argument: CallArgument, _ index: Int) {
        if let label = argument.label {
            if let place = definition.operandNames.firstIndex(of: label) {
                takeOperand(argument.value, at: place, label, index)
            } else if let known = definition.arguments.first(where: { $0.name == label }) {
                set(known, argument.value, index)
            } else {
                let labels = definition.operandNames.dropFirst() + definition.arguments.map(\.name) + ["name"]
                problems.append(
                    CallProblem(
                        argument: index,
                        message: "\(definition.name) has no argument \(label); it takes \(labels.joined(separator: ", "))",
                        candidates: Array(labels)))
            }
            return
        }
        let (isTensor, isNumber) = (argument.value.isTensor, Double(argument: argument.value) != nil)
        if isTensor || (isNumber && positional.isEmpty && !definition.operands.isEmpty) {
            let place = operands.firstIndex { $0 == nil } ?? operands.count
            takeOperand(argument.value, at: place, nil, index)
        } else if case .list(let values) = argument.value, repeats, values.contains(where: \.isTensor) {
            for value in values { takeOperand(value, at: operands.count, nil, index) }
        } else if case .list(let values) = argument.value, values.contains(where: \.isTensor) {
            let message = "\(definition.name) takes one tensor, found a list of \(values.count); `[0]` after the list is its first"
            problems.append(CallProblem(argument: index, message: message))
        } else if let next = positional.first(where: { !given.contains($0.name) }) {
            set(next, argument.value, index)
        } else {
            let expected = positional.isEmpty ? "only tensors" : "no more than \(positional.map(\.name).joined(separator: ", "))"
            // What is next in the layer's declaration, as other frameworks take it, where the value is of its kind.
            let next = definition.arguments.first { $0.use == .labelled && !given.contains($0.name) }
            var advice = ""
            if let next, (try? next.setting(layer, argument.value)) != nil {
                given.insert(next.name)
                advice = "; did you mean \(next.name): \(argument.value.text)?"
            }
            problems.append(
                CallProblem(
                    argument: index, message: "\(definition.name) takes \(expected) without a label, found \(argument.value.found)\(advice)"
                ))
        }
    }

    private mutating func takeOperand(_ value: ArgumentValue, at place: Int, _ label: String?, _ index: Int) {
        guard value.isTensor || Double(argument: value) != nil else {
            let message = "\(label ?? definition.name) is \(value.found); expected a tensor"
            return problems.append(CallProblem(argument: index, message: message))
        }
        if let most = definition.arity.most, place >= most {
            var message =
                "\(definition.name) takes at most \(most == 1 ? "one tensor" : "\(most) tensors"): \(definition.operandNames.joined(separator: ", "))"
            // A number that stands where a tensor may is mostly meant for an argument.
            let labelled = definition.arguments.filter { $0.use == .labelled && !given.contains($0.name) }.map(\.name)
            if !value.isTensor, !labelled.isEmpty { message += "; arguments are given by name: \(labelled.joined(separator: ", "))" }
            return problems.append(CallProblem(argument: index, message: message))
        }
        while operands.count <= place { operands.append(nil) }
        if operands[place] != nil {
            return problems.append(CallProblem(argument: index, message: "\(label ?? "operand \(place)") is given twice"))
        }
        operands[place] = value
    }

    private mutating func set(_ argument: LayerArgument, _ value: ArgumentValue, _ index: Int) {
        guard given.insert(argument.name).inserted else {
            return problems.append(CallProblem(argument: index, message: "\(argument.name) is given twice"))
        }
        do {
            layer = try argument.setting(layer, value)
        } catch {
            problems.append(CallProblem(argument: index, message: "\(error)"))
        }
    }

    mutating func finish() throws -> (layer: any Layer, operands: [TensorValue?]) {
        for argument in definition.arguments where argument.use == .required && !given.contains(argument.name) {
            problems.append(
                CallProblem(argument: nil, message: "\(definition.name) needs \(argument.name), \(argument.kind): \(argument.doc)"))
        }
        if !operands.isEmpty {
            for place in 0..<definition.arity.least where place >= operands.count || operands[place] == nil {
                let message = "\(definition.name) needs the tensor \(definition.operandNames[place])"
                problems.append(CallProblem(argument: nil, message: message))
            }
        }
        if !problems.isEmpty { throw CallProblems(problems: problems) }
        let like = operands.lazy.compactMap { $0?.tensor }.first
        let tensors = try operands.map { operand -> TensorValue? in
            guard let operand else { return nil }
            if let tensor = operand.tensor { return tensor }
            guard let like, let number = Double(argument: operand) else {
                throw DLCError("\(definition.name) needs a tensor; \(operand.found) alone has no element type")
            }
            return try like.builder.scalar(number, like: like)
        }
        return (layer, tensors)
    }
}

extension ArgumentValue {
    var tensor: TensorValue? {
        guard case .tensor(let tensor) = self else { return nil }
        return tensor
    }
    var isTensor: Bool { tensor != nil }
}
