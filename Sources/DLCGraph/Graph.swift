/// A value of a graph: a typed index, meaningful only with its graph.
public struct Value: Hashable, Sendable {
    public let index: Int
    init(_ index: Int) { self.index = index }
}

/// One application of an operator.
public struct Node: Sendable {
    public var op: any Operator
    /// Operands by position; an absent optional one is nil.
    public var operands: [Value?]
    public var results: [Value]
    /// The name of the layer it came from, empty where nobody gave one.
    public var name: String
}

/// How far a graph has come; passes say at which stage they run.
public enum Stage: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    case imported, canonical, differentiated, laidOut, lowered

    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }

    public var description: String {
        switch self {
        case .imported: "imported"
        case .canonical: "canonical"
        case .differentiated: "differentiated"
        case .laidOut: "laid-out"
        case .lowered: "lowered"
        }
    }
}

/// A computation: nodes in topological order over typed values.
///
/// A value type without shared state. Only `GraphBuilder` makes nodes, so every type in it was inferred.
public struct Graph: Sendable {
    public struct Port: Sendable {
        public var name: String
        public var value: Value
    }

    struct ValueRecord: Sendable {
        var fact: Fact
        var name: String?
        /// The node that computes it, or nil for an input or a state.
        var producer: Int?
    }

    public var name: String
    public var stage: Stage
    public internal(set) var nodes: [Node] = []
    public internal(set) var inputs: [Port] = []
    public internal(set) var outputs: [Port] = []
    public internal(set) var states: [State] = []
    /// Where each symbol of a dimension came from, for messages: `N` → `dimension 0 of input image`.
    public internal(set) var symbolOrigins: [String: String] = [:]
    /// What operators need of extents and the builder could not prove, each claim once.
    public internal(set) var constraints: [Constraint] = []
    /// Symbols that constraints have replaced, in the order in which they were.
    public internal(set) var settled: [SettledSymbol] = []
    /// Shapes of inputs before symbols in them were replaced, by name.
    public internal(set) var declaredShapes: [String: Shape] = [:]
    /// Free text that travels with the model, such as class labels.
    public var metadata: [String: String] = [:]
    var values: [ValueRecord] = []

    init(name: String, stage: Stage) {
        self.name = name
        self.stage = stage
    }

    /// An empty graph with what belongs to another beside its values and nodes.
    init(like other: Graph) {
        self.init(name: other.name, stage: other.stage)
        symbolOrigins = other.symbolOrigins
        constraints = other.constraints
        settled = other.settled
        declaredShapes = other.declaredShapes
        metadata = other.metadata
    }

    public var valueCount: Int { values.count }

    public func fact(_ value: Value) -> Fact { values[value.index].fact }
    public func type(_ value: Value) -> TensorType { values[value.index].fact.type }
    public func shape(_ value: Value) -> Shape { values[value.index].fact.type.shape }

    /// The name that the source gave the value, or nil.
    public func name(of value: Value) -> String? { values[value.index].name }

    /// The node that computes the value, or nil for an input or a state.
    public func producer(of value: Value) -> Node? { values[value.index].producer.map { nodes[$0] } }

    /// The index in `nodes` of the node that computes the value, or nil for an input or a state.
    public func producerIndex(of value: Value) -> Int? { values[value.index].producer }

    /// The tensor where the value is a constant.
    public func constant(_ value: Value) -> Tensor? { values[value.index].fact.constant }

    /// How many times each value is read, by index; an output or next value of a state counts as a read.
    public func useCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: values.count)
        for node in nodes { for case let value? in node.operands { counts[value.index] += 1 } }
        for value in results { counts[value.index] += 1 }
        return counts
    }
}
