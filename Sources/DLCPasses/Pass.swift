import DLCGraph
import DLCOps

/// A named rewriting of graphs. Nodes over constants that a rule makes, or leaves, are computed at once.
public struct Pass: Sendable {
    public let name: String
    /// The stage a graph must be at, or beyond.
    public let stage: Stage
    /// Whether sums of products stay what the operators define, in whatever order; `CompileOptions.exact` leaves out what changes them.
    public let keepsSums: Bool
    let run: @Sendable (Graph, PassOptions, Rewriter.Declined?) throws -> (graph: Graph, changes: Int)

    /// A pass whose rule sees one node at a time, in one forward sweep; run again until nothing changes.
    public init(
        _ name: String, at stage: Stage = .imported, keepsSums: Bool = true,
        _ rule: @escaping @Sendable (inout Rewriter, Node) throws -> [Value]?
    ) {
        self.init(name, at: stage, keepsSums: keepsSums, rule: { _, _ in rule })
    }

    /// A pass whose rule is made for each graph, for rules that look at the whole of it first.
    public init(
        _ name: String, at stage: Stage = .imported, keepsSums: Bool = true,
        rule: @escaping @Sendable (Graph, PassOptions) -> @Sendable (inout Rewriter, Node) throws -> [Value]?
    ) {
        (self.name, self.stage, self.keepsSums) = (name, stage, keepsSums)
        run = { graph, options, declined in
            try graph.rewritten(foldLimit: options.foldLimit, declined: declined, by: rule(graph, options))
        }
    }

    /// A pass over the whole graph that orders nodes or marks the stage, and makes none.
    init(_ name: String, at stage: Stage = .imported, graph body: @escaping @Sendable (Graph) throws -> Graph) {
        (self.name, self.stage, keepsSums) = (name, stage, true)
        run = { graph, _, _ in (try body(graph), 0) }
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
    /// Whether a rule that fails or would change a type, and a pass that never settles, are errors: for tests.
    /// Else the node is kept as it is, so that no optimisation refuses a valid model.
    public var isStrict = Switches.isStrict
    /// Called, where the options are not strict, with what would be an error.
    public var declined: (@Sendable (DLCError) -> Void)?

    public init() {}

    /// The same options with every mistake of a pass an error.
    public static var strict: PassOptions {
        var options = PassOptions()
        options.isStrict = true
        return options
    }
}

extension Array where Element == Pass {
    /// Runs the passes in order, each until it changes nothing.
    /// - Throws: what the verifier reports, with the pass in front; where `options` are strict, also what rules throw.
    public func run(_ graph: Graph, _ options: PassOptions = PassOptions()) throws -> Graph {
        var graph = graph
        for pass in self {
            try located("pass \(pass.name)") {
                guard graph.stage >= pass.stage else { throw DLCError("runs at stage \(pass.stage), the graph is \(graph.stage)") }
                graph = try pass.settled(graph, options)
                if options.verifies { try graph.verifyAtStage() }
            }
            options.observe?(pass.name, graph)
        }
        return graph
    }
}

extension Pass {
    /// The graph after as many sweeps as change something.
    func settled(_ graph: Graph, _ options: PassOptions) throws -> Graph {
        func report(_ error: DLCError) {
            options.declined?(DLCError(error.message, at: ["pass \(name)"] + error.path))
        }
        var graph = graph
        for _ in 0..<options.sweepLimit {
            let (next, changes) = try run(graph, options, options.isStrict ? nil : report)
            graph = next
            if changes == 0 { return graph }
        }
        let error = DLCError("has not settled after \(options.sweepLimit) sweeps")
        if options.isStrict { throw error }
        report(error)
        return graph
    }
}

/// A pass that marks the graph as having reached a stage.
func reach(_ stage: Stage) -> Pass {
    Pass("reach-\(stage)", graph: { graph in
        var copy = graph
        copy.stage = stage
        return copy
    })
}
