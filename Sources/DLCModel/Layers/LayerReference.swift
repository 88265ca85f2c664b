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

    /// An argument's row: what fits, and whether it must be given.
    public func description(of argument: LayerArgument) -> String {
        switch argument.use {
        case .required: "\(argument.kind), required"
        case .positional, .labelled: argument.defaultText == "none" ? "\(argument.kind), or none" : argument.kind
        }
    }
}

extension AllLayers {
    /// The part of the reference page that the definitions make.
    public static var markdown: String {
        groups.map { group in "### \(group.title)\n\n" + group.layers.map(\.markdown).joined(separator: "\n") }.joined(separator: "\n")
    }
}

extension LayerDefinition {
    fileprivate var markdown: String {
        var lines = ["`\(signature)`" + (results.count > 1 ? " → " + results.map { "`\($0)`" }.joined(separator: ", ") : "") + "  "]
        lines.append(doc + (source.map { " *\($0).*" } ?? ""))
        if !parameters.isEmpty { lines[1] += " Parameters: " + parameters.map { "`\($0)`" }.joined(separator: ", ") + "." }
        lines.append("")
        if !arguments.isEmpty {
            lines += ["| argument | what fits | meaning |", "|---|---|---|"]
            lines += arguments.map { "| `\($0.name)` | \(cell(description(of: $0))) | \(cell($0.doc)) |" }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// Text for a cell of a table, in which a bar ends it.
    private func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
