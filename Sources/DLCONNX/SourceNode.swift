#if ONNX
internal import CONNX
internal import DLCGraph

/// A node of a file with the names it reads and writes.
struct SourceNode {
    let handle: connx_node
    let key: OperatorKey
    let name: String
    /// Names by position, empty where one is left out.
    let inputs: [String]
    let outputs: [String]
    /// Names that graphs among its attributes read from outside, each once, in order of appearance, and names that a gradient
    /// is taken of and at.
    let captured: [String]

    init(_ handle: connx_node) {
        self.handle = handle
        key = OperatorKey(handle)
        name = String(connx_node_name(handle))
        inputs = list(connx_node_input_count(handle)) { String(connx_node_input(handle, $0)) }
        outputs = list(connx_node_output_count(handle)) { String(connx_node_output(handle, $0)) }
        var seen = Set<String>()
        let differentiated = key == Differentiation.gradient ? Differentiation.names(handle) : []
        captured = (handle.attributes.flatMap(\.graphs).flatMap(Self.freeNames) + differentiated).filter { seen.insert($0).inserted }
    }

    /// How messages call it: its name, else what it computes.
    var label: String {
        let place = name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name
        return "node '\(place)' (\(key.opType))"
    }

    /// Names that a graph reads and does not define. Protobuf's limit on nesting bounds the recursion.
    private static func freeNames(_ graph: connx_graph) -> [String] {
        let nodes = graph.nodes.map(SourceNode.init)
        var defined = Set(graph.inputs.map(\.name) + graph.initializers.map { String(connx_tensor_name($0)) })
        defined.formUnion(graph.sparseInitializers.map { String(connx_tensor_name(connx_sparse_tensor_values($0))) })
        for node in nodes { defined.formUnion(node.outputs) }
        let read = nodes.flatMap { $0.inputs + $0.captured } + graph.outputs.map(\.name)
        return read.filter { !$0.isEmpty && !defined.contains($0) }
    }
}

/// What identifies an operator or a model-local function.
struct OperatorKey: Hashable, CustomStringConvertible {
    let domain: String
    let opType: String
    let overload: String

    init(domain: String, opType: String, overload: String = "") {
        self.domain = domain == "ai.onnx" ? "" : domain
        self.opType = opType
        self.overload = overload
    }

    init(_ node: connx_node) {
        self.init(
            domain: String(connx_node_domain(node)), opType: String(connx_node_op_type(node)),
            overload: String(connx_node_overload(node)))
    }

    var description: String { domain.isEmpty ? opType : "\(opType) of domain \(domain)" }
}

extension [SourceNode] {
    /// The nodes so that each follows those it reads from, otherwise in the file's order.
    /// - Parameter isKnown: whether a name is defined outside these nodes.
    /// - Throws: for a name that is computed twice, read but never computed, or part of a cycle.
    func topologicallySorted(isKnown: (String) -> Bool) throws -> [SourceNode] {
        var producers: [String: Int] = [:]
        for (index, node) in enumerated() {
            for name in node.outputs where !name.isEmpty {
                if let other = producers.updateValue(index, forKey: name) {
                    throw DLCError("value '\(name)' is computed twice: by \(self[other].label) and \(node.label)")
                }
                if isKnown(name) { throw DLCError("\(node.label) computes '\(name)', which is an input or initializer") }
            }
        }
        let sources = try map { node in
            try (node.inputs + node.captured).compactMap { name -> Int? in
                if name.isEmpty { return nil }
                if let producer = producers[name] { return producer }
                guard isKnown(name) else {
                    throw DLCError("\(node.label) reads '\(name)', which no node computes and no input or initializer gives")
                }
                return nil
            }
        }
        return try DepthFirstOrder(sources: sources).order { cycle in
            DLCError("nodes form a cycle: \(cycle.map { self[$0].label }.joined(separator: " → "))")
        }.map { self[$0] }
    }
}

/// Depth-first postorder over a graph that may be deep, so without recursion.
private struct DepthFirstOrder {
    let sources: [[Int]]

    private enum Mark { case new, open, done }

    func order(orThrow failure: ([Int]) -> DLCError) throws -> [Int] {
        var marks = [Mark](repeating: .new, count: sources.count)
        var result: [Int] = []
        result.reserveCapacity(sources.count)
        var path: [(node: Int, next: Int)] = []
        for start in sources.indices where marks[start] == .new {
            path.append((start, 0))
            marks[start] = .open
            while let (node, next) = path.last {
                guard next < sources[node].count else {
                    marks[node] = .done
                    result.append(node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let source = sources[node][next]
                switch marks[source] {
                case .done: break
                case .new:
                    marks[source] = .open
                    path.append((source, 0))
                case .open:
                    let cycle = path.map(\.node).drop { $0 != source }
                    throw failure(Array(cycle.suffix(8)) + [source])
                }
            }
        }
        return result
    }
}
#endif
