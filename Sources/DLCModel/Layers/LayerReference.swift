/// What the definitions say of the layers, in words: for `dlc layers`, the reference page and its test.
extension LayerDefinition {
    /// A call in a model file with every argument: `x.dense(units, bias: true, …)`. Optional tensors have a question mark.
    public var signature: String {
        let repeats = arity.most == nil
        let receiver = repeats ? [] : operands.prefix(1)
        let tensors = operands.dropFirst(receiver.count)
        let required = arguments.filter { $0.use == .required }.map(\.name)
        let others = arguments.filter { $0.use != .required }.map { "\($0.name): \($0.defaultText)" }
        return receiver.map { "\($0)." }.joined() + "\(name)(\((tensors + required + others).joined(separator: ", ")))"
    }

    /// The first sentence of what it computes.
    public var summary: String {
        guard let end = doc.firstRange(of: ". ") else { return doc }
        return String(doc[..<end.lowerBound]) + "."
    }

}

extension LayerArgument {
    /// What fits, and whether it must be given.
    public var description: String {
        switch use {
        case .required: "\(kind), required"
        case .positional, .labelled: defaultText == "none" ? "\(kind), or none" : kind
        }
    }
}

extension [LayerArgument] {
    /// A table of the arguments, in lines.
    fileprivate var table: [String] {
        isEmpty ? [] : ["| argument | what fits | meaning |", "|---|---|---|"] + map { argument in
            // In a cell of a table a bar ends it.
            "| `\(argument.name)` | \(argument.description.replacing("|", with: "\\|")) | \(argument.doc.replacing("|", with: "\\|")) |"
        } + [""]
    }
}

extension MethodDefinition {
    fileprivate var markdown: String {
        (["`\(signature)`  ", doc + (source.map { " *\($0).*" } ?? ""), ""] + arguments.table).joined(separator: "\n")
    }
}

extension AllLayers {
    /// The part of the reference page that the definitions make: layers, then what trainings take.
    public static var markdown: String {
        let layers = groups.map { group in "### \(group.title)\n\n" + group.layers.map(\.markdown).joined(separator: "\n") }
        let methods = AllMethods.groups.map { group in "### \(group.title)\n\n" + group.methods.map(\.markdown).joined(separator: "\n") }
        return (layers + methods).joined(separator: "\n")
    }
}

extension LayerDefinition {
    fileprivate var markdown: String {
        var lines = ["`\(signature)`" + (results.count > 1 ? " → " + results.map { "`\($0)`" }.joined(separator: ", ") : "") + "  "]
        lines.append(doc + (source.map { " *\($0).*" } ?? ""))
        if !parameters.isEmpty { lines[1] += " Parameters: " + parameters.map { "`\($0)`" }.joined(separator: ", ") + "." }
        lines.append("")
        lines += arguments.table
        return lines.joined(separator: "\n")
    }
}
