import ArgumentParser
import DLC
import DLCModel

/// `dlc layers`: what there is to build models from.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers",
        abstract: "List the layers of model files, or explain one.",
        discussion: """
            EXAMPLES
              dlc layers
              dlc layers conv
            """)

    @ArgumentParser.Argument(help: "A layer; all of them, a line each, where left out.")
    var name: String?

    @Flag(help: "Print all layers as they stand in the reference page, in Markdown.")
    var markdown = false

    func validate() throws {
        if markdown && name != nil { throw ValidationError("--markdown is for all layers") }
    }

    func run() throws {
        if markdown { return print(AllLayers.markdown, terminator: "") }
        guard let name else { return print(list) }
        guard let definition = AllLayers.named(name) else {
            let near = nearestName(to: name, among: AllLayers.definitions.map(\.name))
            throw DLCError("there is no layer \(name); " + (near.map { "did you mean \($0)?" } ?? "dlc layers lists all of them"))
        }
        print(entry(definition))
    }

    private var list: String {
        let width = AllLayers.definitions.map(\.name.count).max() ?? 0
        return AllLayers.groups.map { group in
            ([group.title] + group.layers.map { "  \(padded($0.name, width))  \($0.summary)" }).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private func entry(_ definition: LayerDefinition) -> String {
        var lines = [definition.signature, "", definition.doc]
        let width = definition.arguments.map(\.name.count).max() ?? 0
        let arguments = definition.arguments.map { "  \(padded($0.name, width))  \(definition.description(of: $0)): \($0.doc)" }
        if !arguments.isEmpty { lines += ["", "ARGUMENTS"] + arguments }
        if definition.results.count > 1 { lines += ["", "RESULTS", "  " + definition.results.joined(separator: ", ")] }
        if !definition.parameters.isEmpty { lines += ["", "PARAMETERS", "  " + definition.parameters.joined(separator: ", ")] }
        if let source = definition.source { lines += ["", "SOURCE", "  \(source)"] }
        return lines.joined(separator: "\n")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
