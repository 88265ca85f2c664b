import DLC

/// Which operators and kernels the graphs of some seeds have, so that what none has is known.
struct Census {
    private var operators: [String: Int] = [:]
    private var kernels: [String: Int] = [:]
    private(set) var graphs = 0

    /// - Throws: where the graph cannot be built.
    mutating func add(_ test: FuzzCase) throws {
        let graph = try test.sketch.build()
        graphs += 1
        for name in Self.operators(of: graph) { operators[name, default: 0] += 1 }
        var options = CompileOptions(target: test.target)
        options.exact = test.isExact
        guard let plan = try? Compiler.compile(graph, options).plan else { return }
        for name in Set(([plan] + plan.programs).flatMap { $0.packings + $0.steps }.map(\.kernelName)) { kernels[name, default: 0] += 1 }
        for kind in Set((plan.schedule?.blocks ?? []).flatMap(\.items).compactMap(\.kind.choiceName)) {
            kernels["schedule: \(kind)", default: 0] += 1
        }
    }

    private static func operators(of graph: Graph) -> Set<String> {
        graph.nodes.reduce(into: []) { names, node in
            names.insert(node.op.name)
            for body in (node.op as? any HasBodies)?.bodies ?? [] { names.formUnion(operators(of: body)) }
        }
    }

    /// The rarest first.
    var text: String {
        func lines(_ counts: [String: Int], _ all: [String]) -> String {
            Set(all).union(counts.keys).map { ($0, counts[$0] ?? 0) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
                .map { "\($0.1) \($0.0)" }.joined(separator: "\n")
        }
        return """
            \(graphs) graphs. Operators:
            \(lines(operators, AllOps.definitions.map(\.name)))
            Kernels:
            \(lines(kernels, KernelTable.all.map { $0.name }))
            """
    }
}
