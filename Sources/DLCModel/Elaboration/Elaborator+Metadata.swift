import DLCGraph

/// What models and trainings say of themselves for who uses them. A training says what the models say that it calls, of inputs under
/// its own names for them.
extension Elaborator {
    struct Metadata {
        /// Said by the definition that is built.
        var own: [String: SourceRange] = [:]
        /// Said by models that it calls.
        var called: [String: (text: String, range: SourceRange)] = [:]
        /// Keys for which such models give different texts, with the second.
        var differing: [String: SourceRange] = [:]
    }

    func metadata(_ notes: [MetadataSyntax], _ range: SourceRange) {
        if frame.block.syntax.kind == .block {
            return report("`metadata` stands in a model or training", at: range, help: "what is said of a network holds for all of it")
        }
        for note in notes {
            let (key, value) = (evaluate(note.key).single, evaluate(note.value).single)
            guard case .text(let name) = key, !name.isEmpty else {
                if !key.isInvalid {
                    report("a key of the metadata is a text, found \(key.found)", at: note.key.range, help: "for example \"labels\"")
                }
                continue
            }
            guard let text = Self.text(of: value) else {
                if !value.isInvalid {
                    report("metadata are a text, a number or a list of these, found \(value.found)", at: note.value.range)
                }
                continue
            }
            if frames.count == 1 { say(name, text, note.key.range) } else { hear(name, text, note.key.range) }
        }
    }

    private func say(_ key: String, _ text: String, _ range: SourceRange) {
        if let first = metadata.own[key] {
            return report("`\(key)` is said already", at: range, notes: [.init("the first one", at: first)])
        }
        metadata.own[key] = range
        builder.metadata(key, text)
    }

    /// Takes what a model says that is called.
    private func hear(_ key: String, _ text: String, _ range: SourceRange) {
        var name = key
        if let input = frame.block.syntax.parameters.first(where: { $0.type != nil && key.hasPrefix($0.name.name + ".") })?.name.name {
            // What is computed on the way is no longer what a file holds.
            guard let given = frame[input]?.tensor, let port = builder.inputName(of: given) else { return }
            name = port + key.dropFirst(input.count)
        }
        if let first = metadata.called[name] {
            if first.text != text { metadata.differing[name] = range }
            return
        }
        metadata.called[name] = (text, range)
        if metadata.own[name] == nil { builder.metadata(name, text) }
    }

    /// Reports what called models say differently and the training itself does not say.
    func settleMetadata() {
        for (key, range) in metadata.differing.sorted(by: { $0.key < $1.key }) where metadata.own[key] == nil {
            report(
                "two models say different things of `\(key)`", at: range,
                help: "the training can say itself what holds: `metadata \"\(key)\": …`",
                notes: metadata.called[key].map { [.init("the first one", at: $0.range)] } ?? [])
        }
    }

    /// A list's parts with commas between, or line ends where there are commas in them.
    private static func text(of value: BuildValue) -> String? {
        switch value {
        case .text(let text): return text
        case .integer(let integer): return "\(integer)"
        case .number(let number): return "\(number)"
        default:
            let parts = (value.items ?? []).compactMap { item in item.single.items == nil ? text(of: item.single) : nil }
            guard !parts.isEmpty, parts.count == value.items?.count else { return nil }
            return parts.joined(separator: parts.contains { $0.contains(",") } ? "\n" : ",")
        }
    }
}
