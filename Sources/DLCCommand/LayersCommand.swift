import ArgumentParser
import DLC
import DLCModel

/// `dlc layers`: what there is to build models from.
struct LayersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers",
        abstract: "List the layers of model files and the optimisers and schedules of trainings, or explain one.",
        discussion: """
            EXAMPLES
              dlc layers
              dlc layers conv
              dlc layers adam
            """)

    @ArgumentParser.Argument(help: "A layer, optimiser or schedule; all of them, a line each, where left out.")
    var name: String?

    @Flag(help: "Print all layers as they stand in the reference page, in Markdown.")
    var markdown = false

    func validate() throws {
        if markdown && name != nil { throw ValidationError("--markdown is for all layers") }
    }

    func run() throws {
        if markdown { return print(AllLayers.markdown, terminator: "") }
        guard let name else { return print(list) }
        if let method = AllMethods.named(name) {
            return print(entry(method.signature, method.doc, method.arguments, source: method.source))
        }
        guard let definition = AllLayers.named(name) else {
            let near = nearestName(to: name, among: AllLayers.definitions.map(\.name) + AllMethods.definitions.map(\.name))
            throw DLCError("there is no layer \(name); " + (near.map { "did you mean \($0)?" } ?? "dlc layers lists all of them"))
        }
        let results = definition.results.count > 1 ? ["", "RESULTS", "  " + definition.results.joined(separator: ", ")] : []
        let parameters = definition.parameters.isEmpty ? [] : ["", "PARAMETERS", "  " + definition.parameters.joined(separator: ", ")]
        print(entry(definition.signature, definition.doc, definition.arguments, results + parameters, source: definition.source))
    }

    private var list: String {
        let layers = AllLayers.groups.map { ($0.title, $0.layers.map { ($0.name, $0.summary) }) }
        let methods = AllMethods.groups.map { ($0.title, $0.methods.map { ($0.name, $0.doc) }) }
        let width = (layers + methods).flatMap(\.1).map(\.0.count).max() ?? 0
        return (layers + methods).map { title, entries in
            ([title] + entries.map { "  \(padded($0, width))  \($1)" }).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private func entry(_ signature: String, _ doc: String, _ arguments: [LayerArgument], _ rest: [String] = [], source: String?) -> String {
        let width = arguments.map(\.name.count).max() ?? 0
        let rows = arguments.map { "  \(padded($0.name, width))  \($0.description): \($0.doc)" }
        let table = rows.isEmpty ? [] : ["", "ARGUMENTS"] + rows
        return ([signature, "", doc] + table + rest + (source.map { ["", "SOURCE", "  \($0)"] } ?? [])).joined(separator: "\n")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
