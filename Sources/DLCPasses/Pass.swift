import DLCGraph
import DLCOps

/// A named rewriting of graphs.
public struct Pass: Sendable {
    public let name: String
    /// The stage a graph must be at, or beyond.
    public let stage: Stage
    let run: @Sendable (Graph, PassOptions) throws -> (graph: Graph, changes: Int)

    /// A pass whose rule sees one node at a time, in one forward sweep; run again until nothing changes.
    public init(_ name: String, at stage: Stage = .imported, _ rule: @escaping @Sendable (inout Rewriter, Node) throws -> [Value]?) {
        self.name = name
        self.stage = stage
        run = { graph, options in try graph.rewritten(foldLimit: options.foldLimit, by: rule) }
    }

    /// A pass over the whole graph.
    public init(_ name: String, at stage: Stage = .imported, graph body: @escaping @Sendable (Graph, PassOptions) throws -> Graph) {
        self.name = name
        self.stage = stage
        run = { graph, options in (try body(graph, options), 0) }
    }
}

/// Settings that passes read.
public struct PassOptions: Sendable {
    /// Nodes over constants are computed at build where no tensor has more elements than this.
    public var foldLimit = 1 << 26
    /// Called with the graph after each pass.
    public var observe: (@Sendable (String, Graph) -> Void)?
    /// The most sweeps of one pass.
    public var sweepLimit = 8
    /// Whether the graph is verified after every pass.
    public var verifies = true

    public init() {}
}

extension Array where Element == Pass {
    /// Runs the passes in order, each until it changes nothing.
    /// - Throws: what a pass or the verifier reports, with the pass in front.
    public func run(_ graph: Graph, _ options: PassOptions = PassOptions()) throws -> Graph {
        var graph = graph
        for pass in self {
            try located("pass \(pass.name)") {
                guard graph.stage >= pass.stage else { throw DLCError("runs at stage \(pass.stage), the graph is \(graph.stage)") }
                for _ in 0..<options.sweepLimit {
                    let (next, changes) = try pass.run(graph, options)
                    graph = next
                    if changes == 0 { break }
                }
                if options.verifies { try graph.verify() }
            }
            options.observe?(pass.name, graph)
        }
        return graph
    }
}

/// A pass that marks the graph as having reached a stage.
func reach(_ stage: Stage) -> Pass {
    Pass("reach-\(stage)", graph: { graph, _ in
        var copy = graph
        copy.stage = stage
        return copy
    })
}
