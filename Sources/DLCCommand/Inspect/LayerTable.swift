import DLC

/// The layers of a graph with their costs.
struct LayerTable {
    private(set) var parameters = 0
    private(set) var operations = 0.0
    private(set) var activationBytes = 0.0
    private var table = Table([
        ("layer", .left), ("operator", .left), ("output", .left), ("parameters", .right), ("FLOPs", .right), ("bytes", .right),
    ])

    /// - Parameter bindings: extents of the symbols, for the columns that are numbers.
    init(_ graph: Graph, _ bindings: [String: Int]) throws {
        var counted = Set<Value>()
        var layers = 0
        let uses = graph.useCounts()
        for node in graph.nodes where !(node.op is Constant) {
            var held = 0
            for case let operand? in node.operands where counted.insert(operand).inserted {
                held += graph.constant(operand)?.count ?? 0
            }
            let work = (try? Work.operations(node, graph).evaluate(bindings)) ?? 0
            var bytes = 0.0
            for result in node.results where uses[result.index] > 0 {
                let type = graph.type(result)
                // How much a sequence holds only data know.
                guard type.container == nil else { continue }
                bytes += Double((try? type.shape.product().evaluate(bindings)) ?? 0) * Double(type.element.size)
            }
            let output = node.results.first.map { graph.type($0).description } ?? ""
            let name = node.name.isEmpty ? node.results.first.flatMap { graph.name(of: $0) } ?? "" : node.name
            table.add([
                name, node.op.name, output, held == 0 ? "" : Format.count(held), work == 0 ? "" : Format.count(work),
                bytes == 0 ? "" : Format.bytes(Self.integer(bytes)),
            ])
            layers += 1
            parameters += held
            operations += Double(work)
            activationBytes += bytes
        }
        table.addRule()
        table.add([
            "\(layers) layers", "", "", Format.count(parameters), Format.count(Self.integer(operations)),
            Format.bytes(Self.integer(activationBytes)),
        ])
    }

    var text: String { table.text }

    private static func integer(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? .max }
}
